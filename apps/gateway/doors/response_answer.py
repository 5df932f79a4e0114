"""A call's answer as OpenAI's response, whole."""

from typing import Any

from apps.gateway.contracts import Usage
from apps.gateway.doors.response_output import (
    call_item,
    logprobs_of,
    message_item,
    refusal_part,
    text_part,
)
from apps.gateway.services.attempt import Completed, Job

_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}


def response_of(job: Job, completed: Completed, *, told: dict[str, Any]) -> dict[str, Any]:
    """The Response; `told` are the parameters of its request that it repeats."""
    assert completed.choice is not None
    ending = ending_of(completed.choice.get("finish_reason"))
    return {
        **head_of(job, completed.completion.model, told=told),
        **ending,
        "output": _output(job, completed.choice, ending["status"]),
        "usage": usage_of(completed.completion.usage),
    }


def head_of(job: Job, model: str, *, told: dict[str, Any]) -> dict[str, Any]:
    """What a response says from its first event on."""
    return {
        "id": f"resp_{job.owner.call_id.hex}",
        "object": "response",
        "created_at": int(job.at.timestamp()),
        "error": None,
        "incomplete_details": None,
        "model": model,
        **told,
    }


def item_id(job: Job, kind: str, number: int) -> str:
    """The name of an item of the output, `msg` or `fc`."""
    return f"{kind}_{job.owner.call_id.hex}_{number}"


def ending_of(finish_reason: str | None) -> dict[str, Any]:
    """How a response ends whose answer ended so."""
    reason = _INCOMPLETE.get(finish_reason or "")
    return {
        "status": "incomplete" if reason else "completed",
        "incomplete_details": {"reason": reason} if reason else None,
    }


def usage_of(usage: Usage) -> dict[str, Any]:
    """The ResponseUsage."""
    return {
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {
            "cached_tokens": usage.cached_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
        },
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.total_tokens,
    }


def _output(job: Job, choice: dict[str, Any], status: str) -> list[dict[str, Any]]:
    """The last item ends as the response does."""
    said = choice["message"]
    calls = said.get("tool_calls") or []
    content = []
    if said.get("content") or not (said.get("refusal") or calls):
        content.append(text_part(said.get("content") or "", logprobs_of(choice)))
    if said.get("refusal"):
        content.append(refusal_part(said["refusal"]))
    items = [message_item(item_id(job, "msg", 0), content, "completed")] if content else []
    for number, call in enumerate(calls, start=len(items)):
        function = call["function"]
        head = {"id": call.get("id") or f"call_{number}", "name": function["name"]}
        name = item_id(job, "fc", number)
        items.append(call_item(name, head, function.get("arguments") or "", "completed"))
    items[-1]["status"] = status
    return items
