"""The test database: how it is emptied, and how other processes reach it."""

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from agentplatform.core.postgresql.roles import LOGINS

APPEND_ONLY = ("audit_entries", "ledger_entries")
KEPT = ("django_migrations", "django_content_type", "auth_permission", "model_prices")


def delete_all_rows(connection: BaseDatabaseWrapper) -> None:
    """Empty every table, as their owner, in one round trip."""
    with connection.cursor() as cursor:
        names = [
            name
            for name in connection.introspection.table_names(cursor)
            if name not in (*KEPT, *APPEND_ONLY)
        ]
        deletes = "".join(f"delete from {name};" for name in names)
        cursor.execute(f"begin; truncate {', '.join(APPEND_ONLY)}; {deletes} commit")


def role_addresses() -> dict[str, str]:
    """The settings that lead another process to this test database, by role."""
    found = {}
    for setting, alias in zip(LOGINS, ("default", "admin", "owner"), strict=True):
        database = connections[alias].settings_dict
        login = f"{database['USER']}:{database['PASSWORD']}"
        place = f"{database['HOST']}:{database['PORT']}/{database['NAME']}"
        found[setting] = f"postgresql://{login}@{place}"
    return found
