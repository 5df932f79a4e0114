"""`manage.py set_rate_limit`, as an operator uses it."""

from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.test import override_settings

from agentplatform.core.clock import now
from apps.tenants.models import AuditEntry, RateLimit, Tenant
from apps.tenants.services.create_api_key import create_api_key
from apps.tenants.services.create_user import create_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def tenant(db: None) -> Any:
    tenant = Tenant.objects.create(name="Acme", slug="acme")
    create_user(tenant_id=tenant.id, email="ann@acme.org", role="admin", at=now())
    usual = {"tenant_requests_per_minute": 100, "user_requests_per_minute": 20}
    with override_settings(PLATFORM=django_settings.PLATFORM.model_copy(update=usual)):
        yield tenant


def _held() -> list[tuple[Any, ...]]:
    values = ("requests_per_minute", "tokens_per_minute", "algorithm", "is_each_user")
    return list(RateLimit.objects.order_by("id").values_list(*values))


def test_what_is_not_named_stays_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("set_rate_limit", "acme", "--tokens", "50000")
    assert _held() == [(100, 50000, "sliding_window", False)]
    told = "acme: 100 requests, 50000 tokens a minute, sliding window\n"
    assert capsys.readouterr().out == told
    call_command("set_rate_limit", "acme", "--requests", "none", "--algorithm", "token_bucket")
    assert _held() == [(None, 50000, "token_bucket", False)]


def test_users_keys_and_each_user_have_their_own(tenant: Tenant) -> None:
    key = create_api_key(tenant_id=tenant.id, name="k", at=now())
    call_command("set_rate_limit", "acme", "--user", "ann@acme.org", "--requests", "60")
    call_command("set_rate_limit", "acme", "--key", key.prefix, "--requests", "5")
    call_command("set_rate_limit", "acme", "--each-user", "--tokens", "9")
    assert _held() == [
        (60, None, "sliding_window", False),
        (5, None, "sliding_window", False),
        (20, 9, "sliding_window", True),
    ]


def test_the_default_can_be_had_back() -> None:
    call_command("set_rate_limit", "acme", "--requests", "500")
    call_command("set_rate_limit", "acme", "--default")
    assert _held() == []
    entry = AuditEntry.objects.get(action="rate_limit.removed")
    assert (entry.actor_kind, entry.actor_id) == ("command", "set_rate_limit")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["acme"], "Name at least one"),
        (["acme", "--requests", "many"], "is no number"),
        (["acme", "--requests", "0"], "Name 1 to"),
        (["acme", "--default", "--requests", "5"], "--default alone"),
        (["acme", "--user", "bob@acme.org", "--requests", "5"], "has no user"),
        (["acme", "--key", "nothing", "--requests", "5"], "has no key"),
        (["nobody", "--requests", "5"], "nobody"),
    ],
)
def test_what_is_wrong_is_said_and_changes_nothing(arguments: list[str], complaint: str) -> None:
    with pytest.raises(CommandError, match=complaint):
        call_command("set_rate_limit", *arguments)
    assert _held() == []
