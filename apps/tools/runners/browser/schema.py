"""What a page can be asked to do, as a JSON schema."""

from typing import Any

_SELECTOR = {"type": "string", "minLength": 1, "maxLength": 1000}
_NAME = {"type": "string", "minLength": 1, "maxLength": 200}
_ARTIFACT = {
    "anyOf": [
        {"type": "string"},
        {
            "type": "object",
            "properties": {"artifact_id": {"type": "string"}},
            "required": ["artifact_id"],
        },
    ]
}

FILES_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "File name -> artifact id.",
    "minProperties": 1,
    "maxProperties": 20,
    "propertyNames": {"maxLength": 200},
    "additionalProperties": _ARTIFACT,
}
ADDRESS = {"type": "string", "maxLength": 4000, "pattern": "^https?://"}


def _action(action: str, required: tuple[str, ...] = (), /, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"action": {"const": action}, **properties},
        "required": ["action", *required],
        "additionalProperties": False,
    }


_ACTIONS: dict[str, dict[str, Any]] = {
    "goto": _action(
        "goto",
        ("url",),
        url=ADDRESS,
        until={"enum": ["load", "domcontentloaded", "networkidle", "commit"]},
    ),
    "click": _action("click", ("selector",), selector=_SELECTOR),
    "fill": _action(
        "fill",
        ("selector", "text"),
        selector=_SELECTOR,
        text={"type": "string", "maxLength": 100_000},
    ),
    "select": _action(
        "select",
        ("selector", "values"),
        selector=_SELECTOR,
        values={
            "type": "array",
            "description": "Values or labels of the options.",
            "maxItems": 100,
            "items": {"type": "string", "maxLength": 1000},
        },
    ),
    "press": _action(
        "press",
        ("key",),
        selector=_SELECTOR,
        key={"type": "string", "description": "Enter, Control+A.", "minLength": 1, "maxLength": 50},
    ),
    "wait_for": _action(
        "wait_for",
        ("selector",),
        selector=_SELECTOR,
        state={"enum": ["visible", "hidden", "attached", "detached"]},
        seconds={"type": "number", "exclusiveMinimum": 0, "maximum": 600},
    ),
    "extract": _action("extract", ("selector",), selector=_SELECTOR),
    "table": _action("table", selector=_SELECTOR),
    "links": _action("links", selector=_SELECTOR),
    "attributes": _action(
        "attributes",
        ("selector",),
        selector=_SELECTOR,
        names={"type": "array", "maxItems": 100, "items": _NAME},
    ),
    "screenshot": _action(
        "screenshot", name=_NAME, full_page={"type": "boolean"}, selector=_SELECTOR
    ),
    "pdf": _action("pdf", name=_NAME),
    "download": _action("download", selector=_SELECTOR, url=ADDRESS, name=_NAME),
    "upload": _action(
        "upload",
        ("selector", "files"),
        selector=_SELECTOR,
        files=FILES_SCHEMA,
    ),
}

ACTIONS_SCHEMA: dict[str, Any] = {
    "type": "array",
    "maxItems": 50,
    "items": {"anyOf": list(_ACTIONS.values())},
}
