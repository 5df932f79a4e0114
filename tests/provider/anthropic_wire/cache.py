"""The rules that Anthropic sets for marks of a prompt's cache."""

from collections.abc import Iterator
from typing import Any

from tests.provider.anthropic_wire.conversation import blocks_of
from tests.provider.checks import refuse_unless

MOST_MARKS = 4


def check_marks(body: dict[str, Any]) -> None:
    """Raises Refusal for marks that Anthropic would not take."""
    times = []
    for path, holder in _holders(body):
        mark = holder.get("cache_control")
        if mark is None:
            continue
        refuse_unless(
            isinstance(mark, dict) and mark.get("type") == "ephemeral",
            f"{path}.cache_control: Input tag does not match any of the expected tags: 'ephemeral'",
        )
        time = mark.get("ttl", "5m")
        refuse_unless(
            time in ("5m", "1h"),
            f"{path}.cache_control.ephemeral.ttl: Input should be '5m' or '1h'",
        )
        refuse_unless(
            time == "5m" or "5m" not in times,
            f"{path}.cache_control.ttl: a ttl='1h' cache_control block must not come after a "
            "ttl='5m' cache_control block.",
        )
        times.append(time)
    refuse_unless(
        len(times) <= MOST_MARKS,
        f"A maximum of {MOST_MARKS} blocks with cache_control may be provided. Found {len(times)}.",
    )


def _holders(body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What may have a mark, in the order of the prompt."""
    for at, tool in enumerate(body.get("tools") or ()):
        yield f"tools.{at}", tool
    system = body.get("system")
    for at, block in enumerate(system if isinstance(system, list) else ()):
        yield f"system.{at}", block
    for number, message in enumerate(body["messages"]):
        for at, block in enumerate(blocks_of(message)):
            yield f"messages.{number}.content.{at}", block
