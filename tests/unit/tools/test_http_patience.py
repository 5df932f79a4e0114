"""Which requests are sent again, and when."""

import pytest

from apps.tools.runners.http.retry import Patience


def delay(patience=None, **changes):
    case = {"method": "GET", "was_sent": True, "left_seconds": 60, "jitter": 0.0, **changes}
    return (patience or Patience(5)).delay(**case)


def test_delays_grow_to_a_bound_and_are_spread():
    firsts = [delay(Patience(9, used)) for used in range(7)]
    assert firsts == [0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 4.0]
    assert delay(jitter=0.999) == pytest.approx(0.25, abs=0.001)


def test_patience_ends():
    assert delay(Patience(2).spent().spent()) is None
    assert delay(Patience(0)) is None


def test_only_what_may_be_done_twice_or_did_not_leave_is_sent_again():
    assert delay(method="POST") is None
    assert delay(method="PATCH") is None
    assert delay(method="POST", was_sent=False) is not None
    assert all(delay(method=one) for one in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE"))


def test_a_server_is_given_the_time_it_asks_for_if_there_is_so_much():
    assert delay(retry_after=3.0) == 3.125
    assert delay(retry_after=60.0) is None
    assert delay(left_seconds=0.1) is None
