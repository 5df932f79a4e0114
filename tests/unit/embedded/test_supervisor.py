"""The supervisor: restarts what dies, and leaves nothing running."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agentplatform.core.wait import wait_for
from agentplatform.embedded.errors import StackError
from agentplatform.embedded.program import Program, remember, spawn, started_at, stop_leftovers
from agentplatform.embedded.supervisor import Supervisor

FOREVER = "import signal; print('up', flush=True); signal.pause()"
STUBBORN = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('up', flush=True); signal.pause(); signal.pause()"
)
PARENT = (
    "import subprocess, sys, signal;"
    "child = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()']);"
    "print(child.pid, flush=True); signal.pause()"
)
Make = Callable[..., Program]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def make_program(code: str, name: str = "one", **options: object) -> Program:
        return Program(
            name=name,
            command=(sys.executable, "-c", code),
            environment=dict(os.environ),
            folder=tmp_path,
            log=tmp_path / f"{name}.log",
            **options,  # type: ignore[arg-type]
        )

    return make_program


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, said: list[str]) -> Iterator[Supervisor]:
    supervisor = Supervisor(run_folder=tmp_path, say=said.append)
    yield supervisor
    supervisor.stop()


def has_written(program: Program) -> Callable[[], bool]:
    return lambda: program.log.exists() and program.log.stat().st_size > 0


def is_alive(pid: int) -> bool:
    return bool(started_at(pid))


def test_a_killed_program_is_started_again(supervisor: Supervisor, make: Make) -> None:
    supervisor.start(make(FOREVER))
    first = supervisor.pids()["one"]
    os.kill(first, signal.SIGKILL)
    supervisor.wait_until(
        lambda: supervisor.pids().get("one", first) != first, timeout_seconds=10, what="a restart"
    )


def test_a_program_that_keeps_dying_is_explained_with_its_log(
    supervisor: Supervisor, make: Make, said: list[str]
) -> None:
    supervisor.start(make("raise SystemExit('the reason')"))
    supervisor.wait_until(
        lambda: any("keeps stopping" in line and "the reason" in line for line in said),
        timeout_seconds=20,
        what="the explanation",
    )


def test_a_program_that_dies_before_it_is_ready_is_an_error_with_its_log(
    supervisor: Supervisor, make: Make
) -> None:
    supervisor.start(make("raise SystemExit('the reason')"))
    with pytest.raises(StackError, match="the reason"):
        supervisor.wait_ready("one", lambda: False, timeout_seconds=10)


def test_stopping_leaves_nothing_running(supervisor: Supervisor, make: Make) -> None:
    program = make(PARENT)
    supervisor.start(program)
    wait_for(has_written(program), timeout_seconds=10, what="the grandchild")
    pids = [supervisor.pids()["one"], int(program.log.read_text())]
    supervisor.stop()
    wait_for(
        lambda: not any(map(is_alive, pids)), timeout_seconds=10, what="child and grandchild to end"
    )


def test_what_does_not_stop_in_time_is_killed(supervisor: Supervisor, make: Make) -> None:
    program = make(STUBBORN, grace_seconds=0.2)
    supervisor.start(program)
    wait_for(has_written(program), timeout_seconds=10, what="the program")
    pid = supervisor.pids()["one"]
    supervisor.stop()
    assert not is_alive(pid)


def test_the_lower_stage_stops_last(supervisor: Supervisor, make: Make, tmp_path: Path) -> None:
    order = tmp_path / "order"
    code = (
        "import signal, sys\n"
        f"def stop(*_): open({str(order)!r}, 'a').write(sys.argv[1]); sys.exit()\n"
        "signal.signal(signal.SIGTERM, stop); print('up', flush=True); signal.pause()"
    )
    for name, stage in (("server", 0), ("web", 1)):
        program = make(code, name, stage=stage)
        program = Program(**{**vars(program), "command": (*program.command, name)})
        supervisor.start(program)
        wait_for(has_written(program), timeout_seconds=10, what=name)
    supervisor.stop()
    assert order.read_text() == "webserver"


def test_a_child_stops_when_its_supervisor_is_killed(tmp_path: Path) -> None:
    code = f"""
import os, signal, sys
from pathlib import Path
from agentplatform.embedded.program import Program, spawn
folder = Path({str(tmp_path)!r})
program = Program(name="one", command=(sys.executable, "-c", {FOREVER!r}),
                  environment=dict(os.environ), folder=folder, log=folder / "one.log")
print(spawn(program).pid, flush=True)
signal.pause()
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        wait_for(lambda: (tmp_path / "one.log").read_text(), timeout_seconds=10, what="the child")
        parent.kill()
    wait_for(lambda: not is_alive(child), timeout_seconds=10, what="the child to end")


DEAF = """
import os, signal
from pathlib import Path
from agentplatform.embedded.supervisor import Supervisor, interrupt_on_signals

interrupt_on_signals()
os.register_at_fork(after_in_parent=lambda: os.kill(os.getpid(), signal.SIGTERM))
if os.fork() == 0:
    os._exit(0)
print("forked", flush=True)
try:
    while True:
        Supervisor(run_folder=Path(), say=print).tick()
except KeyboardInterrupt:
    print("stopped")
"""


def test_a_signal_that_comes_amid_a_fork_is_heard() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", DEAF], capture_output=True, text=True, timeout=30, check=True
    )
    assert ended.stdout == "forked\nstopped\n", ended.stderr


def test_what_an_earlier_start_left_is_stopped(make: Make, tmp_path: Path) -> None:
    program = make(FOREVER)
    with spawn(program) as left:
        remember(tmp_path, program, left.pid)
        wait_for(has_written(program), timeout_seconds=10, what="the program")
        assert stop_leftovers(tmp_path) == ["one"]
        assert left.wait(10) == -signal.SIGTERM
    assert list(tmp_path.glob("*.pid")) == []


def test_a_reused_process_id_is_left_alone(make: Make, tmp_path: Path) -> None:
    program = make(FOREVER)
    with spawn(program) as stranger:
        remember(tmp_path, program, stranger.pid)
        path = tmp_path / "one.pid"
        pid, _, rest = path.read_text().partition(" ")
        path.write_text(f"{pid} another-boot/1 {rest.rpartition(' ')[2]}")
        assert stop_leftovers(tmp_path) == []
        assert stranger.poll() is None
        stranger.terminate()
