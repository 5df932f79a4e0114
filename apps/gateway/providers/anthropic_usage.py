"""What a message of Anthropic's says that it used."""

from typing import Any

from apps.gateway.contracts import Usage
from apps.gateway.providers.told_usage import part_of, token_count, told_usage


def read_usage(usage: Any) -> Usage | None:
    """The usage, whose prompt is with what was read from a cache and written to one; None where it
    says too little."""
    fresh = token_count(part_of(usage, "input_tokens"))
    cached = token_count(part_of(usage, "cache_read_input_tokens")) or 0
    written = token_count(part_of(usage, "cache_creation_input_tokens")) or 0
    return told_usage(
        prompt=None if fresh is None else fresh + cached + written,
        completion=part_of(usage, "output_tokens"),
        cached=cached,
        cache_write=written,
        cache_write_hour=part_of(part_of(usage, "cache_creation"), "ephemeral_1h_input_tokens"),
        reasoning=part_of(part_of(usage, "output_tokens_details"), "thinking_tokens"),
    )
