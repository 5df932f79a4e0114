"""Processes that are killed, stand still, are told to stop or work twice."""

import os
import signal
import threading
from contextlib import nullcontext
from contextvars import copy_context

import pytest

from agentplatform.core.clock import now
from agentplatform.core.wait import wait_for
from apps.gateway.models import LlmCall, LlmEvent
from apps.runs.models import Run
from apps.runs.services.fork_run import retry_run
from apps.runs.services.recover import recover
from apps.tenants.models import LedgerEntry
from tests.chaos.fleet import PROCESSES
from tests.chaos.passing import pass_time
from tests.chaos.stack import QUICK, Stack

SLOW = "latency-6000"  # so that five calls meet on a busy machine


def statuses() -> set[str]:
    return set(Run.objects.values_list("status", flat=True))


def wait_for_calls(stack: Stack, number: int) -> None:
    wait_for(
        lambda: stack.provider.requests()["in_flight"] >= number,
        timeout_seconds=60,
        what="the model calls",
    )


def wait_for_calls_to_end(stack: Stack) -> None:
    wait_for(
        lambda: not LlmCall.objects.filter(status="RUNNING").exists(),
        timeout_seconds=30,
        what="the model calls to end",
    )


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.thorough] * (name in ("llm", "beat")))
        for name in PROCESSES
    ],
)
def test_runs_outlive_a_whole_process(stack: Stack, name: str) -> None:
    stack.provider.control(behaviour=SLOW)
    for _ in range(5):
        stack.start_run()
    wait_for_calls(stack, 5)
    stack.fleet.kill(name)
    stack.fleet.wait_until(lambda: stack.deaths == 1 and stack.fleet.is_ready(name), what=name)
    if name != "llm":  # no call is as old as pass_time would make those that are still answered
        wait_for_calls_to_end(stack)
    stack.provider.control(behaviour="latency-0")
    pass_time()
    stack.audit(deaths=5)
    assert statuses() == {"COMPLETED"}
    lost = LedgerEntry.objects.filter(is_confirmed=False).count()
    assert lost == (5 if name == "llm" else 0)


def test_all_of_them_at_once(stack: Stack) -> None:
    for _ in range(10):
        stack.start_run()
    for name in PROCESSES:
        stack.fleet.kill(name)
    stack.fleet.wait_until(lambda: all(map(stack.fleet.is_ready, PROCESSES)), what="all of them")
    pass_time()
    stack.audit()
    assert statuses() == {"COMPLETED"}


def test_a_killed_child_is_replaced_soon(stack: Stack) -> None:
    stack.fleet.wait_until(lambda: len(stack.fleet.children("steps")) >= 2, what="two children")
    for victim in stack.fleet.children("steps"):
        before = set(stack.fleet.children("steps"))
        os.kill(victim, signal.SIGKILL)
        stack.fleet.wait_until(
            lambda before=before, victim=victim: (
                set(stack.fleet.children("steps")) - before
                and victim not in stack.fleet.children("steps")
            ),
            timeout_seconds=3,
            what="its successor",
        )


def test_children_that_die_before_their_worker_listens_are_replaced(stack: Stack) -> None:
    stack.fleet.kill("steps")
    stack.fleet.wait_until(lambda: stack.deaths == 1, what="the end of the worker of steps")
    stack.fleet.wait_until(lambda: stack.fleet.children("steps"), what="a child")
    os.kill(stack.fleet.children("steps")[0], signal.SIGKILL)
    stack.start_run()
    stack.audit(deaths=1)
    assert stack.deaths == 1
    assert statuses() == {"COMPLETED"}


@pytest.mark.parametrize(
    "point",
    [
        "after_claim@runs.execute_step",
        "after_claim@gateway.complete",
        "after_answer@gateway.complete",
        "after_claim@tools.execute",
        "after_answer@tools.execute",
    ],
)
def test_what_wakes_up_after_its_lease_is_fenced(stack: Stack, point: str) -> None:
    pool = {"runs": "steps", "gateway": "llm", "tools": "tools"}[
        point.partition("@")[2].partition(".")[0]
    ]
    stack.arm(point, how="STOP")
    run = stack.start_run()
    stack.wait_for_death()
    [(_, zombie)] = stack.fallen()
    with nullcontext() if pool == "steps" else stack.fleet.hired(pool):
        pass_time()
        stack.await_runs()
        os.kill(zombie, signal.SIGCONT)
        stack.fleet.wait_until(lambda: has_awoken(stack, point), what="the zombie's last words")
        stack.audit(deaths=1)
    run.refresh_from_db()
    assert run.status == "COMPLETED"


def has_awoken(stack: Stack, point: str) -> bool:
    """A model was asked twice, and both answers are booked; others leave no trace in the rows."""
    if "gateway" not in point:
        return True
    return LlmEvent.objects.filter(is_discarded=True).exists()


@pytest.mark.parametrize(
    "task",
    [
        "runs.execute_step",
        pytest.param("gateway.complete", marks=pytest.mark.thorough),
        "tools.execute",
    ],
)
def test_what_kills_each_of_its_workers_is_given_up_after_three(stack: Stack, task: str) -> None:
    stack.arm(f"after_claim@{task}", deaths=3)
    run = stack.start_run()
    for number in (1, 2, 3):
        stack.wait_for_death(number)
        pass_time()
    stack.hasten()
    stack.audit(within_seconds=3 * QUICK, deaths=3, poisoned=[run.id])
    run.refresh_from_db()
    assert (run.status, run.error["code"]) == ("FAILED", "worker_lost")
    again = retry_run(run=run, created_by=None, at=now())
    stack.await_runs()
    again.refresh_from_db()
    assert again.status == "COMPLETED"


def test_workers_that_are_told_to_stop_lose_nothing(stack: Stack) -> None:
    stack.provider.control(behaviour="latency-300")
    for _ in range(10):
        stack.start_run()
    for name in ("steps", "llm", "tools", "steps"):
        deaths = stack.deaths
        os.kill(stack.fleet.pid(name), signal.SIGTERM)
        stack.fleet.wait_until(
            lambda name=name, deaths=deaths: stack.deaths > deaths and stack.fleet.is_ready(name),
            what=f"another {name}",
        )
    stack.audit(whole_at=now(), given_back=10)
    assert statuses() == {"COMPLETED"}


def test_recoverers_at_once_are_as_good_as_one(stack: Stack) -> None:
    for _ in range(10):
        stack.start_run()
    stack.lose_messages()
    threads = [threading.Thread(target=copy_context().run, args=(recover_often,)) for _ in range(4)]
    pass_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stack.audit(deaths=0)
    assert statuses() == {"COMPLETED"}


def recover_often() -> None:
    from django.db import connections

    for _ in range(10):
        recover(at=now())
    connections.close_all()
