"""A Valkey of a test's own, which may stall, die and come back."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agentplatform.core.wait import wait_for
from agentplatform.embedded.ports import any_free
from agentplatform.embedded.valkey import Valkey


class OwnValkey:
    def __init__(self, folder: Path) -> None:
        self._server = Valkey(
            data=folder / "data",
            port=any_free(),
            password="test",
            log=folder / "log",
            is_durable=False,
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return self._server.url

    def start(self) -> None:
        program = self._server.prepare()
        self._process = subprocess.Popen(
            program.command, cwd=program.folder, stdout=subprocess.DEVNULL
        )
        wait_for(self._server.is_ready, timeout_seconds=10, what="Valkey")

    def kill(self) -> None:
        self._signal(signal.SIGKILL)
        assert self._process is not None
        self._process.wait()

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """It accepts connections, and answers nothing."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def _signal(self, number: int) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)
