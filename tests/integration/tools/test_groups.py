"""What holds a call's processes together, by whichever means this machine has."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from apps.tools.runners.bubblewrap.cell import Cell, Kind
from apps.tools.runners.bubblewrap.equipment import find_equipment
from apps.tools.runners.confine.groups.find import find_groups
from apps.tools.runners.confine.groups.group import ByAffinity
from apps.tools.runners.confine.groups.owner import PREFIX, new_name, remove, sweep
from apps.tools.runners.confine.supervise import supervise
from apps.tools.runners.limits import MEGABYTE, Limits
from apps.tools.runners.sandbox import SandboxUnavailable

BUSY = """
import os, time
def burn(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end: pass
children = [os.fork() for _ in range(2)]
if 0 in children:
    burn(0.8); os._exit(0)
for child in children: os.waitpid(child, 0)
used = os.times()
print(used.children_user + used.children_system)
"""


@pytest.fixture(params=["found", "affinity"])
def groups(request):
    return find_groups("") if request.param == "found" else ByAffinity()


@pytest.fixture
def run(groups):
    equipment = find_equipment(bubblewrap_path="", sandbox_python="")

    def run(program, limits=None, stdin=b""):
        limits = limits or Limits(wall_seconds=10)
        kind = Kind(bwrap=equipment.bwrap, interpreter=equipment.python, limits=limits)
        with Cell(kind, groups) as cell:
            cell.begin(program=program.encode(), stdin=stdin)
            ended = supervise(cell, limits, threading.Event())
            return ended, cell.inside.has_run_out(limits), cell.inside

    return run


def test_a_call_keeps_one_processor_busy(run):
    ended, _, _ = run(BUSY)
    assert float(ended.stdout) < 1.2


def test_memory_of_all_processes_counts_together(run):
    program = (
        "import os, time\n"
        "for _ in range(4):\n"
        "    if os.fork() == 0: x = b'x' * (40 << 20); time.sleep(60)\n"
        "time.sleep(60)"
    )
    ended, has_run_out, _ = run(program, Limits(wall_seconds=10, memory_bytes=100 * MEGABYTE))
    assert ended.broken == "memory_exceeded" or has_run_out


def test_what_a_call_used_is_measured(run):
    program = "import time\nx = b'x' * (30 << 20)\nwhile time.process_time() < 0.3: pass"
    _, has_run_out, inside = run(program)
    assert not has_run_out
    assert inside.peak_memory_bytes > 30 * MEGABYTE
    assert 150 <= inside.cpu_ms < 3000


def test_nothing_of_a_group_is_left(run):
    run("print(1)")
    mine = f"{PREFIX}-{os.getpid()}-"
    folders = (Path(folder).name for folder, *_ in os.walk("/sys/fs/cgroup"))
    assert [name for name in folders if name.startswith(mine)] == []


def test_the_starting_thread_is_where_it_was(groups):
    before = Path("/proc/thread-self/cgroup").read_text(), os.sched_getaffinity(0)
    group = groups.make(Limits())
    with group.starting():
        pass
    group.close()
    assert (Path("/proc/thread-self/cgroup").read_text(), os.sched_getaffinity(0)) == before


def test_the_groups_of_dead_workers_are_swept_and_others_are_not(tmp_path):
    dead = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True
    ).stdout.strip()
    own = new_name()
    for name in (f"{PREFIX}-{dead}-123-0", f"{PREFIX}-{os.getpid()}-1-0", own, "another"):
        (tmp_path / name).mkdir()
    sweep(str(tmp_path))
    assert {path.name for path in tmp_path.iterdir()} == {own, "another"}


def test_a_configured_group_that_does_not_work_is_named(tmp_path):
    with pytest.raises(SandboxUnavailable, match=f"SANDBOX_CGROUP names {tmp_path}"):
        find_groups(str(tmp_path))


def test_a_group_that_cannot_be_removed_is_not_waited_for(tmp_path):
    path = tmp_path / "no-folder"
    path.touch()
    with pytest.raises(NotADirectoryError):
        remove(str(path))
