"""A run's events as lines in a terminal."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

STEP_WIDTH = 10
GOOD, BAD, FAINT, PLAIN = "32", "31", "2", ""
COLOURS = {
    **dict.fromkeys(("success", "completed"), GOOD),
    **dict.fromkeys(("failed", "cancelled", "timeout", "budget_exceeded"), BAD),
    **dict.fromkeys(("running", "skipped"), FAINT),
}
WORDS = {"success": "done", "completed": "COMPLETED", "running": "started"}


class Timeline:
    """Renders events in their order; times count from the first one.

    A step's way through the queue between two turns is left out: its calls say as much.
    """

    def __init__(self, *, is_coloured: bool) -> None:
        self._is_coloured = is_coloured
        self._began: datetime | None = None
        self._started: set[str] = set()

    def lines(self, events: Iterable[Mapping[str, Any]]) -> list[str]:
        """The lines that these further events add."""
        return [line for event in events if (line := self._line(event))]

    def _line(self, event: Mapping[str, Any]) -> str:
        at = datetime.fromisoformat(str(event["at"]).replace("Z", "+00:00"))
        self._began = self._began or at
        step = _place(event)
        if self._is_routine(str(event["kind"]), step):
            return ""
        elapsed = (at - self._began).total_seconds()
        kind, data = str(event["kind"]), event.get("data") or {}
        verb = kind.partition(".")[2]
        is_call = kind == "call.finished"
        state = ("failed" if data.get("error") else "") if is_call else verb
        text = describe_call(data) if is_call else describe_move(kind, data)
        return f"{elapsed:7.1f} s  {step or 'run':<{STEP_WIDTH}}  {self._paint(text, state)}"

    def _is_routine(self, kind: str, step: str) -> bool:
        if kind == "step.running":
            is_again = step in self._started
            self._started.add(step)
            return is_again
        if kind == "step.retrying":
            self._started.discard(step)
        return kind in ("run.pending", "step.queued", "step.waiting")

    def _paint(self, text: str, state: str) -> str:
        colour = COLOURS.get(state, PLAIN)
        return f"\033[{colour}m{text}\033[0m" if colour and self._is_coloured else text


def describe_move(kind: str, data: Mapping[str, Any]) -> str:
    """A run or a step that changed its state."""
    verb = kind.partition(".")[2]
    return with_facts(WORDS.get(verb, verb.replace("_", " ")), data)


def _place(event: Mapping[str, Any]) -> str:
    """The step, and the item of a map; empty for the run."""
    item = event.get("item")
    return str(event.get("step") or "") + ("" if item is None else f"[{item}]")


def describe_call(data: Mapping[str, Any]) -> str:
    """A model call or a tool call that ended."""
    who = (
        f"tool {data.get('tool', '?')}"
        if data.get("kind") == "tool"
        else " ".join(
            ["model", *(str(data[name]) for name in ("provider", "model") if name in data)]
        )
    )
    return with_facts(f"  {who}", data)


def with_facts(text: str, data: Mapping[str, Any]) -> str:
    """The text, and what is known of tokens, cost, duration and error."""
    facts = []
    if data.get("tokens"):
        facts.append(f"{data['tokens']:,} tokens")
    if data.get("kind") == "llm" or Decimal(data.get("cost_usd") or 0):
        facts.append(format_cost(data.get("cost_usd")))
    if data.get("duration_ms") is not None:
        facts.append(format_duration(int(data["duration_ms"])))
    if data.get("artifacts"):
        facts.append(", ".join(map(str, data["artifacts"])))
    line = f"{text:<38}{'  '.join(facts)}".rstrip()
    return f"{line}  {explain(data['error'])}" if data.get("error") else line


def explain(error: object) -> str:
    """An error as its code and its first line."""
    if not isinstance(error, Mapping):
        return str(error)
    detail = str(error.get("detail", "")).strip().splitlines()
    return ": ".join(part for part in (str(error.get("code", "")), *detail[:1]) if part)


def format_cost(amount: object) -> str:
    """Dollars with as many places as it takes to show something; what is unknown says so."""
    if amount is None:
        return "cost unknown"
    value = Decimal(str(amount))
    return (
        f"${value:.4f}" if value == 0 or value >= Decimal("0.0001") else f"${value.normalize():f}"
    )


def format_duration(milliseconds: int) -> str:
    return f"{milliseconds} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"
