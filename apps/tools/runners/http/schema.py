"""What a call of `http` may say."""

from typing import Any

_SCALAR: dict[str, Any] = {"type": ["string", "number", "boolean", "null"]}
_FILE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "artifact": {"type": "string", "description": "The id of an artifact."},
        "filename": {"type": "string", "minLength": 1, "maxLength": 255},
        "content_type": {"type": "string", "maxLength": 200},
    },
    "required": ["artifact"],
    "additionalProperties": False,
}


def _values(description: str, *kinds: dict[str, Any]) -> dict[str, Any]:
    one = {"anyOf": [_SCALAR, *kinds]}
    many = {"type": "array", "items": one, "maxItems": 200}
    return {
        "type": "object",
        "description": description,
        "maxProperties": 200,
        "additionalProperties": {"anyOf": [_SCALAR, *kinds, many]},
    }


PARAMETERS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "method": {
            "type": "string",
            "enum": ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"],
        },
        "url": {"type": "string", "minLength": 1, "maxLength": 4000},
        "query": _values("Added to the address; a list repeats its name."),
        "headers": {
            "type": "object",
            "maxProperties": 50,
            "additionalProperties": {"type": "string", "maxLength": 8000},
        },
        "auth": {
            "type": "object",
            "description": "A secret of the tenant, by name; its value is put in for you.",
            "properties": {"secret": {"type": "string", "minLength": 1, "maxLength": 100}},
            "required": ["secret"],
            "additionalProperties": False,
        },
        "json": {"description": "A body to send as JSON."},
        "form": _values("A body to send as a form."),
        "multipart": _values("A body of fields and files; a file is an artifact.", _FILE),
        "body": {
            "description": "A body to send as it is: text, or an artifact.",
            "anyOf": [{"type": "string", "maxLength": 1_000_000}, _FILE],
        },
        "save_as": {
            "type": "string",
            "description": "Keep the body of a good answer as an artifact of this name.",
            "minLength": 1,
            "maxLength": 255,
        },
        "fail_from_status": {
            "type": "integer",
            "description": "Fail when the answer has this status or a higher one; without it any "
            "status is a result.",
            "minimum": 400,
            "maximum": 599,
        },
        "follow_redirects": {"type": "boolean"},
        "retries": {
            "type": "integer",
            "description": "How often to send it again when nobody answers, or with 429, 502, 503 "
            "or 504. 2 if you do not say; POST and PATCH only while nothing was sent.",
            "minimum": 0,
            "maximum": 5,
        },
        "timeout_seconds": {"type": "number", "exclusiveMinimum": 0, "maximum": 600},
        "connect_timeout_seconds": {"type": "number", "exclusiveMinimum": 0, "maximum": 60},
    },
    "required": ["url"],
    "additionalProperties": False,
}
