"""How a program of each language is started, so that it waits at its gate."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from apps.tools.runners.bubblewrap import gates
from apps.tools.runners.confine.programs import Interpreter
from apps.tools.runners.limits import MEGABYTE, Limits

_GATES = Path(gates.__file__).parent
_PYTHON_GATE = "/program/gate/sitecustomize.py"
_NODE_GATE = "/program/gate/gate.js"

# What programs import most, so that a warm interpreter has it already.
_PRELOAD = (
    "base64 collections contextlib copy csv datetime functools hashlib io itertools json math "
    "operator os pathlib random re statistics string time typing"
)


@dataclass(frozen=True, kw_only=True)
class Start:
    """The command and what it needs: its environment, where the program is looked for, the gate's
    source and where that lies."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    program: str
    gate: str
    gate_source: bytes


def start_of(interpreter: Interpreter, limits: Limits, *, is_warm: bool) -> Start:
    """The start of an interpreter within `limits`; a warm one imports ahead."""
    if interpreter.language == "node":
        return _node(interpreter, limits)
    return _python(interpreter, is_warm=is_warm)


def _python(interpreter: Interpreter, *, is_warm: bool) -> Start:
    given = dict(interpreter.environment)
    folders = [str(Path(_PYTHON_GATE).parent), given.pop("PYTHONPATH", "")]
    ahead = {"SANDBOX_PRELOAD": _PRELOAD} if is_warm else {}
    program = "/program/main.py"
    return Start(
        command=(interpreter.path, *interpreter.flags, "-u", program),
        environment={
            "TMPDIR": "/tmp",  # noqa: S108
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": ":".join(filter(None, folders)),
            **ahead,
            **given,
        },
        program=program,
        gate=_PYTHON_GATE,
        gate_source=(_GATES / "sitecustomize.py").read_bytes(),
    )


def _node(interpreter: Interpreter, limits: Limits) -> Start:
    heap = limits.memory_bytes * 3 // 4 // MEGABYTE
    program = "/program/main.js"
    return Start(
        command=(
            interpreter.path,
            *interpreter.flags,
            f"--max-old-space-size={max(1, heap)}",
            "--require",
            _NODE_GATE,
            program,
        ),
        environment={"TMPDIR": "/tmp", **dict(interpreter.environment)},  # noqa: S108
        program=program,
        gate=_NODE_GATE,
        gate_source=(_GATES / "gate.js").read_bytes(),
    )
