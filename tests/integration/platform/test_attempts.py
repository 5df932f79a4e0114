"""Failed attempts: one suite for the counters in Valkey and for those in memory."""

import contextlib
import socket
import threading
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import redis
from django.conf import settings
from django.test import override_settings
from structlog.testing import capture_logs

from agentplatform.core.attempt_counters import MAX_SUBJECTS, ProcessCounters, Rule
from agentplatform.core.attempts import Attempts

START = datetime(2100, 1, 1, microsecond=123_456, tzinfo=UTC)
UNREACHABLE = "redis://127.0.0.1:1/0"


@pytest.fixture(params=[None, UNREACHABLE], ids=["valkey", "valkey down"])
def attempts(request):
    with override_settings(REDIS_URL=request.param or settings.REDIS_URL):
        yield Attempts(f"test-{uuid4()}", limit=3, window_seconds=60)


@contextlib.contextmanager
def socket_that_never_answers():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def after(seconds):
    return START + timedelta(seconds=seconds)


def fail(attempts, times, *, subject="a", at=START):
    return [attempts.failed(subject, at) for _ in range(times)]


def test_a_few_failures_pass(attempts):
    assert fail(attempts, 3) == [0, 0, 0]


def test_the_last_free_failure_costs_a_wait(attempts):
    assert fail(attempts, 4) == [0, 0, 0, 1]
    assert attempts.failed("a", after(1)) == 0


def test_what_comes_during_the_wait_is_refused_and_not_counted(attempts):
    assert fail(attempts, 50) == [0, 0, 0, *[1] * 47]
    assert attempts.failed("a", after(1)) == 0


def test_each_more_failure_doubles_the_wait_up_to_a_minute(attempts):
    fail(attempts, 2)
    at, waits = START, []
    for _ in range(9):
        assert attempts.failed("a", at) == 0
        waits.append(attempts.failed("a", at))
        at += timedelta(seconds=waits[-1])
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_part_of_a_second_is_waited_for_whole(attempts):
    fail(attempts, 3)
    assert attempts.failed("a", after(0.4)) == 1


def test_failures_are_forgotten_after_the_window(attempts):
    fail(attempts, 3)
    assert fail(attempts, 3, at=after(61)) == [0, 0, 0]


def test_failures_within_the_window_add_up(attempts):
    fail(attempts, 2)
    assert fail(attempts, 2, at=after(59)) == [0, 1]


def test_a_success_forgets_the_failures(attempts):
    fail(attempts, 3)
    attempts.succeeded("a")
    assert fail(attempts, 3) == [0, 0, 0]


def test_subjects_do_not_share_failures(attempts):
    fail(attempts, 3)
    assert attempts.failed("b", START) == 0


def test_names_do_not_share_failures(attempts):
    fail(attempts, 3)
    assert Attempts(f"other-{uuid4()}", limit=3, window_seconds=60).failed("a", START) == 0


def test_of_many_attempts_at_once_only_the_free_ones_pass(attempts):
    waits = []
    threads = [
        threading.Thread(target=lambda: waits.append(attempts.failed("a", START)))
        for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waits) == [0, 0, 0, *[1] * 13]


def test_no_subject_lies_in_the_clear_and_no_key_for_ever():
    fail(Attempts("test-clear", limit=3, window_seconds=60), 3, subject="ann@example.org")
    with redis.Redis.from_url(settings.REDIS_URL, decode_responses=True) as client:
        assert not list(client.scan_iter("*ann@example.org*"))
        keys = list(client.scan_iter("attempts:test-clear:*"))
        assert [0 < client.ttl(key) <= 120 for key in keys] == [True]


def test_counting_goes_on_in_the_process_when_valkey_goes_down():
    attempts = Attempts(f"test-{uuid4()}", limit=1, window_seconds=60)
    with override_settings(REDIS_URL=UNREACHABLE), capture_logs() as lines:
        assert fail(attempts, 2) == [0, 1]
    assert {line["event"] for line in lines} == {"attempts.counted_in_process"}


def test_a_valkey_that_hangs_is_not_waited_for():
    with socket_that_never_answers() as port:
        attempts = Attempts(f"test-{uuid4()}", limit=1, window_seconds=60)
        with override_settings(REDIS_URL=f"redis://127.0.0.1:{port}/0"):
            assert attempts.failed("a", START) == 0


def test_memory_is_bounded_and_keeps_whom_it_heard_of_last():
    counters, rule = ProcessCounters(), Rule(limit=1, window_seconds=60)
    for number in range(MAX_SUBJECTS + 1):
        counters.add(f"{number}", 0.0, rule)
    assert counters.add("1", 0.0, rule) == counters.add(f"{MAX_SUBJECTS}", 0.0, rule) == 1
    assert counters.add("0", 0.0, rule) == 0
