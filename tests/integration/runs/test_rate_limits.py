"""Runs of a tenant that is over its rate limit: they wait, and end as if nothing had been."""

import asyncio
from datetime import timedelta

import pytest
from django.conf import settings

from agentplatform.core.clock import now
from agentplatform.core.wait import wait_for
from apps.gateway.models import LlmCall
from apps.gateway.rates.valkey_counts import Taking, ValkeyCounts
from apps.runs.models import Run
from apps.runs.services.cancel_run import cancel_run
from apps.runs.services.recover import recover
from apps.runs.states import RUN
from apps.tenants.contracts import OWN_RATE, OwnedRate, Rate
from apps.tenants.models import Tenant
from apps.tenants.services.rate_limit import set_rate_limit
from tests.integration.runs.conftest import RunMaker, finished, step_of
from tests.provider import Provider

pytestmark = pytest.mark.django_db(transaction=True)

ASK = {"name": "ask", "kind": "llm", "prompt": "Hello."}


@pytest.fixture
def used_up(tenant: Tenant, provider: Provider, make_run: RunMaker) -> Provider:
    """The provider; of the tenant's limit everything is taken, and comes back one in two seconds.
    The workers are up."""
    rate = Rate(requests_per_minute=30, tokens_per_minute=None, algorithm="token_bucket")
    set_rate_limit(tenant_id=tenant.id, owner=OWN_RATE, rate=rate, at=now())
    finished(make_run([ASK]))
    provider.reset()
    owned = OwnedRate(tenant_id=tenant.id, kind="tenant", owner_id=tenant.id, rate=rate)

    async def take_all() -> None:
        counts = ValkeyCounts(settings.REDIS_URL)
        await asyncio.gather(*(counts.take(Taking((owned,), 0)) for _ in range(31)))
        await counts.close()

    asyncio.run(take_all())
    return provider


def _waiting(runs: list[Run]) -> bool:
    calls = LlmCall.objects.filter(run_id__in=[run.id for run in runs])
    return calls.filter(status="QUEUED").exclude(deferred_by="").exists()


def _recovered(runs: list[Run]) -> bool:
    """What beat does every second."""
    recover(at=now())
    ids = [run.id for run in runs]
    return not Run.objects.filter(id__in=ids).exclude(status__in=RUN.terminal).exists()


def test_runs_over_the_limit_wait_and_complete(make_run: RunMaker, used_up: Provider) -> None:
    runs = [make_run([ASK]) for _ in range(4)]
    wait_for(lambda: _waiting(runs), timeout_seconds=30, what="a call to wait")
    held = LlmCall.objects.filter(status="QUEUED").exclude(deferred_by="").first()
    assert held is not None
    assert step_of(Run.objects.get(id=held.run_id), "ask").status == "WAITING"
    wait_for(
        lambda: _recovered(runs), timeout_seconds=60, every_seconds=0.2, what="the runs to end"
    )
    assert {run.status for run in Run.objects.filter(id__in=[run.id for run in runs])} == {
        "COMPLETED"
    }
    assert len(used_up.billed()) == 4


def test_a_run_whose_call_waits_can_be_cancelled(make_run: RunMaker, used_up: Provider) -> None:
    runs = [make_run([ASK]) for _ in range(3)]
    wait_for(lambda: _waiting(runs), timeout_seconds=30, what="a call to wait")
    held = LlmCall.objects.filter(status="QUEUED").exclude(deferred_by="").first()
    assert held is not None
    cancel_run(run_id=held.run_id, at=now())
    held.refresh_from_db()
    assert held.status == "CANCELLED"
    assert Run.objects.get(id=held.run_id).status == "CANCELLED"


def test_a_run_whose_call_waits_ends_at_its_time_limit(
    make_run: RunMaker, used_up: Provider
) -> None:
    runs = [make_run([{**ASK, "timeout_seconds": 600}]) for _ in range(3)]
    wait_for(lambda: _waiting(runs), timeout_seconds=30, what="a call to wait")
    held = LlmCall.objects.filter(status="QUEUED").exclude(deferred_by="").first()
    assert held is not None
    recover(at=now() + timedelta(seconds=601))
    held.refresh_from_db()
    assert held.status == "CANCELLED"
    assert step_of(Run.objects.get(id=held.run_id), "ask").status == "FAILED"
