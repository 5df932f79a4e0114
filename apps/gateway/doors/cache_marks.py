"""Where a request says that a prompt's cache ends, in the words of each format."""

from collections.abc import Sequence
from typing import Any, Final

from apps.gateway.contracts import CacheTime, Message
from apps.gateway.doors.checks import mapping, one_of, required

MARK: Final = "cache_control"
BREAKPOINT: Final = "prompt_cache_breakpoint"
_TIMES: Final[dict[str, CacheTime]] = {"5m": "5m", "1h": "1h"}


def read_mark(holder: dict[str, Any], param: str = "") -> CacheTime | None:
    """The cache that ends with the `holder`, by Anthropic's mark on it; `param` names the holder,
    if it is not the whole body. Raises Refusal."""
    if holder.get(MARK) is None:
        return None
    where = f"{param}.{MARK}" if param else MARK
    mark = mapping(holder[MARK], where)
    one_of(required(mark, "type", f"{where}.type"), f"{where}.type", ("ephemeral",))
    return _TIMES[one_of(mark.get("ttl") or "5m", f"{where}.ttl", (*_TIMES,))]


def last_mark(holders: Sequence[dict[str, Any]], param: str) -> CacheTime | None:
    """The last of the caches that end with some of the `holders`, each named by `param` and its
    number. Raises Refusal."""
    marks = [read_mark(one, f"{param}{at}") for at, one in enumerate(holders)]
    return next(filter(None, reversed(marks)), None)


def mark_whole(messages: Sequence[Message], body: dict[str, Any]) -> tuple[Message, ...]:
    """The messages of the `body`; a mark on all of it is one on the last of them. Raises
    Refusal."""
    ends_cache = read_mark(body)
    if ends_cache is None:
        return tuple(messages)
    return *messages[:-1], messages[-1].model_copy(update={"ends_cache": ends_cache})


def read_marks(part: dict[str, Any], param: str) -> dict[str, Any]:
    """What a Part is told of its marks, Anthropic's and OpenAI's. Raises Refusal."""
    breakpoint_ = part.get(BREAKPOINT)
    if breakpoint_ is not None:
        mapping(breakpoint_, f"{param}.{BREAKPOINT}")
    return {"ends_cache": read_mark(part, param), "cache_breakpoint": breakpoint_}
