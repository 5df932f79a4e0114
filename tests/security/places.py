"""Places where the battery is run: a backend, and a user who runs the worker."""

import json
import os
import secrets
import subprocess
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import pytest

from tests.security.lane import SECRET
from tests.security.programs import Program

LANES = 3
_ROOT = Path(__file__).parents[2]
_ORDINARY_UID = 64020
_FIRST_LITE_USER, _LITE_USERS = 64100, 10
_LEFT_SECONDS = 300


@dataclass(frozen=True)
class Place:
    """`user` is root or ordinary; whoever is not root can only be ordinary. `pool_size` is how many
    started interpreters wait for a program."""

    backend: str
    user: str
    pool_size: int = 0

    def takes(self, program: Program) -> bool:
        """Whether the program is run here: where interpreters wait, those that fit a waiting one;
        all of them as root, and of the others every twelfth and those that name the place, unless
        the whole battery is asked for."""
        if program.only not in {"", self.backend}:
            return False
        if self.pool_size and not program.has_usual_limits:
            return False
        is_whole = os.environ.get("SECURITY_BATTERY") == "whole"
        if is_whole or self == PLACES[0] or program.at == str(self):
            return True
        return program.number % 12 == 0

    def __str__(self) -> str:
        return f"{self.backend}-{self.user}" + ("-warm" if self.pool_size else "")


PLACES = [
    Place("bubblewrap", "root"),
    Place("bubblewrap", "ordinary"),
    Place("bubblewrap", "root", pool_size=2),
    Place("lite", "root"),
    Place("lite", "ordinary"),
]


def cases_of(programs: list[Program]) -> list[Any]:
    """Each place with each program that it takes, as parameters of a test."""
    return [
        pytest.param(place, program, id=f"{place}-{program.name}")
        for place in PLACES
        for program in programs
        if place.takes(program)
    ]


@dataclass
class Battery:
    """Programs that are being run in one place."""

    secret: str
    answers: dict[tuple[str, bool], Future[dict[str, Any]]] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)

    def answer(self, program: Program, *, jailed: bool = True) -> dict[str, Any]:
        """How the program ended, once it has."""
        return self.answers[program.name, jailed].result(timeout=_LEFT_SECONDS)


@contextmanager
def running(
    place: Place, jailed: Iterable[Program], unjailed: Iterable[Program] = ()
) -> Iterator[Battery]:
    """Run the programs on several lanes at once. On leaving, nothing of them may be left."""
    battery = Battery(secret=f"canary-{secrets.token_hex(16)}")
    orders: SimpleQueue[tuple[str, bool]] = SimpleQueue()
    wanted = [(one.name, True) for one in jailed] + [(one.name, False) for one in unjailed]
    for order in wanted:
        battery.answers[order] = Future()
        orders.put(order)
    with ExitStack() as held:
        threads = []
        for number in range(min(LANES, len(wanted))):
            folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="lane-")))
            lane = held.enter_context(_lane(place, battery.secret, folder, number))
            threads.append(threading.Thread(target=_work, args=(lane, orders, battery)))
        for thread in threads:
            thread.start()
        try:
            yield battery
        finally:
            for thread in threads:
                thread.join()
            assert not battery.left, battery.left


@contextmanager
def _lane(place: Place, secret: str, folder: Path, number: int) -> Iterator[subprocess.Popen[str]]:
    demoted = place.user == "ordinary" and os.geteuid() == 0
    identity = _ORDINARY_UID if demoted else None
    if demoted:
        os.chown(folder, _ORDINARY_UID, _ORDINARY_UID)
    folder.chmod(0o755)
    words = folder / "words"
    with words.open("wb") as target:
        process = subprocess.Popen(
            [_interpreter(demoted), "-m", "tests.security.lane", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=target,
            text=True,
            cwd=_ROOT,
            env=_environment(place, secret, folder, number),
            user=identity,
            group=identity,
            extra_groups=[] if demoted else None,
        )
    with process:
        yield process
        assert process.wait(20) == 0, words.read_text()[-4000:]


def _environment(place: Place, secret: str, folder: Path, number: int) -> dict[str, str]:
    first = _FIRST_LITE_USER + number * _LITE_USERS
    packages = [str(_ROOT), sysconfig.get_path("purelib")]
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "PYTHONPATH": os.pathsep.join(packages),
        "PYTHONDONTWRITEBYTECODE": "1",
        "DJANGO_SETTINGS_MODULE": "agentplatform.settings.local",
        "TMPDIR": str(folder),
        "SANDBOX_POOL_SIZE": str(place.pool_size),
        "SANDBOX_BACKEND": place.backend,
        "SANDBOX_REQUIRED_GUARANTEES": "" if place.backend == "bubblewrap" else "no_network",
        "SANDBOX_LITE_FOLDER": str(folder / "lite"),
        "SANDBOX_LITE_USERS": f"{first}-{first + _LITE_USERS - 1}",
        SECRET: secret,
    }


def _interpreter(demoted: bool) -> str:
    """Ours; for another user, who may not read it, the system's of the same version."""
    if not demoted:
        return sys.executable
    return f"/usr/bin/python3.{sys.version_info.minor}"


def _work(
    lane: subprocess.Popen[str], orders: "SimpleQueue[tuple[str, bool]]", battery: Battery
) -> None:
    assert lane.stdin is not None
    assert lane.stdout is not None
    while True:
        try:
            name, jailed = orders.get_nowait()
        except Empty:
            lane.stdin.close()
            battery.left += json.loads(lane.stdout.readline())
            return
        answer = battery.answers[name, jailed]
        try:
            print(json.dumps({"program": name, "jailed": jailed}), file=lane.stdin, flush=True)
            answer.set_result(json.loads(lane.stdout.readline()))
        except (OSError, ValueError) as error:
            answer.set_exception(RuntimeError(f"the lane died while it ran {name}: {error!r}"))
            return
