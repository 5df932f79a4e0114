"""A circuit, in memory and in Valkey, does what a slow and simple model of it does."""

import asyncio
from typing import Any

from django.conf import settings
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from agentplatform.core.ids import new_id
from apps.gateway.services.breaker.circuit import Circuit
from apps.gateway.services.breaker.rules import (
    BUCKETS,
    CLOSED,
    HALF_OPEN,
    LEAST_REFUSALS,
    OPEN,
    PROBE_MS,
    News,
    Rules,
    View,
)
from apps.gateway.services.breaker.shared_circuits import SharedCircuits

OWNERS = st.sampled_from(["", "a", "b"])
ENDS = st.sampled_from(["held", "good", "outage", "account", "none"])


@st.composite
def news(draw: st.DrawFn) -> dict[str, Any]:
    calls = draw(st.integers(0, 6))
    failures = draw(st.integers(0, calls))
    owner = draw(OWNERS)
    return {
        "calls": calls,
        "failures": failures,
        "refusals": draw(st.integers(0, calls - failures)),
        "owner": owner,
        "probe": draw(ENDS) if owner else "",
    }


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("take"), news()),
        st.tuples(st.just("claim"), OWNERS.filter(bool)),
        st.tuples(st.just("wait"), st.integers(0, 12_000)),
    ),
    max_size=40,
)


class Model:
    """Everything that was said, and each question answered by looking through all of it."""

    def __init__(self, rules: Rules) -> None:
        self.rules, self.at = rules, 0
        self.said: list[tuple[int, dict[str, Any]]] = []
        self.open_until: int | None = None
        self.cause = ""
        self.prober: tuple[str, int] = ("", 0)

    def take(self, told: dict[str, Any]) -> View:
        change = self._end_probe(told) if self._owns_probe(told["owner"]) else ""
        if self.open_until is None:
            self.said.append((self.at, told))
            cause = self._cause() if told["failures"] + told["refusals"] else ""
            if cause:
                self._open(cause)
                change = "opened"
        return self.view(change)

    def claim(self, owner: str) -> View | None:
        now = self.view()
        if now.state != HALF_OPEN or now.is_probed:
            return now
        self.prober = (owner, self.at + PROBE_MS)
        return None

    def view(self, change: str = "") -> View:
        fields: dict[str, Any] = {"change": change}
        if self.open_until is None:
            return View(state=CLOSED, **fields)
        left = max(0, self.open_until - self.at)
        state = OPEN if left else HALF_OPEN
        fields |= {"cause": self.cause, "is_probed": self.at < self.prober[1]}
        return View(state=state, left_ms=left, **fields)

    def _owns_probe(self, owner: str) -> bool:
        return bool(owner) and owner == self.prober[0] and self.at < self.prober[1]

    def _end_probe(self, told: dict[str, Any]) -> str:
        if told["probe"] == "held":
            self.prober = (told["owner"], self.at + PROBE_MS)
            return ""
        self.prober = ("", 0)
        if told["probe"] == "none":
            return ""
        if told["probe"] == "good":
            self.open_until, self.cause = None, ""
            return "closed"
        self._open(told["probe"])
        return "kept_open"

    def _open(self, cause: str) -> None:
        self.said.clear()
        self.open_until, self.cause = self.at + self.rules.open_ms, cause

    def _cause(self) -> str:
        bucket = self.rules.bucket_ms
        recent = [told for at, told in self.said if at // bucket > self.at // bucket - BUCKETS]
        calls, failures, refusals = (
            sum(told[name] for told in recent) for name in ("calls", "failures", "refusals")
        )
        if failures + refusals < calls * self.rules.failure_rate:
            return ""
        if refusals >= LEAST_REFUSALS and refusals >= failures:
            return "account"
        return "outage" if calls >= self.rules.least_calls else ""


@given(steps=STEPS, rate=st.sampled_from([0.2, 0.5, 1.0]), open_ms=st.sampled_from([1, 9_000]))
@how(max_examples=300, deadline=None)
def test_a_circuit_in_memory_follows_the_model(
    steps: list[tuple[str, Any]], rate: float, open_ms: int
) -> None:
    rules = Rules(window_ms=20_000, least_calls=8, failure_rate=rate, open_ms=open_ms)
    model, circuit = Model(rules), Circuit()
    for what, value in steps:
        if what == "wait":
            model.at += value
        elif what == "claim":
            assert circuit.claim(value, at=model.at) == model.claim(value)
        else:
            told = News(name="x", **value)
            assert circuit.take(told, rules=rules, at=model.at) == model.take(value)


@given(steps=STEPS, rate=st.sampled_from([0.2, 0.5, 1.0]), open_ms=st.sampled_from([0, 3_600_000]))
@how(max_examples=60, deadline=None)
def test_a_circuit_in_valkey_does_what_one_in_memory_does(
    steps: list[tuple[str, Any]], rate: float, open_ms: int
) -> None:
    """Time is Valkey's own: here it is either over at once or never."""
    rules = Rules(window_ms=3_600_000, least_calls=8, failure_rate=rate, open_ms=open_ms)
    circuit, name = Circuit(), str(new_id())

    async def compare() -> None:
        shared = SharedCircuits(settings.REDIS_URL)
        try:
            for what, value in steps:
                if what == "claim":
                    expected = circuit.claim(value, at=0)
                    assert _timeless(await shared.claim(name, owner=value)) == _timeless(expected)
                elif what == "take":
                    told = News(name=name, **value)
                    (found,) = await shared.exchange([told], rules=rules)
                    assert _timeless(found) == _timeless(circuit.take(told, rules=rules, at=0))
        finally:
            await shared.close()

    asyncio.run(compare())


def _timeless(view: View | None) -> tuple[object, ...] | None:
    if view is None:
        return None
    return (view.state, view.cause, view.is_probed, view.change)
