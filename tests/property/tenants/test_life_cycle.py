"""Whatever is asked of a tenant, in whatever order and however often: the table holds."""

import uuid
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentplatform.core.clock import now
from agentplatform.core.errors import Conflict
from apps.runs.models import Run, TaskDefinition
from apps.runs.selectors import newest_version
from apps.runs.services.create_run import create_run
from apps.runs.services.recover import recover
from apps.runs.services.save_task import create_task
from apps.runs.states import RUN
from apps.tenants.contracts import TenantInactive
from apps.tenants.models import AuditEntry, Tenant
from apps.tenants.services.create_tenant import create_tenant
from apps.tenants.services.delete_tenant import delete_tenant
from apps.tenants.services.purge_expired import purge_expired
from apps.tenants.services.resume_tenant import resume_tenant
from apps.tenants.services.suspend_tenant import suspend_tenant
from apps.tenants.services.tend_tenants import tend_tenants
from apps.tenants.states import TENANT

pytestmark = pytest.mark.django_db(transaction=True)

SPEC = {"steps": [{"name": "a", "kind": "tool", "tool": "code", "arguments": {"program": "1"}}]}
TARGETS = {"suspend": "suspended", "resume": "active", "delete": "deleted"}
MESSAGES = st.sampled_from((*TARGETS, "start", "tend", "expire", "recover", "wait"))


class Life:
    """A tenant, what the table says that it must be, and the messages that reach it."""

    def __init__(self) -> None:
        self.at: datetime = now()
        slug = f"acme-{uuid.uuid4().hex[:12]}"
        self.tenant = create_tenant(name="Acme", slug=slug, at=self.at)
        Tenant.objects.filter(id=self.tenant.id).update(retention_days=1)
        self.task: TaskDefinition = create_task(
            tenant_id=self.tenant.id,
            name="t",
            description="",
            spec=SPEC,
            created_by=None,
            at=self.at,
        )
        self.status = "active"
        self.moves = 0

    def deliver(self, message: str) -> None:
        if message in TARGETS:
            self._move(message)
        elif message == "start":
            self._start()
        elif message == "tend":
            tend_tenants(clock=lambda: self.at)
            if self.status != "active":
                assert not self._unfinished()
        elif message == "expire":
            purge_expired(clock=lambda: self.at)
        elif message == "recover":
            recover(at=self.at)
        else:
            self.at += timedelta(minutes=30)
        self._check()

    def _move(self, message: str) -> None:
        target = TARGETS[message]
        is_move = target in TENANT.table[self.status]
        try:
            self._ask(message)
        except Conflict:
            assert not is_move
            assert target != self.status
            return
        assert is_move or target == self.status
        self.moves += is_move
        self.status = target

    def _ask(self, message: str) -> None:
        if message == "suspend":
            suspend_tenant(tenant_id=self.tenant.id, at=self.at)
        elif message == "resume":
            resume_tenant(tenant_id=self.tenant.id, at=self.at)
        else:
            delete_tenant(tenant_id=self.tenant.id, confirm_slug=self.tenant.slug, at=self.at)

    def _start(self) -> None:
        if not TaskDefinition.objects.filter(id=self.task.id).exists():
            assert self.status == "deleted"
            return
        before = Run.objects.count()
        with suppress(TenantInactive):
            create_run(version=newest_version(self.task), given={}, created_by=None, at=self.at)
        assert (Run.objects.count() > before) == (self.status == "active")

    def _unfinished(self) -> bool:
        return Run.objects.filter(tenant=self.tenant).exclude(status__in=RUN.terminal).exists()

    def _check(self) -> None:
        self.tenant.refresh_from_db()
        assert self.tenant.status == self.status
        changes = AuditEntry.objects.filter(
            tenant=self.tenant,
            action__in=("tenant.suspended", "tenant.resumed", "tenant.deleted"),
        )
        assert changes.count() == self.moves
        if self.tenant.purged_at is not None:
            assert self.status == "deleted"
            assert not Run.objects.filter(tenant=self.tenant).exists()


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(messages=st.lists(MESSAGES, max_size=25))
def test_the_table_of_a_tenants_life_holds_whatever_comes(messages: list[str]) -> None:
    life = Life()
    for message in messages:
        life.deliver(message)
    life.deliver("tend")
    assert (life.tenant.purged_at is not None) == (life.status == "deleted")
