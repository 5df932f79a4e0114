"""Calls that fail for want of a provider or of room raise an alert, once."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError

from apps.gateway.services.alerts import PERIOD, finish_alerts, raise_alert
from apps.gateway.services.engine import reset_engine
from apps.tenants.models import Alert
from apps.tenants.services.describe_alert import describe_alert
from tests.integration.gateway.calls import start_work

pytestmark = pytest.mark.django_db(transaction=True)
Gateway = Callable[..., None]
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def own(model: str) -> str:
    """A name of it whose breaker no other test has."""
    return f"{model}-tag-{uuid4().hex}"


def alerts() -> list[Alert]:
    """All of them, once those of the background are written."""
    reset_engine()
    return list(Alert.objects.order_by("id"))


def test_when_every_provider_has_failed_the_tenant_is_told_once(gateway: Gateway) -> None:
    gateway(
        openai_model=own("gpt-4o-mini-error-401"), anthropic_model=own("claude-haiku-4-5-error-500")
    )
    work = start_work()
    for index in range(2):
        assert work.complete(index=index).failure is not None
    [alert] = alerts()
    assert (alert.kind, alert.subject) == ("providers_failed", "default")
    assert alert.tenant_id == work.tenant_id
    asked = [(one["provider"], one["error_code"]) for one in alert.details["attempts"]]
    assert asked == [("openai", "authentication_failed")] + [("anthropic", "unavailable")] * 3
    assert "detail" not in str(alert.details)


def test_when_nobody_was_asked_the_tenant_is_told_why(gateway: Gateway) -> None:
    gateway(on="openai", openai_model="model-without-a-price")
    assert start_work(usd_nanos=10**9).complete().failure is not None
    [alert] = alerts()
    assert "its price is not known" in describe_alert(alert)


def test_a_refused_request_alarms_nobody(gateway: Gateway) -> None:
    gateway(openai_model="gpt-4o-mini-error-400")
    assert start_work().complete().failure is not None
    assert alerts() == []


def test_a_failed_over_call_alarms_nobody(gateway: Gateway) -> None:
    gateway(openai_model=own("gpt-4o-mini-error-401"), anthropic_model="claude-haiku-4-5")
    assert start_work().complete().failure is None
    assert alerts() == []


@pytest.mark.parametrize(
    ("limits", "kind"), [({"run_budget": 5}, "run"), ({"token_budget": 5}, "tenant")]
)
def test_a_budget_that_refuses_a_call_is_told_once(
    gateway: Gateway, limits: dict[str, int], kind: str
) -> None:
    gateway(openai_model="gpt-4o-mini")
    work = start_work(**limits)
    for index in range(2):
        failure = work.complete(index=index).failure
        assert failure is not None
        assert failure.code == "budget_exceeded"
    [alert] = alerts()
    assert alert.kind == "budget_exceeded"
    assert alert.subject == f"{kind}:{work.run_id if kind == 'run' else work.tenant_id}"
    assert (alert.details["used"], alert.details["limit"]) == (0, 5)


def test_a_breaker_that_opens_tells_the_platform_once(gateway: Gateway) -> None:
    dead = own("gpt-error-503")
    gateway(openai_model=dead, breaker_least_calls=2, breaker_open_seconds=600)
    work = start_work()
    for index in range(3):
        assert work.complete(index=index).failure is None
    [alert] = alerts()
    assert (alert.kind, alert.tenant_id) == ("breaker_open", None)
    assert alert.subject == f"openai:{dead}"
    assert alert.details == {"provider": "openai", "model": dead, "cause": "outage"}


def raise_at(*times: datetime) -> None:
    async def raise_all() -> None:
        for at in times:
            raise_alert(kind="breaker_open", subject="openai:gpt-4o", at=at)
        await finish_alerts()

    asyncio.run(raise_all())


def test_the_same_is_said_once_a_period() -> None:
    raise_at(NOON, NOON + PERIOD - timedelta(seconds=1))
    raise_at(NOON + timedelta(seconds=1), NOON + PERIOD)
    assert [one.created_at for one in Alert.objects.order_by("id")] == [NOON, NOON + PERIOD]


def test_an_alert_that_could_not_be_written_is_written_with_the_next_cause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> bool:
        raise DatabaseError

    async def raise_twice() -> None:
        monkeypatch.setattr("apps.tenants.facade.raise_alert", fail)
        raise_alert(kind="breaker_open", subject="openai:gpt-4o", at=NOON)
        await finish_alerts()
        monkeypatch.undo()
        raise_alert(kind="breaker_open", subject="openai:gpt-4o", at=NOON)
        await finish_alerts()

    asyncio.run(raise_twice())
    assert Alert.objects.count() == 1
