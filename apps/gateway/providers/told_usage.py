"""What a provider says that an answer used, as far as it can be true."""

from typing import Any, Final

from apps.gateway.contracts import Usage

MOST_TOKENS: Final = 2**31 - 1
"""No answer uses more: who says so is mistaken."""


def told_usage(
    *,
    prompt: Any,
    completion: Any,
    cached: Any = 0,
    cache_write: Any = 0,
    cache_write_hour: Any = 0,
    reasoning: Any = 0,
) -> Usage | None:
    """The usage of these numbers of a provider; None where prompt or completion is no number of
    tokens. A part is never more than the whole of it, and one that is no number is none."""
    prompt_tokens, completion_tokens = token_count(prompt), token_count(completion)
    if prompt_tokens is None or completion_tokens is None:
        return None
    cached_tokens = min(token_count(cached) or 0, prompt_tokens)
    written_tokens = min(token_count(cache_write) or 0, prompt_tokens - cached_tokens)
    return Usage(
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        cached_tokens=cached_tokens,
        cache_write_tokens=written_tokens,
        cache_write_hour_tokens=min(token_count(cache_write_hour) or 0, written_tokens),
        reasoning_tokens=min(token_count(reasoning) or 0, completion_tokens),
    )


def part_of(value: Any, name: str) -> Any:
    """The member of an object; None where there is none, or no object."""
    return value.get(name) if isinstance(value, dict) else None


def token_count(value: Any) -> int | None:
    """The number of tokens that a value is, if it is one."""
    is_number = type(value) is int or (isinstance(value, float) and value.is_integer())
    return int(value) if is_number and 0 <= value <= MOST_TOKENS else None
