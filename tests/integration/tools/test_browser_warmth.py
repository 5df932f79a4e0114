"""Browsers that stay for the next call of their run, and for nobody else."""

import dataclasses
import gc
import os
import signal
import threading
import uuid
from pathlib import Path

import pytest

from agentplatform.core.wait import wait_for
from apps.tools.runners.browser import driver
from apps.tools.runners.browser.show import close_warm_browsers, run_browser
from apps.tools.runners.limits import Limits
from tests.integration.tools.processes import descendants_of, is_alive, is_browser, is_driver
from tests.integration.tools.works import make_work


def browsers():
    return {pid for pid in descendants_of(os.getpid()) if is_browser(pid)}


@pytest.fixture(autouse=True)
def warmth(settings):
    """`warmth(seconds)`: how long browsers stay warm; what is left of them ends with the test."""

    def stay(seconds):
        settings.PLATFORM = settings.PLATFORM.model_copy(update={"browser_warm_seconds": seconds})

    stay(30)
    yield stay
    close_warm_browsers()


@pytest.fixture
def of_run(keep):
    """`of_run(caller, html)`: a page in a call of the same run."""

    def run(caller, html="<p>", **changes):
        work = make_work({"html": html, "actions": []}, timeout_seconds=30)
        changed = dataclasses.replace(work, caller=caller, **changes)
        return keep(run_browser(changed))

    return run


@pytest.fixture
def caller():
    return make_work({}, timeout_seconds=1).caller


def test_calls_of_one_run_share_a_browser_but_no_context(of_run, caller):
    of_run(caller, "<script>window.name = 'left'</script>")
    first = browsers()
    ran = of_run(caller, "<script>console.log(`<${window.name}>`)</script>")
    assert ran.stdout == "log: <>"
    assert first
    assert browsers() == first


@pytest.mark.parametrize("changed", ["tenant_id", "run_id"])
def test_nobody_else_gets_the_browser(of_run, caller, changed):
    of_run(caller)
    first = browsers()
    of_run(dataclasses.replace(caller, **{changed: uuid.uuid4()}))
    assert not browsers() & first


@pytest.mark.thorough
def test_other_limits_are_another_browser(of_run, caller):
    of_run(caller)
    first = browsers()
    of_run(caller, limits=Limits(wall_seconds=30, memory_bytes=1024 << 20))
    assert not browsers() & first


@pytest.mark.thorough
def test_an_idle_browser_is_closed(of_run, caller, warmth):
    warmth(0.1)
    of_run(caller)
    wait_for(lambda: not browsers(), timeout_seconds=10, what="its end")


@pytest.mark.thorough
def test_without_warmth_nothing_stays(of_run, caller, warmth):
    warmth(0)
    of_run(caller)
    assert browsers() == set()


@pytest.mark.thorough
def test_two_calls_of_a_run_at_once_have_a_browser_each(of_run, caller):
    found = []
    busy = "<script>const until = Date.now() + 1500; while (Date.now() < until);</script>"
    threads = [
        threading.Thread(target=lambda: found.append(of_run(caller, busy).status)) for _ in "ab"
    ]
    for thread in threads:
        thread.start()
    wait_for(lambda: len(browsers()) == 2, timeout_seconds=30, what="two browsers")
    for thread in threads:
        thread.join()
    assert found == ["ok", "ok"]


@pytest.mark.thorough
def test_a_call_after_a_killed_one_has_a_new_browser(of_run, caller):
    stop = threading.Event()
    threading.Timer(1.0, stop.set).start()
    assert of_run(caller, "<script>while (true);</script>", stop=stop).status == "killed"
    assert of_run(caller).status == "ok"


@pytest.mark.thorough
@pytest.mark.parametrize("victim", [is_browser, is_driver])
def test_what_died_while_it_was_idle_is_replaced(of_run, caller, victim):
    of_run(caller)
    dead = [pid for pid in descendants_of(os.getpid()) if victim(pid)]
    for pid in dead:
        os.kill(int(pid), signal.SIGKILL)
    wait_for(lambda: not any(map(is_alive, dead)), timeout_seconds=10, what="its end")
    assert of_run(caller).status == "ok"


def test_a_page_cannot_flood_the_worker(of_run, caller, monkeypatch):
    monkeypatch.setattr(driver, "MOST_MESSAGE_BYTES", 1 << 20)
    ran = of_run(caller, "<script>document.title = 'x'.repeat(2 << 20)</script>")
    assert ran.status == "error"
    assert of_run(caller).status == "ok"


@pytest.mark.thorough
def test_a_lost_driver_is_no_unexpected_error(of_run, caller, caplog):
    of_run(caller)
    for pid in descendants_of(os.getpid()):
        if is_driver(pid):
            os.kill(int(pid), signal.SIGKILL)
    assert of_run(caller).status == "ok"
    gc.collect()
    assert [record for record in caplog.records if record.name == "asyncio"] == []


def test_the_driver_is_told_nothing_of_the_worker(of_run, caller):
    of_run(caller)
    drivers = [pid for pid in descendants_of(os.getpid()) if is_driver(pid)]
    told = [Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") for pid in drivers]
    names = {entry.partition(b"=")[0] for entries in told for entry in entries}
    assert b"HOME" in names
    assert not [name for name in names if b"DJANGO" in name or b"PYTEST" in name]
