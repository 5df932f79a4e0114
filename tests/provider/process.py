"""The provider in a process of its own, for whoever wants to call it."""

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
STOP_SECONDS = 5.0


@dataclass(frozen=True)
class Provider:
    """A running provider."""

    port: int
    pid: int

    @property
    def openai_base_url(self) -> str:
        """What OPENAI_BASE_URL (and LOCAL_LLM_BASE_URL) take."""
        return f"http://{HOST}:{self.port}/v1"

    @property
    def anthropic_base_url(self) -> str:
        """What ANTHROPIC_BASE_URL takes."""
        return f"http://{HOST}:{self.port}"

    def billed(self, *, model: str | None = None) -> list[dict[str, Any]]:
        """The bills since the last reset (see bills.Bill), of one model or of all."""
        bills: list[dict[str, Any]] = self._call("GET", "/_billed")
        return [bill for bill in bills if model in (None, bill["model"])]

    def requests(self) -> dict[str, Any]:
        """Counts since the last reset: total, by_path, by_model, by_status, in_flight."""
        return self._call("GET", "/_requests")  # type: ignore[no-any-return]

    def reset(self) -> None:
        """Forget counts, bills and overrides."""
        self._call("POST", "/_reset")

    def control(
        self,
        *,
        behaviour: str | None = None,
        script: list[dict[str, Any]] | None = None,
        model: str = "*",
        provider: str = "*",
    ) -> None:
        """Let a model (or all of them) behave as the name `behaviour` says, or answer from
        `script` ({"text"} and {"tool_calls": [{name, arguments}]} a turn); neither ends it."""
        order = {"provider": provider, "model": model, "behaviour": behaviour, "script": script}
        self._call("POST", "/_control", order)

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=30)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None)
            response = connection.getresponse()
            answer = json.loads(response.read())
        finally:
            connection.close()
        if response.status != http.HTTPStatus.OK:
            raise ValueError(answer["error"])
        return answer


@contextmanager
def running_provider(*, port: int = 0, log: Path | None = None) -> Iterator[Provider]:
    """Start a provider on a free port (or on `port`), stop it at the end.

    It stops too when this process dies. `log` is the file that what is billed is appended to.
    """
    command = [sys.executable, "-m", "tests.provider", "--until-stdin-closes", f"--port={port}"]
    if log is not None:
        command.append(f"--log={log}")
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the provider did not start on port {port}: see its standard error")
        yield Provider(**json.loads(line))
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
