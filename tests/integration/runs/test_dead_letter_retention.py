"""How long dead letters are kept."""

from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

from agentplatform.core.clock import now
from agentplatform.dead_letters.models import DeadLetter
from apps.tenants.models import Tenant
from apps.tenants.tasks import purge_expired_task

KEPT = timedelta(days=settings.PLATFORM.dead_letter_retention_days)


@pytest.fixture
def write(tenant: Tenant) -> Any:
    def make(kind: str, **fields: datetime) -> DeadLetter:
        owner = None if kind == "message" else tenant
        told = {"reason": "worker_lost", "created_at": now() - 2 * KEPT, **fields}
        return DeadLetter.objects.create(kind=kind, tenant=owner, **told)

    return make


def test_what_was_decided_about_long_ago_and_old_messages_are_deleted(write: Any) -> None:
    long_ago, lately = now() - KEPT - timedelta(hours=1), now() - KEPT + timedelta(hours=1)
    write("step", replayed_at=long_ago)
    write("call", discarded_at=long_ago)
    write("message", created_at=long_ago)
    kept = [
        write("step"),
        write("call", discarded_at=lately),
        write("message", created_at=lately),
    ]
    purge_expired_task()
    assert set(DeadLetter.objects.all()) == set(kept)


def test_the_command_says_what_it_would_delete_and_deletes_it(write: Any) -> None:
    write("message")
    assert told("--dry-run") == "platform: 1 dead letters would be purged"
    assert DeadLetter.objects.count() == 1
    assert told() == "platform: 1 dead letters purged"
    assert told() == "Nothing is older than it is kept."
    assert not DeadLetter.objects.exists()


def told(*options: str) -> str:
    out = StringIO()
    call_command("purge_expired", *options, stdout=out)
    return out.getvalue().strip()
