"""The test database: how it is emptied, and how other processes reach it."""

import psycopg
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from agentplatform.core.postgresql.roles import LOGINS, MIGRATOR_ROLE, OWNER_ROLE

KEPT = ("django_migrations", "django_content_type", "auth_permission", "model_prices")


def allow_deletes(server_url: str) -> None:
    """Let the owner, on the server of this superuser, put triggers aside for a transaction: those
    that hold append-only tables, and those of foreign keys, which only cost time where every row
    goes."""
    with psycopg.connect(server_url) as connection:
        connection.execute("select pg_advisory_xact_lock(hashtext('test owner'))")
        connection.execute(
            f"grant set on parameter session_replication_role to {OWNER_ROLE}, {MIGRATOR_ROLE}"
        )


def delete_all_rows(connection: BaseDatabaseWrapper) -> None:
    """Empty every table, as their owner, in one round trip. Needs allow_deletes."""
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
        deletes = "".join(f"delete from {name};" for name in names if name not in KEPT)
        cursor.execute(f"begin; set local session_replication_role = replica; {deletes} commit")


def role_addresses() -> dict[str, str]:
    """The settings that lead another process to this test database, by role."""
    found = {}
    for setting, alias in zip(LOGINS, ("default", "admin", "owner"), strict=True):
        database = connections[alias].settings_dict
        login = f"{database['USER']}:{database['PASSWORD']}"
        place = f"{database['HOST']}:{database['PORT']}/{database['NAME']}"
        found[setting] = f"postgresql://{login}@{place}"
    return found
