"""What a model's name asks the provider to do.

A name is a base (`ok`, `agent`, or any real model's name) and directives, joined by "-" or "+" in
any order: `gpt-4o-mini-latency-250`, `error-429-retry-2`, `agent-turns-3+tokens-200`.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from tests.provider.refusal import Refusal

OWN_BASES = ("ok", "agent", "test")
VENDOR_BASES = ("gpt", "chatgpt", "o1", "o3", "o4", "text-embedding", "claude")
LENIENT_BASES = ("local", "smollm", "llama", "qwen", "mistral", "gemma")
BASES = (*OWN_BASES, *VENDOR_BASES, *LENIENT_BASES)
REASONING_BASES = ("o1", "o3", "o4", "gpt-5")


@dataclass(frozen=True)
class Directive:
    """One word of the grammar; with `takes_number` it is followed by "-" and a number."""

    name: str
    meaning: str
    takes_number: bool = False
    is_fault: bool = False


def _number(name: str, meaning: str) -> Directive:
    return Directive(name, meaning, takes_number=True)


def _fault(name: str, meaning: str, *, takes_number: bool = False) -> Directive:
    return Directive(name, meaning, takes_number=takes_number, is_fault=True)


DIRECTIVES = (
    _number("latency", "milliseconds before the answer begins"),
    _number("pace", "milliseconds between two events of a stream"),
    _number("thinks", "milliseconds between the first event of a stream and the next"),
    _number("tokens", "completion tokens of a text answer"),
    _number("reasoning", "reasoning tokens, on top of the answer's"),
    _number("cached", "prompt tokens that were read from the cache"),
    _number("cache-write", "prompt tokens that were written to the cache"),
    _number("cache-hour", "of those, tokens that were written for an hour (Anthropic)"),
    _number("window", "prompt tokens above this are refused as too long a context"),
    _number("tool-parallel", "tool calls in one turn"),
    _number("turns", "model turns of an agent: all but the last call tools"),
    _number(
        "fail-first", "only the first N requests of this name have the fault, error-500 if none"
    ),
    _number("fail-every", "only each Nth request of this name has the fault, error-500 if none"),
    Directive("tag", "followed by -WORD: no effect, makes a name of one's own"),
    _fault("error", "an error answer with this HTTP status", takes_number=True),
    _fault("retry", "seconds in the error's Retry-After header", takes_number=True),
    _fault("context", "with error-400: the context is too long"),
    _fault("filter", "with error-400: the content policy"),
    _fault("quota", "with error-429: the account's quota is used up"),
    _fault("html", "with error-5xx: a proxy's HTML page instead of JSON"),
    _fault("reset-before-headers", "the connection is reset, nothing is billed"),
    _fault("lost-answer", "billed in full, then the connection is reset"),
    _fault("slow-headers", "milliseconds over which the headers trickle in", takes_number=True),
    _fault("slow-body", "milliseconds over which the body trickles in", takes_number=True),
    _fault("no-answer", "silence until the client leaves, nothing is billed"),
    _fault("empty-body", "status 200 and no body"),
    _fault("malformed-json", "status 200 and half a JSON document"),
    _fault("wrong-shape", "status 200 and JSON that is no answer"),
    _fault("malformed-chunk", "a stream with an event that is no JSON"),
    _fault("stream-cut", "the connection breaks half-way, billed as far as it went"),
    _fault("stream-stalled", "silence from half-way on until the client leaves"),
    _fault("stream-error", "a stream with an error event half-way"),
    _fault("no-done", "a stream that ends without its end mark"),
    _fault("missing-usage", "an answer without usage, billed all the same"),
    _fault("usage-above", "usage of 1000 completion tokens more than were said, and billed so"),
    _fault("nul-text", "text and arguments with a NUL character"),
    _fault("surrogate-text", "text and arguments with a lone surrogate"),
    _fault("empty-text", "an answer that says nothing"),
    _fault("bad-arguments", "tool arguments that are no JSON"),
    _fault("nan-arguments", "tool arguments with NaN in them"),
    _fault("wrong-arguments", "tool arguments that break their schema"),
    _fault("unknown-tool", "a call of a tool that nobody offered"),
    _fault("invalid-output", "JSON that breaks the schema it was asked for"),
    _fault("content-filter", "stopped by the content filter"),
    _fault("refusal", "the model declines"),
    _fault(
        "body",
        "followed by -NNmb: megabytes of text, billed like the ordinary answer",
        takes_number=True,
    ),
)
_FAULTS = frozenset(directive.name for directive in DIRECTIVES if directive.is_fault)


def _pattern() -> re.Pattern[str]:
    by_length = sorted(DIRECTIVES, key=lambda directive: -len(directive.name))
    numbered = "|".join(d.name for d in by_length if d.takes_number)
    flags = "|".join(d.name for d in by_length if not d.takes_number and d.name != "tag")
    return re.compile(rf"(?:^|[-+])(?:({numbered})-(\d+)(?:mb)?|({flags})|tag-\w+)(?=[-+]|$)")


_DIRECTIVE = _pattern()


@dataclass(frozen=True)
class Behaviour:
    """The directives of one name, each with its number; one that takes none has the number 1."""

    base: str
    directives: tuple[tuple[str, int], ...] = ()

    def has(self, *names: str) -> bool:
        """Whether any of these directives is given."""
        return any(name in names for name, _ in self.directives)

    def number(self, name: str, default: int = 0) -> int:
        """The number of a directive, or `default` when it is not given."""
        return next((number for given, number in self.directives if given == name), default)

    @property
    def is_lenient(self) -> bool:
        """Whether it stands for a local server, which ignores parameters it does not know."""
        return self.base.startswith(LENIENT_BASES)

    @property
    def is_reasoning(self) -> bool:
        """Whether the model is of a family that takes max_completion_tokens only."""
        return self.base.startswith(REASONING_BASES)

    def at_request(self, number: int) -> "Behaviour":
        """The behaviour at the `number`th request (from 1), faults that come and go decided."""
        if not self.has("fail-first", "fail-every"):
            return self
        is_failing = number <= self.number("fail-first") or (
            self.has("fail-every") and number % max(1, self.number("fail-every")) == 0
        )
        if not is_failing:
            kept = tuple(pair for pair in self.directives if pair[0] not in _FAULTS)
            return replace(self, directives=kept)
        has_fault = self.has(*_FAULTS)
        return self if has_fault else replace(self, directives=(*self.directives, ("error", 500)))


@lru_cache(maxsize=4096)
def parse_behaviour(model: str) -> Behaviour:
    """The behaviour that `model` names. Raises Refusal (404, as for an unknown model) for a name
    that holds neither a known base nor only directives, so that a misspelt one does not pass."""
    found = tuple(
        (match[1] or match[3], int(match[2] or 1))
        for match in _DIRECTIVE.finditer(model)
        if match[1] or match[3]
    )
    base = _DIRECTIVE.sub("", model)
    if not (base.startswith(BASES) or (not base and model)):
        raise Refusal(
            404,
            f"The model `{model}` does not exist or you do not have access to it.",
            code="model_not_found",
        )
    return Behaviour(base or "ok", found)
