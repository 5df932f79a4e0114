"""How an agent hands work to a coworker: by calling a tool that no sandbox runs."""

from collections.abc import Mapping
from typing import Any

DELEGATE = "delegate"


def delegate_tool(coworkers: Mapping[str, str]) -> dict[str, Any]:
    """The tool as a model sees it; `coworkers` maps each name to what that one is good for."""
    lines = "\n".join(f"- {name}: {what}" for name, what in coworkers.items())
    return {
        "name": DELEGATE,
        "description": "Have a coworker do a piece of work and get the answer. Several calls at "
        "once are worked on in parallel. A coworker knows only what you write. "
        f"Your coworkers:\n{lines}",
        "parameters": {
            "type": "object",
            "properties": {
                "coworker": {"type": "string", "enum": list(coworkers)},
                "task": {"type": "string", "description": "What to do, and what to answer."},
                "context": {"type": "string", "description": "All that one must know for it."},
            },
            "required": ["coworker", "task", "context"],
            "additionalProperties": False,
        },
    }


def coworker_input(
    coworkers: Mapping[str, dict[str, Any]], arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """The messages and options of the coworker's own graph. The arguments fit the tool's schema."""
    coworker = coworkers[arguments["coworker"]]
    prompt = arguments["task"]
    if arguments["context"].strip():
        prompt += f"\n\nContext:\n{arguments['context']}"
    return {
        "messages": [
            {"role": "system", "content": coworker["system"]},
            {"role": "user", "content": prompt},
        ],
        "options": coworker["options"],
    }
