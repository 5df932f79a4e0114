"""Interpreters that wait for their one program: quick, and not to be told from a fresh one."""

import json
import os
import subprocess
import sys
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from agentplatform.core.wait import wait_for
from apps.tools.runners.bubblewrap.cell import Cell, Kind
from apps.tools.runners.bubblewrap.equipment import find_equipment
from apps.tools.runners.bubblewrap.pool import MOST_KINDS, WarmPool, close_pools, warm_pool
from apps.tools.runners.bubblewrap.sandbox import BubblewrapSandbox
from apps.tools.runners.limits import Limits
from apps.tools.runners.sandbox import Job

SIZE = 1


@pytest.fixture(scope="module")
def sandbox():
    yield BubblewrapSandbox(pool_size=SIZE)
    close_pools()


@pytest.fixture
def warm(sandbox):
    """`warm(program)`: run it in a cell that has waited."""

    def run(program, *, language="python", **more):
        job = Job(language=language, program=program, **more)
        pool = warm_pool(SIZE)
        kind, groups = sandbox._kind(language, job.limits)
        first = pool.take(kind, partial(Cell, kind, groups, is_warm=True))
        if first is not None:
            with first:
                pass
        wait_for(lambda: pool.has(kind), timeout_seconds=20, every_seconds=0.005, what="a cell")
        outcome = sandbox.run(job, stop=threading.Event())
        for file in outcome.files:
            file.content.close()
        return outcome

    return run


@pytest.fixture
def kind():
    equipment = find_equipment(bubblewrap_path="", sandbox_python="")
    return Kind(bwrap=equipment.bwrap, interpreter=equipment.python, limits=Limits())


@pytest.fixture
def start(kind):
    groups = find_equipment(bubblewrap_path="", sandbox_python="").groups
    return partial(Cell, kind, groups, is_warm=True)


@pytest.fixture
def pool():
    made = []

    def make(size, **more):
        made.append(WarmPool(size, **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


def is_gone(cell):
    return not Path(f"/proc/{cell.inside.init}").exists()


def test_a_cell_is_taken_once_and_another_is_started(pool, kind, start):
    cells = pool(2)
    assert cells.take(kind, start) is None
    wait_for(lambda: cells.waiting == 2, timeout_seconds=20, what="two cells")
    taken = [cells.take(kind, start) for _ in range(2)]
    assert taken[0] is not taken[1]
    wait_for(lambda: cells.waiting == 2, timeout_seconds=20, what="two others")
    for cell in taken:
        with cell:
            assert cell.is_alive()


def test_while_others_wait_a_call_is_not_kept_from_the_processor(pool, kind, start):
    cells = pool(2, polite_seconds=3600)
    assert cells.take(kind, start) is None
    wait_for(lambda: cells.waiting == 1, timeout_seconds=20, what="a cell")
    with cells.take(kind, start):
        wait_for(lambda: cells.waiting == 1, timeout_seconds=20, what="one in place of the last")
    assert not cells.is_idle


def test_a_cell_that_has_died_is_not_given_out(pool, kind, start):
    cells = pool(1)
    cells.take(kind, start)
    wait_for(lambda: cells.waiting, timeout_seconds=20, what="a cell")
    cells._shelves[kind].cells[0][1].inside.kill()
    cells._shelves[kind].cells[0][1].inside.wait_dead()
    assert cells.take(kind, start) is None
    wait_for(lambda: cells.waiting, timeout_seconds=20, what="another")


def test_a_cell_does_not_grow_old(pool, kind, start):
    cells = pool(1, oldest_seconds=0.2)
    cells.take(kind, start)
    wait_for(lambda: cells.waiting, timeout_seconds=20, what="a cell")
    first = cells._shelves[kind].cells[0][1]
    wait_for(lambda: is_gone(first) and cells.waiting, timeout_seconds=20, what="a younger one")


def test_kinds_beyond_the_most_wait_for_a_place(pool, kind, start):
    def kind_of(number):
        return replace(kind, limits=replace(kind.limits, processes=100 + number))

    def ask(number):
        taken = cells.take(kind_of(number), start)
        if taken is not None:
            with taken:
                pass

    cells = pool(1, idle_seconds=2)
    for number in range(MOST_KINDS + 1):
        ask(number)
    wait_for(lambda: cells.waiting == MOST_KINDS, timeout_seconds=20, what="a cell of each")
    assert not cells.has(kind_of(MOST_KINDS))
    wait_for(
        lambda: cells.has(kind_of(MOST_KINDS)) or ask(MOST_KINDS),
        timeout_seconds=20,
        what="a place",
    )
    wait_for(lambda: not cells.has(kind_of(0)), timeout_seconds=20, what="the idle kind to go")


def test_a_closed_pool_leaves_nothing(pool, kind, start):
    cells = pool(1)
    cells.take(kind, start)
    wait_for(lambda: cells.waiting, timeout_seconds=20, what="a cell")
    cell = cells._shelves[kind].cells[0][1]
    cells.close()
    assert is_gone(cell)
    assert cells.take(kind, start) is None


def test_waiting_cells_do_not_outlive_a_killed_worker(tmp_path):
    marker = f"waiting-{os.getpid()}"
    script = (
        "import threading, time\n"
        "from apps.tools.runners.bubblewrap.pool import warm_pool\n"
        "from apps.tools.runners.bubblewrap.sandbox import BubblewrapSandbox\n"
        "from apps.tools.runners.sandbox import Job\n"
        "BubblewrapSandbox(pool_size=2).run(\n"
        "    Job(language='python', program='1'), stop=threading.Event())\n"
        "while warm_pool(2).waiting < 2: time.sleep(0.01)\n"
        "cells = [c for s in warm_pool(2)._shelves.values() for _, c in s.cells]\n"
        "print(*[c.inside.init for c in cells], flush=True)\n"
        "time.sleep(600)\n"
    )
    root = Path(__file__).parents[3]
    (tmp_path / f"{marker}.py").write_text(script)
    worker = subprocess.Popen(
        [sys.executable, str(tmp_path / f"{marker}.py")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(root), *sys.path])},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        pids = worker.stdout.readline().split()
        assert len(pids) == 2
    finally:
        worker.kill()
        worker.communicate()
    wait_for(
        lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids),
        timeout_seconds=5,
        what="their end",
    )


def test_a_program_cannot_tell_a_warm_interpreter(warm):
    outcome = warm(
        "import atexit, json, os, sys\n"
        "atexit.register(print, 'bye')\n"
        "print(json.dumps([sys.argv, sys.path[0], __file__, __name__, sorted(os.environ),\n"
        "    sorted(os.listdir('/proc/self/fd')), json.load(sys.stdin)]))\n"
        "raise SystemExit(3)",
        stdin=b'{"a": 1}',
    )
    lines = outcome.stdout.decode().splitlines()
    assert json.loads(lines[0]) == [
        ["/program/main.py"],
        "/program",
        "/program/main.py",
        "__main__",
        ["HOME", "LANG", "PATH", "PWD", "PYTHONDONTWRITEBYTECODE", "TMPDIR"],
        ["0", "1", "2", "3"],
        {"a": 1},
    ]
    assert lines[1] == "bye"
    assert (outcome.status, outcome.exit_code) == ("error", 3)


def test_a_traceback_of_a_warm_interpreter_shows_the_line(warm):
    outcome = warm("def divide(x):\n    return 1 / x\n\ndivide(0)\n")
    assert b'File "/program/main.py", line 2, in divide\n    return 1 / x' in outcome.stderr


def test_each_warm_interpreter_draws_its_own_chance(warm):
    program = "import random; print(hash('a'), random.random())"
    assert len({warm(program).stdout for _ in range(3)}) == 3


def test_a_warm_interpreter_can_start_others_of_its_kind(warm):
    program = (
        "import multiprocessing, subprocess, sys\n"
        "def square(x): return x * x\n"
        "if __name__ == '__main__':\n"
        "    with multiprocessing.get_context('spawn').Pool(2) as pool:\n"
        "        print(pool.map(square, [1, 2, 3]))\n"
        "    print(subprocess.check_output([sys.executable, '-c', 'print(7)'], text=True))\n"
    )
    assert warm(program).stdout.split() == [b"[1,", b"4,", b"9]", b"7"]


def test_a_warm_node_reads_its_input(warm):
    program = "console.log(require('fs').readFileSync(0, 'utf8'), process.execArgv.length)"
    assert warm(program, language="node", stdin=b"hello").stdout == b"hello 2\n"
