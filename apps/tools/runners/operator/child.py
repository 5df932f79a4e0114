"""The process in which an operator's tool runs: `python -m ... FD LIFE MODULE:NAME`.

It serves one call after another over the socket FD and ends when the other side does, or when no
call came for a while. Frames are JSON (apps.tools.runners.operator.process has the other side, and
the one end of the pipe LIFE that can be written).
"""

import fcntl
import json
import os
import queue
import shutil
import signal
import sys
import threading
import time
import traceback
from importlib.metadata import EntryPoint
from io import BytesIO
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from apps.tools.extension import OperatorTool, ToolError

_IDLE_SECONDS = 300.0
_PART_BYTES = 1024 * 1024


class _Line:
    """The socket. One thread reads it and hands on what it reads; whoever wants to may send."""

    def __init__(self, descriptor: int) -> None:
        self._connection = Connection(descriptor)
        self._lock = threading.Lock()
        self.calls: queue.Queue[dict[str, Any]] = queue.Queue()
        self.answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self.stop = threading.Event()

    def send(self, **frame: Any) -> None:
        with self._lock:
            self._connection.send_bytes(json.dumps(frame).encode())

    def read(self) -> None:
        """Until the other side is gone; then nothing of this process's session shall stay."""
        try:
            while True:
                frame = json.loads(self._connection.recv_bytes())
                if "call" in frame:
                    self.stop = threading.Event()
                    self.calls.put(frame["call"])
                elif "stop" in frame:
                    self.stop.set()
                else:
                    self.answers.put(frame)
        finally:
            os.killpg(os.getpid(), signal.SIGKILL)


class _Context:
    """The ToolContext of a call."""

    def __init__(self, line: _Line, call: dict[str, Any], stop: threading.Event) -> None:
        self.tenant_id = UUID(call["tenant_id"])
        self.run_id = UUID(call["run_id"])
        self.step_id = UUID(call["step_id"])
        self.call_id = UUID(call["call_id"])
        self.stop = stop
        self.kept: list[str] = []
        self._line = line
        self._deadline: float = time.monotonic() + call["seconds"]
        self._folder = Path(call["folder"])
        self._limits = call["limits"]
        self._bytes_left = self._limits["artifacts_bytes"]
        self._lock = threading.Lock()

    def seconds_left(self) -> float:
        return max(0.0, self._deadline - time.monotonic())

    def open_input(self, artifact_id: UUID | str) -> BinaryIO:
        with self._lock:
            self._line.send(open=str(artifact_id))
            answer = self._line.answers.get()
        if "refused" in answer:
            raise ToolError(answer["refused"], code="invalid_arguments")
        return Path(answer["opened"]).open("rb")

    def keep_file(self, name: str, content: bytes | BinaryIO | Path) -> None:
        with self._lock:
            if len(self.kept) >= self._limits["artifacts"]:
                raise ToolError(
                    f"A call keeps at most {self._limits['artifacts']} files.", code="disk_exceeded"
                )
            with (self._folder / str(len(self.kept))).open("wb") as file:
                self._copy(name, content, file)
            self.kept.append(name)

    def _copy(self, name: str, content: bytes | BinaryIO | Path, file: BinaryIO) -> None:
        if isinstance(content, Path):
            with content.open("rb") as opened:
                self._copy(name, opened, file)
            return
        source = BytesIO(content) if isinstance(content, bytes) else content
        most = min(self._limits["artifact_bytes"], self._bytes_left)
        while part := source.read(_PART_BYTES):
            if file.tell() + len(part) > most:
                raise ToolError(
                    f"The file {name[:100]!r} is too large: {most} bytes are left to this call.",
                    code="disk_exceeded",
                )
            file.write(part)
        self._bytes_left -= file.tell()


def main(descriptor: int, life: int, named: str) -> None:
    """Serve calls until nobody wants any more."""
    _bind_life(life)
    line = _Line(descriptor)
    threading.Thread(target=line.read, name="line", daemon=True).start()
    try:
        tool: OperatorTool = EntryPoint("tool", named, "").load()
    except Exception as error:
        traceback.print_exc()
        line.send(broken=f"{type(error).__name__}: {error}"[:500])
        return
    while True:
        try:
            call = line.calls.get(timeout=_IDLE_SECONDS)
        except queue.Empty:
            return
        line.send(started=True)
        line.send(**_serve(tool, line, call))
        shutil.rmtree(Path(call["folder"]) / "inputs", ignore_errors=True)


def _bind_life(life: int) -> None:
    """Have the kernel kill this process's group once nobody can write to `life`: a tool that lets
    no other thread run, as a long search by a regular expression, keeps the line from being read.
    """
    fcntl.fcntl(life, fcntl.F_SETOWN, -os.getpgrp())
    fcntl.fcntl(life, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(life, fcntl.F_SETFL, os.O_ASYNC)


def _serve(tool: OperatorTool, line: _Line, call: dict[str, Any]) -> dict[str, Any]:
    context = _Context(line, call, line.stop)
    try:
        value = tool.run(call["arguments"], context)
        size = len(json.dumps(value).encode())
    except ToolError as error:
        return {"error": error.detail, "code": error.code, "is_retryable": error.is_retryable}
    except Exception as error:
        traceback.print_exc()
        return {"raised": f"{type(error).__name__}: {error}"[:1000]}
    most = call["limits"]["output_bytes"]
    if size > most:
        detail = f"The result has {size} bytes of JSON; {most} are allowed."
        return {"error": detail, "code": "output_exceeded", "is_retryable": False}
    return {"value": value, "files": context.kept}


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
