"""OpenAI's published schemas, as a validator of what somebody answers."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

DOCUMENT = Path(__file__).parent / "contracts" / "openai-openapi-subset.json"


def validate_openai(schema: str, value: Any) -> None:
    """Raises jsonschema.ValidationError unless `value` is what OpenAI's `schema` says.

    `schema` is a name of components/schemas, for example CreateChatCompletionResponse.
    """
    _validator(schema).validate(value)


@lru_cache(maxsize=1)
def load_document() -> dict[str, Any]:
    """The document, its OpenAPI 3.0 `nullable` turned into JSON Schema."""
    return _with_nulls(json.loads(DOCUMENT.read_text(encoding="utf-8")))  # type: ignore[no-any-return]


def request_parameters(path: str) -> frozenset[str]:
    """The names of the parameters in the body of POST `path`."""
    content = load_document()["paths"][path]["post"]["requestBody"]["content"]
    return frozenset(_properties(content["application/json"]["schema"]))


@lru_cache(maxsize=64)
def _validator(schema: str) -> Draft202012Validator:
    document = load_document()
    if schema not in document["components"]["schemas"]:
        raise LookupError(f"OpenAI's document holds no schema {schema}")
    return Draft202012Validator(
        {"$ref": f"#/components/schemas/{schema}", "components": document["components"]}
    )


def _with_nulls(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_nulls(item) for item in value]
    if not isinstance(value, dict):
        return value
    made = {key: _with_nulls(item) for key, item in value.items()}
    return {"anyOf": [made, {"type": "null"}]} if made.pop("nullable", None) is True else made


def _properties(schema: dict[str, Any]) -> set[str]:
    if "$ref" in schema:
        return _properties(load_document()["components"]["schemas"][schema["$ref"].split("/")[-1]])
    own = set(schema.get("properties", {}))
    return own.union(*(_properties(part) for part in schema.get("allOf", ())))
