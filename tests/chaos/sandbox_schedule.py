"""Calls in sandboxes, whose worker or any other process of theirs is killed at a random moment.

    python -m tests.chaos.sandbox_schedule BACKEND ROUNDS SEED

It prints what the rounds have left, and which of them never ended, as one line of JSON. Every round
is a fork of this process, which has tried the sandbox out and never uses it itself.
"""

import atexit
import json
import os
import random
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings

from agentplatform.core.wait import wait_for
from apps.tools.egress.rules import parse_rules
from apps.tools.egress.session import Egress
from apps.tools.runners.backends import choose_sandbox
from apps.tools.runners.browser.script import run_script
from apps.tools.runners.browser.show import run_browser
from apps.tools.runners.bubblewrap.pool import close_pools
from apps.tools.runners.confine.groups.find import find_groups
from apps.tools.runners.limits import Limits
from apps.tools.runners.lite.sandbox import LiteSandbox
from apps.tools.runners.lite.slots import sweep
from apps.tools.runners.sandbox import Job
from tests.integration.tools.processes import command_of
from tests.integration.tools.works import make_work
from tests.security.leftovers import become_subreaper, descendants, describe, mounts, names_in

PYTHON = """
import os, subprocess, sys, time
open("artifacts/a", "w").write("x")
if os.fork() == 0:
    os.fork(); time.sleep({seconds})
subprocess.run([sys.executable, "-c", "import time; time.sleep({seconds})"])
"""
NODE = """
require("child_process").spawn("sleep", ["{seconds}"], {{detached: true}});
setTimeout(() => console.log(1), {seconds} * 500);
"""
NETWORK = """
import urllib.request
for _ in range(3):
    try: urllib.request.urlopen("http://nowhere.example.com/")
    except OSError as error: print(error)
"""
PAGE = {"html": "<p>", "actions": [{"action": "screenshot", "name": "a.png"}]}
SCRIPT = {"script": "page.screenshot(path='/box/artifacts/a.png')"}
DURATIONS = (0.02, 0.2, 60.0)
LIMITS = Limits(wall_seconds=5.0)
DEATH_SECONDS, ROUND_SECONDS = 10.0, 120.0


def run_program(rng: random.Random, program: str, **wanted: object) -> None:
    text = program.format(seconds=rng.choice(DURATIONS))
    job = Job(**{"language": "python", "program": text, "limits": LIMITS, **wanted})  # type: ignore[arg-type]
    choose_sandbox().run(job, stop=threading.Event())


CALLS: dict[str, Callable[[random.Random], object]] = {
    "python": lambda rng: run_program(rng, PYTHON),
    "other limits": lambda rng: run_program(rng, PYTHON, limits=Limits(wall_seconds=4.0)),
    "session": lambda rng: run_program(rng, PYTHON, keeps_workspace=True),
    "node": lambda rng: run_program(rng, NODE, language="node"),
}
BUBBLEWRAP_CALLS: dict[str, Callable[[random.Random], object]] = {
    "network": lambda rng: run_program(
        rng, NETWORK, egress=Egress(rules=parse_rules("*.example.com"))
    ),
    "browser": lambda _: run_browser(make_work(PAGE, timeout_seconds=20)),
    "script": lambda _: run_script(make_work(SCRIPT, timeout_seconds=20)),
}
VICTIMS: dict[str, Callable[[int], bool]] = {
    "any": lambda _: True,
    "driver": lambda pid: b"run-driver" in command_of(pid),
    "bwrap": lambda pid: b"bwrap" in command_of(pid).partition(b"\0")[0],
    "keeper": lambda pid: b"lite.keeper" in command_of(pid),
}


def work(backend: str, seed: int) -> None:
    """Be a worker that works on two calls at once, twice."""
    rng = random.Random(seed)
    calls = [*CALLS.values(), *(BUBBLEWRAP_CALLS.values() if backend == "bubblewrap" else ())]

    def call_twice(own: random.Random) -> None:
        for _ in range(2):
            with suppress(Exception):  # that a process of theirs was killed may fail them
                own.choice(calls)(own)

    lanes = [
        threading.Thread(target=call_twice, args=(random.Random(rng.random()),)) for _ in range(2)
    ]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    close_pools()
    atexit._run_exitfuncs()


@contextmanager
def worker_of(backend: str, seed: int) -> Iterator[int]:
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            work(backend, seed)
        finally:
            os._exit(0)
    try:
        yield pid
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def kill_some(worker: int, usual: set[int], rng: random.Random) -> list[str]:
    """Kill the worker, a process below it, or both. What was killed, in words."""
    time.sleep(rng.choice([rng.uniform(0, 0.05), rng.uniform(0, 0.3), rng.uniform(0, 1.5)]))
    is_victim = VICTIMS[rng.choice(list(VICTIMS))]
    below = [pid for pid in sorted(descendants() - usual - {worker}) if is_victim(pid)]
    chosen = rng.sample(below, min(len(below), rng.choice([0, 1, 1, 2])))
    if rng.random() < 0.6 or not chosen:
        chosen.append(worker)
    rng.shuffle(chosen)
    told = [describe(pid) if pid != worker else "the worker" for pid in chosen]
    for pid in chosen:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return told


def things() -> set[str]:
    """Mounts and files of sandboxes."""
    folder = str(settings.PLATFORM.sandbox_lite_folder)
    found = {one.split(" ", 3)[3] for one in mounts() if folder in one}
    if Path(folder).exists():
        found |= {name for name in names_in(folder) if not name.endswith(".lock")}
    return found


def sweep_as_a_worker_that_starts() -> None:
    sandbox = choose_sandbox()
    find_groups.__wrapped__(settings.PLATFORM.sandbox_cgroup)
    if isinstance(sandbox, LiteSandbox):
        sweep(sandbox._place.slots)


def collect() -> None:
    """Bury the dead."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def play_round(backend: str, rng: random.Random, usual: set[int]) -> list[str]:
    """One worker's life. What is wrong afterwards."""

    def is_clean() -> bool:
        collect()
        return not descendants() - usual

    with worker_of(backend, rng.getrandbits(32)) as worker:
        life = os.pidfd_open(worker)
        told = kill_some(worker, usual, rng)
        ended = select.select([life], [], [], ROUND_SECONDS)[0]
        os.close(life)
        if not ended:
            return [f"the worker hangs, {told} killed"]
    if len(told) > 1:  # what a worker leaves that is killed with others, the next one removes
        collect()
        sweep_as_a_worker_that_starts()
    with suppress(TimeoutError):
        wait_for(is_clean, timeout_seconds=DEATH_SECONDS, what="its processes")
    left = [describe(pid) for pid in descendants() - usual]
    sweep_as_a_worker_that_starts()
    return [f"{what}, {told} killed" for what in (*left, *things()) if what]


def main(backend: str, rounds: int, seed: int) -> None:
    become_subreaper()
    sweep_as_a_worker_that_starts()
    rng = random.Random(seed)
    for language in ("python", "node"):
        run_program(rng, "", language=language)
    close_pools()
    collect()
    usual = descendants()
    wrong = [told for _ in range(rounds) for told in play_round(backend, rng, usual)]
    print(json.dumps(wrong))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
