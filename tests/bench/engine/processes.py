"""The platform's own processes, started with the commands of its Procfile."""

import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from agentplatform.core.wait import wait_for
from agentplatform.embedded.ports import HOST, any_free
from agentplatform.embedded.procfile import read_procfile
from agentplatform.embedded.program import Program
from agentplatform.embedded.supervisor import Supervisor
from agentplatform.settings.environment import ROOT

NAMES = ("web", "steps", "llm", "tools", "beat")
GATEWAY = "gateway"
"""The web process that answers /v1, health and metrics alone."""
ADMINS = ("web", "steps")
"""Who may sign in as the role that sees every tenant."""
READY_SECONDS = 60.0


class Processes:
    """Processes by name. `environment` leads them to their servers; logs go below `folder`."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self.port = any_free()
        self.supervisor = Supervisor(run_folder=folder, say=lambda _: None)
        (folder / "beat").mkdir()
        variables = {"PORT": str(self.port), "FLOWER_PORT": "0", "DATA_FOLDER": str(folder)}
        self._commands = read_procfile(ROOT / "Procfile", variables)
        self._commands[GATEWAY] = self._commands["web"]

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def start(self, names: Sequence[str] = NAMES, **arguments: str) -> None:
        """Start these and wait until they work; `arguments` adds a last word to a command."""
        for name in names:
            _, *words = self._commands[name]
            if name in arguments:
                words.append(arguments[name])
            self.supervisor.start(self._program(name, (sys.executable, *words)))
        for name in names:
            wait_for(
                lambda name=name: self._is_ready(name),
                timeout_seconds=READY_SECONDS,
                what=f"{name} to work; see {self.log(name)}",
            )

    def stop(self, *names: str) -> None:
        for name in names:
            self.supervisor.drop(name)
            self.log(name).unlink()

    def log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def pids(self) -> dict[str, int]:
        ours = (*NAMES, GATEWAY)
        return {name: pid for name, pid in self.supervisor.pids().items() if name in ours}

    def _program(self, name: str, command: tuple[str, ...]) -> Program:
        environment = {**self._environment, "SERVICE": name, "PGAPPNAME": name}
        environment.pop("MIGRATION_DATABASE_URL", None)
        if name == GATEWAY:
            environment["GATEWAY_ONLY"] = "true"
        if name not in ADMINS:
            environment.pop("ADMIN_DATABASE_URL", None)
        return Program(
            name=name,
            command=command,
            environment=environment,
            folder=ROOT,
            log=self.log(name),
            grace_seconds=5.0,
        )

    def _is_ready(self, name: str) -> bool:
        if name in ("web", GATEWAY):
            try:
                with urllib.request.urlopen(f"{self.url}/health/ready", timeout=5) as answer:
                    return bool(answer.status == 200)
            except (urllib.error.URLError, OSError):
                return False
        return name == "beat" or b"ready." in self.log(name).read_bytes()
