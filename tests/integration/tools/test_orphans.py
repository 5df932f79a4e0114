"""A worker, or bwrap itself, that is killed while a jail is being built leaves nothing behind."""

import fcntl
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from agentplatform.core.wait import wait_for
from apps.tools.runners.bubblewrap.cell import Cell, Kind
from apps.tools.runners.bubblewrap.equipment import find_equipment
from apps.tools.runners.bubblewrap.jail import Descriptors, Jail, bwrap_arguments
from apps.tools.runners.bubblewrap.orphans import sweep_orphans
from apps.tools.runners.bubblewrap.process import filter_file, new_user, started
from apps.tools.runners.limits import Limits
from apps.tools.runners.sandbox import SandboxDied
from tests.integration.tools.processes import command_of, descendants_of, is_alive, processes_with

RUN_CODE = """
from apps.tools.runners.bubblewrap.cell import Cell, Kind
from apps.tools.runners.bubblewrap.equipment import find_equipment
from apps.tools.runners.limits import Limits

equipment = find_equipment(bubblewrap_path="", sandbox_python="")
kind = Kind(bwrap={bwrap!r}, interpreter=equipment.python, limits=Limits(work_bytes={work_bytes}))
Cell(kind, equipment.groups)
"""

RUN_BROWSER = """
import django
django.setup()
from apps.tools.runners.browser.show import run_browser
from tests.integration.tools.works import make_work

run_browser(make_work({{"html": "<p>", "actions": []}}, timeout_seconds=60))
"""

BWRAP = """#!/bin/sh
case "$*" in *" --size {work_bytes} "* | *--remote-debugging-pipe*) kill -STOP $$ ;; esac
exec {bwrap} "$@"
"""


@pytest.fixture
def work_bytes():
    """A size that only this process's jails have, by which they are found."""
    return 40_000_000 + os.getpid()


@pytest.fixture
def bwrap():
    return find_equipment(bubblewrap_path="", sandbox_python="").bwrap


@pytest.fixture
def slow_bwrap(bwrap, work_bytes):
    """It waits to be continued before it starts the jail. Any user may run it, which pytest's own
    folders do not allow."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "bwrap"
        program.write_text(BWRAP.format(bwrap=bwrap, work_bytes=work_bytes))
        for path in (program, program.parent):
            path.chmod(0o755)
        yield program


def jails(work_bytes):
    return [int(pid) for pid in processes_with(f"--size\0{work_bytes}\0")]


def state_of(pid):
    """As proc(5) names it; empty when the process is gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return ""


@pytest.mark.parametrize("worker", [RUN_CODE, RUN_BROWSER], ids=["code", "browser"])
def test_a_jail_whose_worker_is_killed_before_it_is_built_ends(worker, slow_bwrap, work_bytes):
    program = worker.format(bwrap=str(slow_bwrap), work_bytes=work_bytes)
    environment = {**os.environ, "BUBBLEWRAP_PATH": str(slow_bwrap)}
    with subprocess.Popen([sys.executable, "-c", program], env=environment) as process:
        try:
            (jail,) = wait_for(
                lambda: stopped_below(process.pid), timeout_seconds=60, what="the jail's start"
            )
            marker = profile_of(jail) or str(work_bytes)
        finally:
            process.kill()
    os.kill(jail, signal.SIGCONT)
    wait_for(lambda: not processes_with(marker), timeout_seconds=30, what="the jail to end")


def stopped_below(pid):
    return [int(child) for child in descendants_of(pid) if state_of(child) == "T"]


def profile_of(jail):
    """The folder that only this browser has."""
    arguments = command_of(jail).decode().split("\0")
    return next((each for each in arguments if each.startswith("--user-data-dir=")), "")


@contextmanager
def unfinished_jail(bwrap, work_bytes):
    """bwrap, which cannot tell of its child as it should, and the child, which waits for it."""
    with ExitStack() as held:
        source, target = os.pipe()
        held.callback(os.close, source)
        held.callback(os.close, target)
        room = fcntl.fcntl(target, fcntl.F_GETPIPE_SZ)
        os.write(target, bytes(room))
        descriptors = Descriptors(
            filter=held.enter_context(filter_file("code")).fileno(),
            info=target,
            block=source,
            data={},
        )
        arguments = bwrap_arguments(
            Jail(limits=Limits(work_bytes=work_bytes)),
            descriptors=descriptors,
            command=("/bin/true",),
        )
        nothing = held.enter_context(Path(os.devnull).open("rb"))
        with started(bwrap, arguments, descriptors, nothing, user=new_user()) as outer:
            try:
                wait_for(lambda: len(jails(work_bytes)) == 2, timeout_seconds=30, what="its child")
                (inner,) = set(jails(work_bytes)) - {outer.pid}
                yield outer, inner
            finally:
                outer.kill()
                sweep_orphans()
                wait_for(lambda: not jails(work_bytes), timeout_seconds=30, what="their end")


def test_what_bwrap_leaves_when_it_is_killed_is_swept(bwrap, work_bytes):
    with unfinished_jail(bwrap, work_bytes) as (outer, inner):
        outer.kill()
        outer.wait()
        sweep_orphans()
        wait_for(lambda: not is_alive(inner), timeout_seconds=30, what="the orphan to die")


def test_a_jail_whose_bwrap_lives_is_no_orphan(bwrap, work_bytes):
    with unfinished_jail(bwrap, work_bytes) as (outer, inner):
        sweep_orphans()
        assert is_alive(outer.pid)
        assert is_alive(inner)
        assert state_of(inner) == "S"


def test_a_worker_sweeps_before_it_tries_its_sandbox_out(bwrap, work_bytes):
    with unfinished_jail(bwrap, work_bytes) as (outer, inner):
        outer.kill()
        outer.wait()
        find_equipment.__wrapped__(bubblewrap_path="", sandbox_python="")
        wait_for(lambda: not is_alive(inner), timeout_seconds=30, what="the orphan to die")


DYING_BWRAP = """#!{python}
import fcntl, os, signal, sys, time
info = int(sys.argv[sys.argv.index("--info-fd") + 1])
reader, full = os.pipe()
os.write(full, bytes(fcntl.fcntl(full, fcntl.F_GETPIPE_SZ)))
told = [(os.POSIX_SPAWN_DUP2, full, info)]
pid = os.posix_spawn({bwrap!r}, sys.argv, {{}}, file_actions=told)
while not open(f"/proc/{{pid}}/task/{{pid}}/children").read():
    time.sleep(0.01)
os.kill(pid, signal.SIGKILL)
"""


def test_bwrap_that_is_killed_as_it_starts_a_jail_is_reported_and_leaves_nothing(
    slow_bwrap, bwrap, work_bytes
):
    slow_bwrap.write_text(DYING_BWRAP.format(python="/usr/bin/python3", bwrap=bwrap))
    equipment = find_equipment(bubblewrap_path="", sandbox_python="")
    limits = Limits(work_bytes=work_bytes)
    kind = Kind(bwrap=str(slow_bwrap), interpreter=equipment.python, limits=limits)
    with pytest.raises(SandboxDied):
        Cell(kind, equipment.groups)
    assert not jails(work_bytes)
