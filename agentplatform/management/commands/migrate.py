"""`manage.py migrate`: as the owner of the tables, whom the application's role must not be."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db import connections

from agentplatform.core.postgresql.isolation.find import find_weaknesses
from agentplatform.core.postgresql.isolation.start import serious
from agentplatform.core.tenancy import ADMIN, APPLICATION, OWNER


class Command(DjangoMigrate):
    help = "Bring the database to this release, signed in with MIGRATION_DATABASE_URL."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database=OWNER)

    def execute(self, *args: Any, **options: Any) -> str | None:
        if options["database"] == OWNER and OWNER not in connections:
            raise CommandError(
                "Set MIGRATION_DATABASE_URL to the address of the role agentplatform_migrator;"
                " `manage.py create_roles` makes the roles."
            )
        return super().execute(*args, **options)

    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        is_whole = not any(options[name] for name in ("app_label", "plan", "check_unapplied"))
        if options["database"] == OWNER and is_whole:
            _require_isolation()


def _require_isolation() -> None:
    """Raises CommandError where the migrated database would not keep tenants apart."""
    users = {alias: connections[alias].settings_dict["USER"] for alias in connections}
    found = find_weaknesses(
        connections[OWNER], application=users[APPLICATION], admin=users.get(ADMIN)
    )
    if weak := serious(found):
        raise CommandError("\n".join(["Migrated, and tenants could see each other.", *weak]))
