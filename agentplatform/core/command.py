"""The one way to write a management command."""

import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from agentplatform.core.actor import Actor, acting
from agentplatform.core.errors import PlatformError
from agentplatform.core.tenancy import platform_scope


class PlatformCommand(BaseCommand):
    """A command sees every tenant, and the audit says who ran it. A PlatformError becomes a
    sentence on standard error."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        name = type(self).__module__.rpartition(".")[2]
        with platform_scope(), acting(Actor(kind="command", id=name, name=_user())):
            try:
                return super().execute(*args, **options)
            except PlatformError as error:
                raise CommandError(describe(error)) from error


def describe(error: PlatformError) -> str:
    """What went wrong, with the fields."""
    fields = [f"{name}: {' '.join(map(str, why))}" for name, why in error.errors.items()]
    return "\n".join([error.detail, *fields])


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as containers have
        return "unknown"
