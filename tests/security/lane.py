"""A worker of the battery: it plants canaries and runs one program after the other.

    python -m tests.security.lane FOLDER

Its environment holds the secret, as SECRET_OF_THE_WORKER. Orders are lines of JSON on standard
input, `{"program": "hostile/x.py", "jailed": true}`; each is answered by one line, and their end by
what is left.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings

from agentplatform.core.wait import wait_for
from apps.tools.runners.backends import choose_sandbox
from apps.tools.runners.bubblewrap.pool import close_pools
from apps.tools.runners.limits import Limits
from apps.tools.runners.sandbox import Job, Sandbox
from tests.security.canaries import Canaries, planted
from tests.security.leftovers import Usual, become_subreaper, descendants, describe
from tests.security.programs import FOLDER, REACHED, Program, read_program

SECRET = "SECRET_OF_THE_WORKER"
_SYSTEM = {"python": "/usr/bin/python3", "node": "/usr/bin/node"}
USUAL_INPUT = {"numbers": [1, 2, 3, 4]}
_KEPT_BYTES = 20_000
_NEIGHBOUR = """
import os, socket, sys
secret = sys.stdin.read()
for folder in (".", "artifacts", "/tmp", "/dev/shm"):
    try:
        open(os.path.join(folder, "canary.txt"), "w").write(secret)
    except OSError as error:  # not every sandbox has all of them
        print(error)
try:
    server = socket.socket(socket.AF_UNIX); server.bind("\\0neighbour"); server.listen()
except OSError as error:
    print(error)
os.execvp(sys.executable, [sys.executable, "-c", "import signal; signal.pause()", secret])
"""


def main(folder: Path) -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    become_subreaper()
    secret = os.environ[SECRET]
    sandbox = choose_sandbox()
    with planted(secret, folder) as canaries, _neighbour(sandbox, secret):
        usual = Usual.of(folder)
        is_warm = settings.PLATFORM.sandbox_pool_size > 0
        for line in sys.stdin:
            order = json.loads(line)
            program = read_program(FOLDER / order["program"])
            if order["jailed"]:
                answer = _run(sandbox, program, canaries)
                answer["left"] = canaries.harmed() + ([] if is_warm else usual.what_is_left())
            else:
                answer = _run_unjailed(program, canaries, folder)
            print(json.dumps(answer), file=answers, flush=True)
        close_pools()
        print(json.dumps(usual.what_is_left()), file=answers, flush=True)


def _run(sandbox: Sandbox, program: Program, canaries: Canaries) -> dict[str, Any]:
    job = Job(
        language=program.language,  # type: ignore[arg-type]
        program=program.source,
        stdin=json.dumps(canaries.places | USUAL_INPUT).encode(),
        limits=program.limits,
    )
    started = time.monotonic()
    outcome = sandbox.run(job, stop=threading.Event())
    seconds = time.monotonic() - started
    bodies = {}
    for file in outcome.files:
        with file.content as content:
            bodies[file.name] = (file.size_bytes, content.read())
    everything = {"stdout": outcome.stdout, "stderr": outcome.stderr}
    everything |= {name: name.encode() + body for name, (_, body) in bodies.items()}
    return {
        "status": outcome.status,
        "exit_code": outcome.exit_code,
        "stdout": _text(outcome.stdout),
        "stderr": _text(outcome.stderr),
        "printed_bytes": len(outcome.stdout) + len(outcome.stderr),
        "files": sorted(bodies),
        "torn_files": [name for name, (told, body) in bodies.items() if told != len(body)],
        "reached": [
            f"{name}: {line}"
            for name, body in everything.items()
            for line in _lines_with(REACHED.encode(), body)
        ],
        "leaks": [name for name, body in everything.items() if canaries.secret.encode() in body],
        "seconds": seconds,
    }


def _text(body: bytes) -> str:
    return body[-_KEPT_BYTES:].decode("utf-8", "replace")


def _lines_with(word: bytes, body: bytes) -> list[str]:
    if word not in body:
        return []
    return [_text(line[:300]) for line in body.splitlines() if word in line]


def _run_unjailed(program: Program, canaries: Canaries, folder: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(dir=folder) as outside:
        path = Path(outside, f"unjailed{program.path.suffix}")
        path.write_text(program.source)
        done = subprocess.run(
            [_SYSTEM[program.language], path],
            input=json.dumps(canaries.places).encode(),
            capture_output=True,
            cwd=outside,
            timeout=20,
        )
    canaries.harmed()
    return {
        "reached": _lines_with(REACHED.encode(), done.stdout),
        "stderr": _text(done.stderr),
    }


def _is_up(secret: str) -> bool:
    return any("signal.pause" in told and secret in told for told in map(describe, descendants()))


@contextmanager
def _neighbour(sandbox: Sandbox, secret: str) -> Iterator[None]:
    """Another call, which runs all the while and holds the secret."""
    stop = threading.Event()
    job = Job(
        language="python",
        program=_NEIGHBOUR,
        stdin=secret.encode(),
        limits=Limits(wall_seconds=3600),
    )
    ended = []
    thread = threading.Thread(target=lambda: ended.append(sandbox.run(job, stop=stop)))
    thread.start()
    try:
        wait_for(
            lambda: _is_up(secret) or not thread.is_alive(),
            timeout_seconds=60,
            what="the neighbour",
        )
        assert thread.is_alive(), ended
        yield
    finally:
        stop.set()
        thread.join()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
