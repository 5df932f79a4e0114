"""pgbouncer before a PostgreSQL: a transaction may run on any connection that is free."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict

from agentplatform.embedded import pgbouncer
from agentplatform.embedded.errors import StackError
from agentplatform.embedded.identity import identity_for
from agentplatform.embedded.ports import HOST
from agentplatform.embedded.program import Program

MAX_CLIENTS = 500


@dataclass(frozen=True, kw_only=True)
class Pooler:
    """A pooler on 127.0.0.1 for the user of `server_url`, with at most `pool_size` connections to
    each database. Its configuration is in `folder`; `programs` is where an unpacked one may be."""

    folder: Path
    programs: Path
    port: int
    server_url: str
    pool_size: int

    @property
    def url(self) -> str:
        """The server's address, through the pooler."""
        server = conninfo_to_dict(self.server_url)
        login = f"{quote(str(server['user']), '')}:{quote(str(server['password']), '')}"
        return f"postgresql://{login}@{HOST}:{self.port}/{quote(str(server['dbname']), '')}"

    def prepare(self) -> Program:
        """Write the configuration and say how to start."""
        program = pgbouncer.find(self.programs)
        if not program:
            raise StackError(
                "No pgbouncer was found: run make setup (on Debian and its kin it unpacks one into"
                " .data/), or install the distribution's package pgbouncer."
            )
        self.folder.mkdir(exist_ok=True)
        self._users.touch(mode=0o600)
        self._users.write_text(self._login())
        configuration = self.folder / "pgbouncer.ini"
        configuration.write_text(self._configuration())
        identity = identity_for(self.folder, Path(program))
        identity.take(self.folder)
        return Program(
            name="pgbouncer",
            command=(program, str(configuration)),
            environment=os.environ | pgbouncer.library_path(program, self.programs),
            folder=Path("/"),
            log=self.folder.with_suffix(".log"),
            identity=identity,
        )

    def is_ready(self) -> bool:
        """Whether the server answers through it."""
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    @property
    def _users(self) -> Path:
        return self.folder / "users.txt"

    def _login(self) -> str:
        """The password as it is: with a hash the pooler could not log in to the server."""
        server = conninfo_to_dict(self.server_url)
        words = (str(server[name]).replace('"', '""') for name in ("user", "password"))
        return " ".join(f'"{word}"' for word in words) + "\n"

    def _configuration(self) -> str:
        server = conninfo_to_dict(self.server_url)
        lines = [
            "[databases]",
            f"* = host='{server['host']}' port='{server['port']}'",
            "[pgbouncer]",
            f"listen_addr = {HOST}",
            f"listen_port = {self.port}",
            "unix_socket_dir =",
            "auth_type = scram-sha-256",
            f"auth_file = {self._users}",
            "pool_mode = transaction",
            f"default_pool_size = {self.pool_size}",
            f"max_client_conn = {MAX_CLIENTS}",
            "ignore_startup_parameters = extra_float_digits",
            "log_connections = 0",
            "log_disconnections = 0",
        ]
        return "\n".join(lines) + "\n"
