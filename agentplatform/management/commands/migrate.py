"""`manage.py migrate`: as the owner of the tables, whom the application's role must not be."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db import connections

from agentplatform.core.tenancy import OWNER


class Command(DjangoMigrate):
    help = "Bring the database to this release, signed in with MIGRATION_DATABASE_URL."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database=OWNER)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["database"] == OWNER and OWNER not in connections:
            raise CommandError(
                "Set MIGRATION_DATABASE_URL to the address of the role agentplatform_migrator;"
                " `manage.py create_roles` makes the roles."
            )
        super().handle(*args, **options)
