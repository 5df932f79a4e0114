"""Specs of a few steps, read as the API reads them."""

from typing import Any

import pytest

from apps.runs.contracts import InvalidSpec
from apps.runs.spec.check import parse_spec
from apps.runs.spec.check_catalogue import Catalogue
from apps.runs.spec.document import Spec

CATALOGUE = Catalogue(
    tools=frozenset({"code", "browser", "http"}),
    graphs=frozenset({"react"}),
    is_known_model=lambda alias: alias in {"default", "openai:gpt-4o"},
    known_tasks=lambda names: names & {"enrich"},
    find_parameters=lambda names: dict.fromkeys(names & {"code"}, CODE),
)
CODE = {"type": "object", "required": ["program"], "additionalProperties": False,
        "properties": {"program": {"type": "string"}, "input": {}, "files": {},
                       "limits": {"properties": {"cpus": {"type": "number"}}}}}  # fmt: skip


def parse(*steps: dict[str, Any], **fields: Any) -> Spec:
    return parse_spec({"steps": list(steps), **fields}, catalogue=CATALOGUE)


def errors_of(*steps: dict[str, Any], **fields: Any) -> dict[str, list[str]]:
    with pytest.raises(InvalidSpec) as caught:
        parse(*steps, **fields)
    return caught.value.errors


def llm(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "kind": "llm", "prompt": "Hello", **fields}


def wait(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "kind": "wait", "seconds": 1, **fields}


def agent(*tools: Any, **fields: Any) -> dict[str, Any]:
    return {"name": "a", "kind": "agent", "instructions": "i", "prompt": "p",
            "tools": list(tools), **fields}  # fmt: skip
