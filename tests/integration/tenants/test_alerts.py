"""An alert is raised once an occasion, by whoever may."""

from collections.abc import Iterator, MutableMapping
from contextlib import suppress
from typing import Any

import pytest
from django.db import DatabaseError
from structlog.testing import capture_logs

from agentplatform.core.clock import now
from agentplatform.core.tenancy import no_scope, tenant_scope
from agentplatform.core.transactions import transaction
from agentplatform.telemetry.metrics import CappedLabel, render_metrics
from apps.tenants.contracts import NewAlert
from apps.tenants.models import Alert
from apps.tenants.services.create_tenant import create_tenant
from apps.tenants.services.raise_alert import raise_alert
from tests.integration.tenants.budgets.spender import at_once

pytestmark = pytest.mark.django_db


def breaker(**changes: Any) -> NewAlert:
    fields: dict[str, Any] = {
        "kind": "breaker_open",
        "subject": "openai:gpt-4o",
        "once_per": "openai:gpt-4o 12:00",
        "details": {"failures": 5},
    }
    return NewAlert(**fields | changes)


Lines = list[MutableMapping[str, Any]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    with capture_logs() as found:
        yield found


def test_an_alert_is_a_row_a_line_of_the_log_and_a_count(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.tenants.services.raise_alert.tenant_label", CappedLabel(1))
    tenant = create_tenant(name="Acme", at=now())
    assert raise_alert(breaker(tenant_id=tenant.id), at=now())
    alert = Alert.objects.get()
    assert (alert.kind, alert.subject) == ("breaker_open", "openai:gpt-4o")
    assert (alert.tenant_id, alert.details) == (tenant.id, {"failures": 5})
    [line] = [one for one in lines if one["event"] == "alert.raised"]
    assert (line["alert"], line["failures"]) == ("breaker_open", 5)
    assert line["tenant_id"] == str(tenant.id)
    assert f'alerts_total{{kind="breaker_open",tenant_id="{tenant.id}"}} 1.0' in (
        render_metrics().decode()
    )


def test_the_same_occasion_is_told_once(lines: Lines) -> None:
    told = [raise_alert(breaker(), at=now()), raise_alert(breaker(), at=now())]
    assert told == [True, False]
    assert raise_alert(breaker(once_per="openai:gpt-4o 12:15"), at=now())
    assert len(lines) == Alert.objects.count() == 2


def test_who_raises_it_at_once_raises_one() -> None:
    assert sorted(at_once(lambda: raise_alert(breaker(), at=now()))) == [False] * 5 + [True]


def test_two_tenants_have_their_own() -> None:
    for name in ("Acme", "Other"):
        tenant = create_tenant(name=name, at=now())
        assert raise_alert(breaker(tenant_id=tenant.id), at=now())


def test_what_is_rolled_back_is_not_told(lines: Lines) -> None:
    with suppress(ZeroDivisionError), transaction():
        raise_alert(breaker(), at=now())
        _ = 1 / 0
    assert lines == []
    assert not Alert.objects.exists()


def test_without_a_scope_the_platforms_alert_is_raised_and_not_seen() -> None:
    with no_scope():
        assert raise_alert(breaker(), at=now())
        assert not Alert.objects.exists()
    assert Alert.objects.get().tenant_id is None


def test_in_a_tenants_scope_nobody_elses_is_raised() -> None:
    mine, other = (create_tenant(name=name, at=now()) for name in ("Acme", "Other"))
    with no_scope(), tenant_scope(mine.id):
        for tenant_id in (other.id, None):
            with pytest.raises(DatabaseError, match="another tenant"):
                raise_alert(breaker(tenant_id=tenant_id), at=now())
        assert raise_alert(breaker(tenant_id=mine.id), at=now())
        assert Alert.objects.count() == 1


def test_what_no_database_takes_is_left_out() -> None:
    odd = breaker(subject="m\x00\ud800", once_per="m\x00\ud800", details={"model": "\x00\ud800"})
    assert raise_alert(odd, at=now())
    assert Alert.objects.get().subject.startswith("m")
