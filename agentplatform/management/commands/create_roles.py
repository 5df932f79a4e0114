"""`manage.py create_roles`: the database roles, before the first migration."""

from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from agentplatform.core.postgresql.roles import LOGINS, make_roles


class Command(BaseCommand):
    """Harmless when repeated: it makes what is missing and sets the passwords."""

    help = (
        "Make the database roles with the passwords in DATABASE_URL, ADMIN_DATABASE_URL and"
        " MIGRATION_DATABASE_URL, and hand them the database."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "server_url",
            help="postgresql://... of the same database, as a superuser or as its owner with"
            " the right to create roles.",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        passwords = {role: _password(setting, role) for setting, role in LOGINS.items()}
        try:
            make_roles(options["server_url"], passwords)
        except psycopg.Error as error:
            raise CommandError(f"The roles could not be made: {error}") from error
        self.stdout.write(f"The roles {', '.join(LOGINS.values())} are ready.")


def _password(setting: str, role: str) -> str:
    parts = urlsplit(getattr(settings.PLATFORM, setting.lower()))
    if unquote(parts.username or "") != role or not parts.password:
        raise CommandError(f"{setting} must sign in as {role}, with a password.")
    return unquote(parts.password)
