"""This process as one of the platform's, beside servers of its own."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import django
from django.core.management import call_command

from agentplatform.embedded.with_servers import throwaway_servers


@contextmanager
def platform_process(
    settings: Mapping[str, str], *, profile: str = "agentplatform.settings.test"
) -> Iterator[dict[str, str]]:
    """Start PostgreSQL, with fsync, and Valkey; migrate; set Django up with `profile`, and with
    `settings` by name. Yields the environment that leads to the servers."""
    with throwaway_servers(is_durable=True) as servers:
        os.environ.update(servers | dict(settings) | {"DJANGO_SETTINGS_MODULE": profile})
        django.setup()
        call_command("migrate", verbosity=0)
        yield servers
