"""One call of an operator's tool: its process, its deadline, its files."""

import re
import shutil
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import UUID

from agentplatform.core.errors import NotFound
from agentplatform.core.json_schema import find_mismatch
from apps.tools.extension import OperatorTool
from apps.tools.runners.confine.own_folder import passing_folder
from apps.tools.runners.operator.process import IDLE, ProcessLost, ToolProcess
from apps.tools.runners.work import ProducedFile, Ran, ToolFailure, Work
from apps.tools.states import OUTCOME_UNKNOWN

BACKEND = "operator"
GRACE_SECONDS = 1.0
_LOOK_SECONDS = 0.05
_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")


def run_operator_tool(work: Work, *, name: str, named: str, tool: OperatorTool) -> Ran:
    """Run the call in a process of the tool's own.

    Past its time or its stop the tool is told, and killed with its process GRACE_SECONDS later.
    """
    seconds = min(work.limits.wall_seconds, tool.timeout_seconds)
    with passing_folder() as folder:
        try:
            return _ran(_exchange(work, named, folder, seconds), folder, name, tool)
        except ProcessLost as lost:
            raise _lost(work, name, tool, has_started=lost.has_started) from lost


def may_repeat(tool: OperatorTool, arguments: dict[str, Any]) -> bool:
    """Whether a call with these arguments may run twice; not if the tool cannot say."""
    if isinstance(tool.is_repeatable, bool):
        return tool.is_repeatable
    try:
        return bool(tool.is_repeatable(arguments))
    except Exception:
        return False


def _exchange(work: Work, named: str, folder: Path, seconds: float) -> dict[str, Any]:
    """The last frame of the call, or {"ended": status} when it was cut off."""
    process = IDLE.take(named)
    if process is not None:
        try:
            return _call(process, work, folder, seconds)
        except ProcessLost as lost:
            if lost.has_started:
                raise
    return _call(ToolProcess(named), work, folder, seconds)


def _call(process: ToolProcess, work: Work, folder: Path, seconds: float) -> dict[str, Any]:
    """The process is kept if it has answered in time, else killed."""
    is_fit = False
    try:
        frame = _converse(process, work, folder, time.monotonic() + seconds, seconds)
        is_fit = "ended" not in frame and "broken" not in frame
        return frame
    finally:
        if is_fit:
            IDLE.give_back(process)
        else:
            process.end()


def _converse(
    process: ToolProcess, work: Work, folder: Path, deadline: float, seconds: float
) -> dict[str, Any]:
    process.send(call=_call_of(work, folder, seconds))
    has_started = False
    ended: str | None = None
    while True:
        if ended is None and (ended := _end_of(work, deadline)) is not None:
            process.send(stop=True)
            deadline = time.monotonic() + GRACE_SECONDS
        if ended is not None and time.monotonic() >= deadline:
            return {"ended": ended}
        try:
            frame = process.receive(min(_LOOK_SECONDS, deadline - time.monotonic()))
        except EOFError as error:
            if ended is not None:
                return {"ended": ended}
            raise ProcessLost(has_started=has_started) from error
        if frame is None:
            continue
        if "started" in frame:
            has_started = True
        elif "open" in frame:
            process.send(**_opened(work, frame["open"], folder))
        else:
            return frame if ended is None else {"ended": ended}


def _end_of(work: Work, deadline: float) -> str | None:
    if work.stop.is_set():
        return "killed"
    return "timeout" if time.monotonic() >= deadline else None


def _call_of(work: Work, folder: Path, seconds: float) -> dict[str, Any]:
    caller = {name: str(value) for name, value in asdict(work.caller).items()}
    limits = {
        name: getattr(work.limits, name)
        for name in ("artifacts", "artifact_bytes", "artifacts_bytes", "output_bytes")
    }
    return {
        **caller,
        "arguments": work.arguments,
        "seconds": seconds,
        "folder": str(folder),
        "limits": limits,
    }


def _opened(work: Work, artifact_id: str, folder: Path) -> dict[str, Any]:
    try:
        wanted = UUID(artifact_id)
        content = work.open_input(wanted)
    except (ValueError, NotFound):
        return {"refused": f"There is no artifact {artifact_id[:100]!r}."}
    inputs = folder / "inputs"
    inputs.mkdir(exist_ok=True)
    path = inputs / str(wanted)
    with content, path.open("wb") as file:
        shutil.copyfileobj(content, file)
    return {"opened": str(path)}


def _ran(frame: dict[str, Any], folder: Path, name: str, tool: OperatorTool) -> Ran:
    if "ended" in frame:
        reasons = {
            "timeout": f"The tool `{name}` did not end in time.",
            "killed": "The call was stopped.",
        }
        return Ran(status=frame["ended"], backend=BACKEND, detail=reasons[frame["ended"]])
    if "broken" in frame:
        raise ToolFailure(
            "tool_broken", f"The tool `{name}` cannot be loaded here: {frame['broken']}."
        )
    if "raised" in frame:
        return Ran(status="error", backend=BACKEND, detail=frame["raised"])
    if "error" in frame:
        code = frame["code"] if _CODE.fullmatch(str(frame["code"])) else "error"
        raise ToolFailure(code, str(frame["error"])[:1000], is_retryable=frame["is_retryable"])
    _check_result(frame["value"], name, tool)
    return Ran(
        status="ok",
        backend=BACKEND,
        value=frame["value"],
        files=tuple(_kept(folder, place, file) for place, file in enumerate(frame["files"])),
    )


def _check_result(value: Any, name: str, tool: OperatorTool) -> None:
    mismatch = None if tool.result is None else find_mismatch(value, tool.result)
    if mismatch is not None:
        raise ToolFailure(
            "invalid_result",
            f"The tool `{name}` gave a result that breaks its schema: {mismatch.under('result')}",
        )


def _kept(folder: Path, place: int, name: str) -> ProducedFile:
    path = folder / str(place)
    return ProducedFile(name=name, content=path.open("rb"), size_bytes=path.stat().st_size)


def _lost(work: Work, name: str, tool: OperatorTool, *, has_started: bool) -> ToolFailure:
    if has_started and not may_repeat(tool, work.arguments):
        return ToolFailure(
            OUTCOME_UNKNOWN.code,
            f"The process of the tool `{name}` ended in mid-call; check whether it took effect.",
        )
    return ToolFailure(
        "tool_crashed", f"The process of the tool `{name}` ended in mid-call.", is_retryable=True
    )
