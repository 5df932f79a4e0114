"""How an agent asks a person before a tool is called."""

from typing import Any


def may_call(wish: dict[str, Any], timeout_seconds: float | None) -> dict[str, Any]:
    """The interrupt that asks whether the tool call that a model wants may be made."""
    return {
        "kind": "approval",
        "question": f"May the agent call the tool `{wish['name']}`?",
        "details": {"tool": wish["name"], "arguments": wish["arguments"]},
        "timeout_seconds": timeout_seconds,
    }


def why_rejected(approval: dict[str, Any]) -> str:
    """What the model is told of a call that was not approved."""
    if approval["timed_out"]:
        return "rejected: nobody has approved this call in time"
    said = f": {approval['comment']}" if approval["comment"] else ""
    return f"rejected: a person has refused this call{said}"
