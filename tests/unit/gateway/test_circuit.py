"""When a circuit opens, who may probe it, and when it closes."""

from typing import Any

import pytest

from apps.gateway.services.breaker.circuit import Circuit
from apps.gateway.services.breaker.rules import (
    CLOSED,
    HALF_OPEN,
    OPEN,
    PROBE_MS,
    News,
    Rules,
    View,
)

RULES = Rules(window_ms=30_000, least_calls=10, failure_rate=0.5, open_ms=15_000)


def tell(circuit: Circuit, at: int = 0, **news: Any) -> View:
    return circuit.take(News(name="x", **news), rules=RULES, at=at)


def opened(at: int = 0) -> Circuit:
    circuit = Circuit()
    assert tell(circuit, at, calls=10, failures=10).change == "opened"
    return circuit


def half_open(owner: str = "a") -> Circuit:
    circuit = opened()
    assert circuit.claim(owner, at=15_000) is None
    return circuit


def test_half_of_ten_calls_open_it() -> None:
    circuit = Circuit()
    assert tell(circuit, calls=5).state == CLOSED
    assert tell(circuit, calls=4, failures=4).state == CLOSED
    assert tell(circuit, calls=1, failures=1) == View(
        state=OPEN, left_ms=15_000, cause="outage", change="opened"
    )


def test_fewer_failures_than_the_share_leave_it_closed() -> None:
    assert tell(Circuit(), calls=100, failures=49).state == CLOSED


def test_failures_that_left_the_window_do_not_count() -> None:
    circuit = Circuit()
    tell(circuit, at=0, calls=9, failures=9)
    assert tell(circuit, at=30_000, calls=1, failures=1).state == CLOSED


def test_the_window_moves_by_a_tenth() -> None:
    circuit = Circuit()
    tell(circuit, at=0, calls=9, failures=9)
    assert tell(circuit, at=29_999, calls=1, failures=1).state == OPEN


def test_three_refusals_of_our_key_open_it() -> None:
    circuit = Circuit()
    assert tell(circuit, calls=2, refusals=2).state == CLOSED
    view = tell(circuit, calls=1, refusals=1)
    assert (view.state, view.cause) == (OPEN, "account")


def test_refusals_of_few_among_many_leave_it_closed() -> None:
    assert tell(Circuit(), calls=9, refusals=4).state == CLOSED


def test_a_success_never_opens_it() -> None:
    circuit = Circuit()
    tell(circuit, calls=9, failures=9)
    assert tell(circuit, calls=1).state == CLOSED


def test_it_is_half_open_once_its_time_is_over() -> None:
    circuit = opened()
    assert circuit.view(at=14_999).state == OPEN
    assert circuit.view(at=15_000).state == HALF_OPEN


def test_late_failures_do_not_keep_it_open_longer() -> None:
    circuit = opened()
    assert tell(circuit, at=10_000, calls=5, failures=5).left_ms == 5_000


def test_nobody_probes_what_is_open_or_closed() -> None:
    assert opened().claim("a", at=1) == View(state=OPEN, left_ms=14_999, cause="outage")
    assert Circuit().claim("a", at=1) == View(state=CLOSED)


def test_one_owner_has_the_probe() -> None:
    circuit = half_open("a")
    refused = circuit.claim("b", at=15_001)
    assert refused == View(state=HALF_OPEN, cause="outage", is_probed=True)


def test_a_good_probe_closes_it() -> None:
    circuit = half_open("a")
    assert tell(circuit, at=15_100, owner="a", probe="good") == View(state=CLOSED, change="closed")
    assert tell(circuit, at=15_100, calls=9, failures=9).state == CLOSED


def test_a_bad_probe_keeps_it_open_for_another_interval() -> None:
    view = tell(half_open("a"), at=15_100, owner="a", probe="account")
    assert view == View(state=OPEN, left_ms=15_000, cause="account", change="kept_open")


def test_a_probe_given_up_frees_the_next_one() -> None:
    circuit = half_open("a")
    tell(circuit, at=15_100, owner="a", probe="none")
    assert circuit.claim("b", at=15_100) is None


def test_a_dead_prober_frees_the_next_one() -> None:
    circuit = half_open("a")
    assert circuit.claim("b", at=15_000 + PROBE_MS - 1) is not None
    assert circuit.claim("b", at=15_000 + PROBE_MS) is None


def test_a_prober_that_is_heard_of_keeps_the_probe() -> None:
    circuit = half_open("a")
    tell(circuit, at=20_000, owner="a", probe="held")
    assert circuit.claim("b", at=15_000 + PROBE_MS) is not None


@pytest.mark.parametrize("end", ["good", "outage", "none"])
def test_only_the_owner_ends_a_probe(end: str) -> None:
    circuit = half_open("a")
    view = tell(circuit, at=15_100, owner="b", probe=end)
    assert view == View(state=HALF_OPEN, cause="outage", is_probed=True)
