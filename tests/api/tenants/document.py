"""What the OpenAPI document promises of an endpoint."""

import re
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator

from tests.api.tenants.endpoint import PREFIX, Endpoint

JSON = {"application/json", "application/problem+json"}
FORMATS = Draft202012Validator.FORMAT_CHECKER


def broken_promises(endpoint: Endpoint, answer: Any) -> list[str]:
    """Where an answer in JSON, or its status, is not what the document says; none: all is."""
    promised = _promised(endpoint)
    status = str(answer.status_code) if answer.status_code < 400 else "default"
    if status not in promised:
        return [f"{status} is none of {', '.join(promised)}"]
    content = promised[status].get("content", {})
    if not content.keys() & JSON:
        return []
    kind = answer["Content-Type"].partition(";")[0]
    schema = content[kind]["schema"] | {"components": _document()["components"]}
    wrong = Draft202012Validator(schema, format_checker=FORMATS).iter_errors(answer.json())
    return [f"{one.json_path}: {one.message}" for one in wrong]


def is_list(endpoint: Endpoint) -> bool:
    """Whether it answers rows, in pages or all at once."""
    content = _promised(endpoint).get("200", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    return schema.get("type") == "array" or "/Paginated" in schema.get("$ref", "")


def _promised(endpoint: Endpoint) -> Any:
    address = f"/{PREFIX}" + re.sub(r"<\w+:(\w+)>", r"{\1}", endpoint.route)
    return _document()["paths"][address][endpoint.method]["responses"]


@cache
def _document() -> Any:
    return SchemaGenerator().get_schema(public=True)
