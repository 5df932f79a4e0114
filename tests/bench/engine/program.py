"""A process that takes orders: a line in, a line of answer out."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

STOP_SECONDS = 5.0


class Program:
    """A command in a process group of its own, that stops when its standard input ends."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        folder: Path,
        environment: Mapping[str, str] | None = None,
        log: Path,
    ) -> None:
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env=os.environ | dict(environment or {}),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
        self._log = log

    @property
    def pid(self) -> int:
        return self._process.pid

    def tell(self, order: object) -> None:
        """Send an order; hear() takes its answer."""
        stdin = _pipe(self._process.stdin)
        stdin.write(f"{order}\n")
        stdin.flush()

    def hear(self) -> str:
        """The next line that it says. Raises RuntimeError when it is dead."""
        line = _pipe(self._process.stdout).readline()
        if not line:
            raise RuntimeError(f"a program died:\n{self._log.read_text()[-2000:]}")
        return line.strip()

    def stop(self) -> None:
        """Ask it to stop; kill what is left of its group."""
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            _pipe(pipe).close()


def _pipe(pipe: "IO[str] | None") -> "IO[str]":
    assert pipe is not None
    return pipe
