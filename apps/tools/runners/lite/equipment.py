"""The interpreters that a canary has proven to work in the sandbox of this machine."""

import functools
import threading

from apps.tools.runners.confine import canary
from apps.tools.runners.confine.candidates import Candidate, first_node, try_pythons
from apps.tools.runners.confine.programs import Interpreter
from apps.tools.runners.guarantees import Proof
from apps.tools.runners.lite.run import Place, run_job
from apps.tools.runners.lite.slots import sweep
from apps.tools.runners.sandbox import Job, SandboxUnavailable


@functools.lru_cache(maxsize=4)
def find_python(place: Place, configured: str) -> Candidate:
    """The first Python that works, 3.11 or later if there is one. Remembered. What killed workers
    have left is removed first.

    Raises SandboxUnavailable when none runs.
    """
    sweep(place.slots)
    refusals: list[str] = []
    found = try_pythons(configured, functools.partial(_prove, place), refusals)
    if not found:
        raise SandboxUnavailable(
            "No program can be held on this machine: install the package python3. "
            + "".join(refusals[:1])
        )
    return found[0]


@functools.lru_cache(maxsize=4)
def find_node(place: Place, configured: str) -> Interpreter:
    """The first Node that works. Remembered. Raises SandboxUnavailable when none does."""
    return first_node(configured, functools.partial(_prove, place))


def _prove(place: Place, interpreter: Interpreter) -> Proof:
    def run(program: str, stdin: bytes) -> tuple[bytes, bytes]:
        job = Job(language=interpreter.language, program=program, stdin=stdin, limits=canary.LIMITS)
        outcome = run_job(place, interpreter, job, threading.Event())
        return outcome.stdout, outcome.stderr

    return canary.prove(run, interpreter)
