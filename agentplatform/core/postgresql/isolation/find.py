"""Whatever would let one tenant see another, found in PostgreSQL's catalogue."""

from collections.abc import Iterator

from django.core.checks import CheckMessage, Warning
from django.db.backends.base.base import BaseDatabaseWrapper

from agentplatform.core.postgresql.isolation.append_only import find_changeable
from agentplatform.core.postgresql.isolation.functions import find_open_functions, find_open_views
from agentplatform.core.postgresql.isolation.references import find_foreign_references
from agentplatform.core.postgresql.isolation.roles import find_strong_role
from agentplatform.core.postgresql.isolation.tables import find_weak_tables
from agentplatform.core.postgresql.isolation.weakness import CursorWrapper, weakness


def find_weaknesses(
    connection: BaseDatabaseWrapper, *, application: str, admin: str | None
) -> list[CheckMessage]:
    """The weaknesses of the connection's database, where requests and tasks sign in as the role
    `application`, and recovery, admin site and commands as `admin`. Any role may look.

    A database without tables has those of its roles only, and a warning that says so.
    """
    with connection.cursor() as cursor:
        return list(_find(cursor, application, admin))


def _find(cursor: CursorWrapper, application: str, admin: str | None) -> Iterator[CheckMessage]:
    yield from find_strong_role(cursor, application)
    if admin == application:
        change = "Let ADMIN_DATABASE_URL and DATABASE_URL sign in as roles of their own."
        yield weakness(6, f"The role {admin} serves both the application and the admin.", change)
    elif admin:
        yield from find_strong_role(cursor, admin)
    cursor.execute("select to_regclass('tenants') is null")
    if cursor.fetchone()[0]:
        what = "The database has no tables yet."
        yield Warning(what, hint="Run `manage.py migrate`.", id="tenancy.W002")
        return
    yield from find_weak_tables(cursor, application=application, admin=admin)
    yield from find_foreign_references(cursor)
    yield from find_changeable(cursor, application=application, admin=admin)
    yield from find_open_functions(cursor)
    yield from find_open_views(cursor)
