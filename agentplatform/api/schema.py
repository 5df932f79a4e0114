"""What the OpenAPI document says of every operation: errors, and JSON that may be null."""

from typing import Any, Final

from agentplatform.api.problems import CONTENT_TYPE

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "An error (RFC 9457). `code` is stable; `detail` says what to change.",
    "required": ["type", "title", "status", "code", "detail", "trace_id"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:agentplatform:problem:invalid"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "examples": ["invalid"]},
        "detail": {"type": "string"},
        "errors": {
            "type": "object",
            "description": "By field path, what is wrong with it.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
        "trace_id": {"type": ["string", "null"]},
    },
}

_ANY_JSON_OR_NULL: Final[list[dict[str, Any]]] = [{}, {"type": "null"}]


def add_problems(result: dict[str, Any], **_: object) -> dict[str, Any]:
    """Give each operation a default response; drf-spectacular's postprocessing hook."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    schema = {"$ref": "#/components/schemas/Problem"}
    default = {"description": "An error.", "content": {CONTENT_TYPE: {"schema": schema}}}
    for operations in result["paths"].values():
        for operation in operations.values():
            if isinstance(operation, dict):
                operation["responses"].setdefault("default", default)
    return result


def let_json_be_null(result: dict[str, Any], **_: object) -> dict[str, Any]:
    """drf-spectacular says of a JSON field that may be null that it is one of anything and null,
    which null is twice and so never. A postprocessing hook, as above."""
    for schema in result["components"]["schemas"].values():
        for field in schema.get("properties", {}).values():
            if field.get("oneOf") == _ANY_JSON_OR_NULL:
                del field["oneOf"]
    return result
