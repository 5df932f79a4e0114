"""The whole platform on one machine: servers, database, processes."""

import os
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psycopg

from agentplatform.core.postgresql.roles import make_roles
from agentplatform.embedded import chromium, local_model
from agentplatform.embedded.data_folder import DataFolder
from agentplatform.embedded.errors import StackError
from agentplatform.embedded.local_model import LocalModel
from agentplatform.embedded.ports import HOST, choose_ports
from agentplatform.embedded.postgres import Postgres, set_aside
from agentplatform.embedded.procfile import read_procfile
from agentplatform.embedded.program import Program, spawn, tail
from agentplatform.embedded.supervisor import Supervisor
from agentplatform.embedded.valkey import Valkey
from agentplatform.settings.environment import ROOT, read_environment

USUAL_PORTS = {"web": 8000, "flower": 5555, "postgres": 5432, "valkey": 6379, "model": 8080}
SPECIAL_ROLES = {
    "ADMIN_DATABASE_URL": ("prepare", "web", "steps"),
    "MIGRATION_DATABASE_URL": ("prepare",),
}
Say = Callable[[str], None]
DRAIN_SECONDS = 5.0
AFTER_DRAIN_SECONDS = 5.0
"""What a worker may take to end once its drain is over."""


class Stack:
    """Starts everything below `data` under one supervisor.

    A server that the environment or .env names (DATABASE_URL, REDIS_URL, LOCAL_LLM_BASE_URL) is
    used instead of one of our own.
    """

    def __init__(self, *, data: DataFolder, supervisor: Supervisor, say: Say) -> None:
        self.data = data
        self._supervisor = supervisor
        self._say = say
        self._secrets = data.secrets()
        self._ports = choose_ports(data / "ports.json", USUAL_PORTS)
        given = read_environment()
        self._given = given.model_fields_set
        is_given = "drain_seconds" in self._given
        self._drain_seconds = given.drain_seconds if is_given else DRAIN_SECONDS
        self._environment = self._base_environment()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._ports['web']}"

    @property
    def flower_url(self) -> str:
        return f"http://{HOST}:{self._ports['flower']}"

    @property
    def flower_login(self) -> tuple[str, str]:
        return "demo", self._secrets["flower"]

    def start(self) -> None:
        """Servers; the web process beside the migrations and the demo tenant; then the rest.

        The rest waits for the web process, which so has the processor to itself for its first page.
        """
        self._start_servers()
        commands = read_procfile(ROOT / "Procfile", self._environment)
        self._start_process("web", commands.pop("web"))
        self._prepare_database()
        self._wait_for_web()
        for name, command in commands.items():
            self._start_process(name, command)

    def _wait_for_web(self, *, timeout_seconds: float = 90.0) -> None:
        """Until the web process says that it could serve a request."""
        try:
            self._supervisor.wait_until(
                self._is_web_ready, timeout_seconds=timeout_seconds, what="the web process"
            )
        except TimeoutError as error:
            log = self.data.log("web")
            raise StackError(
                f"The web process did not get ready; see {log}:\n{tail(log)}"
            ) from error

    def _start_servers(self) -> None:
        """All at once, each ready before this returns."""
        waits: list[Callable[[], None]] = []
        if "local_llm_base_url" not in self._given:
            waits += self._start_model()
        if "redis_url" not in self._given:
            waits.append(self._start_valkey())
        if "database_url" not in self._given:
            self._start_postgres()
        elif "admin_database_url" not in self._given:
            self._split_roles(read_environment().database_url)
        for wait in waits:
            wait()

    def _start_model(self) -> list[Callable[[], None]]:
        if not local_model.is_available():
            self._say(
                "No local model: its wheels do not exist for this machine. Set a provider's key."
            )
            return []
        model = LocalModel(
            port=self._ports["model"],
            key=self._secrets["model"],
            log=self.data.log("model"),
            folder=self.data.path,
        )
        self._supervisor.start(model.prepare())
        self._environment |= {"LOCAL_LLM_BASE_URL": model.url, "LOCAL_LLM_API_KEY": model.key}
        return [lambda: self._wait_model(model)]

    def _wait_model(self, model: LocalModel) -> None:
        try:
            self._supervisor.wait_ready("model", model.is_ready)
        except StackError as error:
            self._supervisor.drop("model")
            for name in ("LOCAL_LLM_BASE_URL", "LOCAL_LLM_API_KEY"):
                self._environment.pop(name)
            self._say(f"No local model: {error}")

    def _start_valkey(self) -> Callable[[], None]:
        valkey = Valkey(
            data=self.data / "valkey",
            port=self._ports["valkey"],
            password=self._secrets["valkey"],
            log=self.data.log("valkey"),
        )
        self._supervisor.start(valkey.prepare())
        self._environment["REDIS_URL"] = valkey.url
        return lambda: self._wait_valkey(valkey)

    def _wait_valkey(self, valkey: Valkey) -> None:
        try:
            self._supervisor.wait_ready("valkey", valkey.is_ready)
        except StackError:  # what it holds may be lost at any time: the rows say it all
            self._supervisor.drop("valkey")
            self._say(f"Valkey could not read its data; it is kept in {set_aside(valkey.data)}.")
            self._supervisor.start(valkey.prepare())
            self._supervisor.wait_ready("valkey", valkey.is_ready)

    def _start_postgres(self) -> None:
        postgres = Postgres(
            data=self.data / "postgres",
            port=self._ports["postgres"],
            password=self._secrets["postgres"],
            log=self.data.log("postgres"),
        )
        self._supervisor.start(postgres.prepare())
        try:
            self._supervisor.wait_ready("postgres", postgres.is_ready, timeout_seconds=60)
        except StackError:
            if postgres.holds_data:
                raise
            self._supervisor.drop("postgres")
            self._say(f"A PostgreSQL that never started is kept in {set_aside(postgres.data)}.")
            self._supervisor.start(postgres.prepare())
            self._supervisor.wait_ready("postgres", postgres.is_ready, timeout_seconds=60)
        postgres.finish()
        self._split_roles(postgres.url)

    def _split_roles(self, server_url: str) -> None:
        """Give the processes roles of their own, not the one that `server_url` signs in as."""
        try:
            self._environment |= make_roles(server_url, self._secrets)
        except psycopg.Error as error:
            raise StackError(
                f"The database roles could not be made: {error}. DATABASE_URL must sign in as a"
                " superuser, or give ADMIN_DATABASE_URL and MIGRATION_DATABASE_URL too."
            ) from error

    def _prepare_database(self) -> None:
        log = self.data.log("prepare")
        log.unlink(missing_ok=True)
        command = (sys.executable, "-m", "agentplatform.embedded.prepare", str(self.data.path))
        process = spawn(self._program("prepare", command, log=log))
        try:
            self._supervisor.wait_until(
                lambda: process.poll() is not None, timeout_seconds=300, what="the migrations"
            )
        finally:
            process.kill()
        if process.wait() != 0:
            raise StackError(f"The database could not be prepared; {log} ends:\n{tail(log)}")

    def _start_process(self, name: str, command: tuple[str, ...]) -> None:
        words = (sys.executable, *command[1:]) if command[0] == "python" else command
        self._supervisor.start(self._program(name, words, log=self.data.log(name)))

    def _program(self, name: str, command: tuple[str, ...], *, log: Path) -> Program:
        return Program(
            name=name,
            command=command,
            environment=self._environment_of(name),
            folder=ROOT,
            log=log,
            grace_seconds=self._drain_seconds + AFTER_DRAIN_SECONDS,
        )

    def _environment_of(self, name: str) -> dict[str, str]:
        """A process gets the database roles that it needs, and no other."""
        mine = {
            key: value
            for key, value in self._environment.items()
            if key not in SPECIAL_ROLES or name in SPECIAL_ROLES[key]
        }
        return mine | {"SERVICE": name}

    def _base_environment(self) -> dict[str, str]:
        metrics = self.data / "metrics"
        for stale in metrics.glob("*.db"):
            stale.unlink()
        user, password = self.flower_login
        programs = str(Path(sys.executable).parent)
        ours = {
            "PATH": os.pathsep.join([programs, os.environ.get("PATH", os.defpath)]),
            "DJANGO_SETTINGS_MODULE": "agentplatform.settings.local",
            "SECRET_KEY": self._secrets["django"],
            "ARTIFACT_FOLDER": str(self.data / "artifacts"),
            "PROMETHEUS_MULTIPROC_DIR": str(metrics),
            "DRAIN_SECONDS": str(self._drain_seconds),
            "FLOWER_BASIC_AUTH": f"{user}:{password}",
        } | browser_environment(self.data)
        given = {name: value for name, value in os.environ.items() if name.lower() in self._given}
        fixed = {
            "PORT": str(self._ports["web"]),
            "FLOWER_PORT": str(self._ports["flower"]),
            "DATA_FOLDER": str(self.data.path),
            "PYTHONUNBUFFERED": "1",
        }
        ours = {name: value for name, value in ours.items() if name.lower() not in self._given}
        return dict(os.environ) | ours | given | fixed

    def _is_web_ready(self) -> bool:
        try:
            address = f"{self.url}/health/ready"
            with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def browser_environment(data: DataFolder) -> dict[str, str]:
    """Where Chromium is, when it is not where everyone would look."""
    found = chromium.find(data / "chromium")
    return {"CHROMIUM_PATH": found} if found and shutil.which(Path(found).name) != found else {}
