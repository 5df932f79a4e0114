"""A call's answer as OpenAI's chat completion, whole or in chunks."""

from typing import Any
from uuid import UUID

from apps.gateway.contracts import Usage
from apps.gateway.services.attempt import Completed, Job


def completion_of(job: Job, completed: Completed) -> dict[str, Any]:
    """The ChatCompletion."""
    assert completed.choice is not None
    choice = completed.choice
    message = choice["message"]
    message.setdefault("refusal", None)
    message.setdefault("content", None)
    message["role"] = "assistant"
    if not message.get("tool_calls"):
        message.pop("tool_calls", None)
    return {
        "id": completion_id(job.owner.call_id),
        "object": "chat.completion",
        "created": int(job.at.timestamp()),
        "model": completed.completion.model,
        "choices": [
            {
                "index": 0,
                "message": message,
                "logprobs": choice.get("logprobs"),
                "finish_reason": choice.get("finish_reason") or "stop",
            }
        ],
        "usage": usage_of(completed.completion.usage),
    }


def completion_id(call_id: UUID) -> str:
    """The name of a completion, in all of its chunks."""
    return f"chatcmpl-{call_id.hex}"


def usage_of(usage: Usage) -> dict[str, Any]:
    """The CompletionUsage."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
        "prompt_tokens_details": {
            "cached_tokens": usage.cached_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
            "audio_tokens": 0,
        },
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
