"""In the sandbox `lite` a program ends with its keeper, also when that is killed itself."""

import os
import select
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest

from agentplatform.core.wait import wait_for
from tests.integration.tools.processes import command_of, descendants_of, processes_with
from tests.integration.tools.sandboxes import as_ordinary, ordinary_python

PROGRAM = """
import os, time
for _ in range(3):
    os.fork()
time.sleep(60)
"""
PLACES = """
from pathlib import Path
from apps.tools.runners.lite.slots import Slots, sweep
slots = Slots(folder=Path({folder!r}), users=range(64310, 64312))
"""
WORKER = """
import threading
from apps.tools.runners.confine.programs import Interpreter
from apps.tools.runners.lite import start
from apps.tools.runners.lite.run import Place, run_job
from apps.tools.runners.sandbox import Job
start._KEEP = {keep}
python = Interpreter(language="python", path="/usr/bin/python3")
run_job(Place(slots=slots), python, Job(language="python", program={program!r}), threading.Event())
"""
AS_IT_IS = "start._KEEP"
STOPPED_BEFORE_THE_PROGRAM = """'''
import os, signal, sys
sys.path.insert(0, sys.argv.pop(1))
from apps.tools.runners.lite import keeper
real = keeper._prctl
def stop(option, *values):
    if option == keeper._PR_SET_PDEATHSIG:
        os.kill(os.getpid(), signal.SIGSTOP)
    real(option, *values)
keeper._prctl = stop
keeper.main(*map(int, sys.argv[1:]))
'''"""


USERS = ["this user", "an ordinary user"] if ordinary_python() else ["this user"]


class Place:
    """Where workers of one user hold their programs."""

    def __init__(self, folder, user):
        self.folder = folder / "lite"
        self._options = as_ordinary() if user == "an ordinary user" else {}
        self._python = ordinary_python() if self._options else sys.executable
        self._workers = []

    def work(self, keep):
        """A worker whose program forks, below a keeper that is so."""
        source = WORKER.format(keep=keep, program=PROGRAM)
        self._workers.append(self._start(source))
        return self._workers[-1]

    def sweep(self):
        assert self._start("sweep(slots)").wait() == 0

    def programs(self):
        return processes_with(f"{self.folder}/6431")

    def end(self):
        for worker in self._workers:
            worker.kill()
            worker.wait()
        self.sweep()

    def _start(self, source):
        places = PLACES.format(folder=str(self.folder))
        return subprocess.Popen([self._python, "-c", places + source], **self._options)


@pytest.fixture(params=USERS)
def place(request):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        place = Place(Path(folder), request.param)
        yield place
        place.end()


def keeper_of(worker):
    (keeper,) = wait_for(
        lambda: [pid for pid in descendants_of(worker.pid) if b"runners.lite" in command_of(pid)][
            :1
        ],
        timeout_seconds=30,
        what="the keeper",
    )
    return int(keeper)


def kill_both(worker, keeper):
    """Neither sees the other's end."""
    os.kill(keeper, signal.SIGSTOP)
    worker.kill()
    worker.wait()
    os.kill(keeper, signal.SIGKILL)


def is_stopped(pid):
    with suppress(OSError):
        return b"State:\tT" in Path(f"/proc/{pid}/status").read_bytes()
    return False


def test_all_of_a_program_ends_when_its_keeper_is_killed(place):
    worker = place.work(AS_IT_IS)
    keeper = keeper_of(worker)
    wait_for(lambda: len(place.programs()) == 8, timeout_seconds=30, what="the program")
    os.kill(keeper, signal.SIGKILL)
    assert worker.wait(30) == 0
    assert place.programs() == []


def test_what_a_worker_leaves_that_is_killed_with_a_keeper_is_swept_by_the_next(place):
    worker = place.work(AS_IT_IS)
    keeper = keeper_of(worker)
    wait_for(lambda: len(place.programs()) == 8, timeout_seconds=30, what="the program")
    kill_both(worker, keeper)
    place.sweep()
    assert place.programs() == []
    assert [path for path in place.folder.iterdir() if path.is_dir()] == []


def test_a_program_whose_keeper_is_killed_before_it_begins_never_begins(place):
    worker = place.work(STOPPED_BEFORE_THE_PROGRAM)
    keeper = keeper_of(worker)
    (program,) = wait_for(
        lambda: [int(pid) for pid in descendants_of(keeper) if is_stopped(pid)],
        timeout_seconds=30,
        what="the program's process",
    )
    kill_both(worker, keeper)
    held = os.pidfd_open(program)
    signal.pidfd_send_signal(held, signal.SIGCONT)
    assert select.select([held], [], [], 30)[0]
    os.close(held)
