"""Whatever starts, ends and changes: places are never exceeded, and nobody is left out."""

import uuid

import pytest
from django.conf import settings as django_settings
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentplatform.core.clock import now
from apps.runs.models import Run
from apps.runs.services.cancel_run import cancel_run
from apps.runs.services.places.admit_runs import admit_runs
from apps.tenants.models import Tenant
from tests.integration.runs.places import start

pytestmark = pytest.mark.django_db(transaction=True)

TENANTS = st.integers(0, 2)
ACTIONS = st.one_of(
    st.tuples(st.just("start"), TENANTS, st.integers(-2, 2)),
    st.tuples(st.just("end"), TENANTS, st.integers(0, 5)),
    st.tuples(st.just("cap"), TENANTS, st.sampled_from((None, 1, 2))),
    st.tuples(st.just("admit"), TENANTS, st.just(0)),
)


class Platform:
    """Three tenants and a platform with three places."""

    def __init__(self) -> None:
        self.tenants = [self._tenant(number) for number in range(3)]
        self.caps: dict[uuid.UUID, int | None] = {one.id: None for one in self.tenants}

    def _tenant(self, number: int) -> Tenant:
        slug = f"p{number}-{uuid.uuid4().hex[:12]}"
        return Tenant.objects.create(name=slug, slug=slug)

    def act(self, kind: str, number: int, what: int | None) -> None:
        tenant = self.tenants[number]
        if kind == "start":
            start(tenant, priority=what or 0)
        elif kind == "cap":
            self.caps[tenant.id] = what
            Tenant.objects.filter(id=tenant.id).update(max_runs_in_flight=what)
        elif kind == "end":
            for run in Run.objects.filter(tenant=tenant, status="RUNNING")[what or 0 :][:1]:
                cancel_run(run_id=run.id, at=now())
        else:
            self.admit()

    def admit(self) -> list[uuid.UUID]:
        """The tenants whose runs were started; each start was allowed, and none was left out."""
        before = self.at_work()
        admit_runs(at=now())
        after = self.at_work()
        given = {one: after[one] - before[one] for one in after}
        for tenant_id, number in given.items():
            cap = self.caps[tenant_id]
            assert not number or cap is None or after[tenant_id] <= cap
        assert sum(after.values()) <= 3
        if sum(after.values()) < 3:
            for tenant_id, number in after.items():
                cap = self.caps[tenant_id]
                waits = Run.objects.filter(tenant_id=tenant_id, waits_for_place=True).exists()
                assert not waits or (cap is not None and number >= cap)
        return [one for one, number in given.items() if number]

    def at_work(self) -> dict[uuid.UUID, int]:
        rows = Run.objects.filter(status="RUNNING")
        return {one.id: rows.filter(tenant=one).count() for one in self.tenants}

    def drain(self) -> None:
        """End one run after the other: all that waits is started, within so many places."""
        for _ in range(Run.objects.filter(status__in=("PENDING", "RUNNING")).count() + 1):
            self.admit()
            for run in Run.objects.filter(tenant__in=self.tenants, status="RUNNING")[:1]:
                cancel_run(run_id=run.id, at=now())
        assert not Run.objects.filter(tenant__in=self.tenants, completed_at=None).exists()
        never = Run.objects.filter(tenant__in=self.tenants, started_at=None)
        assert not never.exists()


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(actions=st.lists(ACTIONS, max_size=25))
def test_places_are_never_exceeded_and_nobody_starves(
    actions: list[tuple[str, int, int | None]],
) -> None:
    limited = django_settings.PLATFORM.model_copy(update={"max_runs_in_flight": 3})
    with override_settings(PLATFORM=limited):
        platform = Platform()
        for action in actions:
            platform.act(*action)
        platform.drain()
