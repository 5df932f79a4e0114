"""A process whose database would not keep tenants apart does not start."""

import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import structlog
from django.core.checks import CheckMessage
from django.db import OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from agentplatform.core.postgresql.isolation.find import find_weaknesses
from agentplatform.core.tenancy import ADMIN, APPLICATION

log = structlog.get_logger("isolation")

CONNECT_SECONDS = 5


class WeakIsolation(Exception):
    """The database would not keep tenants apart."""


def find_own_weaknesses() -> list[CheckMessage]:
    """The weaknesses of the database, with the roles that this process signs in as. Warnings too.

    Uses connections of its own: the pools are for what may fork later.
    """
    admin = None
    if ADMIN in connections:
        with _signed_in(ADMIN) as connection:
            admin = _role(connection)
    with _signed_in(APPLICATION) as connection:
        return find_weaknesses(connection, application=_role(connection), admin=admin)


def require_isolation() -> None:
    """Raises WeakIsolation with what to change."""
    if weak := serious(find_own_weaknesses()):
        raise WeakIsolation("\n".join(weak))


def stop_if_weak(**_: object) -> None:
    """Raises SystemExit with what to change: for the start of a process, event loop or not.

    A database that does not answer is no weakness: the readiness of the web process tells.
    """
    with ThreadPoolExecutor(1) as thread:
        try:
            thread.submit(require_isolation).result()
        except OperationalError as error:
            log.warning("isolation.unknown", error=str(error))
        except WeakIsolation as error:
            log.error("isolation.weak", error=str(error))
            sys.exit(f"This process must not start: tenants could see each other.\n{error}")


def serious(found: Iterable[CheckMessage]) -> list[str]:
    """The errors among `found`, a sentence or two each."""
    return [f"{one.id}: {one.msg} {one.hint}" for one in found if one.is_serious()]


@contextmanager
def _signed_in(alias: str) -> Iterator[BaseDatabaseWrapper]:
    connection = connections[alias].copy()
    options = connection.settings_dict["OPTIONS"]
    options.pop("pool", None)
    options["connect_timeout"] = CONNECT_SECONDS
    try:
        yield connection
    finally:
        connection.close()


def _role(connection: BaseDatabaseWrapper) -> str:
    with connection.cursor() as cursor:
        cursor.execute("select current_user")
        return str(cursor.fetchone()[0])
