"""Whose rate limits hold for a call, and who changed them."""

import asyncio
import threading
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.db import connections
from django.test import override_settings

from agentplatform.core.clock import now
from agentplatform.core.errors import InvalidInput, NotFound
from agentplatform.core.tenancy import platform_scope
from agentplatform.core.transactions import scope_connection, transaction
from apps.tenants.contracts import EACH_USER, OWN_RATE, Caller, OwnedRate, Rate, RateOwner
from apps.tenants.facade import RateBook
from apps.tenants.models import AuditEntry, RateLimit, Tenant
from apps.tenants.services.create_api_key import create_api_key
from apps.tenants.services.create_user import create_user
from apps.tenants.services.rate_limit import remove_rate_limit, set_rate_limit
from apps.tenants.services.rotate_api_key import rotate_api_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def caller() -> Caller:
    """A key of a user of a tenant, on a platform with the usual limits."""
    tenant = Tenant.objects.create(name="Acme", slug=f"acme-{uuid4().hex[:8]}")
    user = create_user(tenant_id=tenant.id, email="a@x.org", role="admin", at=now())
    key = create_api_key(tenant_id=tenant.id, name="k", user_id=user.id, at=now())
    return Caller(tenant.id, user.id, key.api_key_id)


@pytest.fixture(autouse=True)
def _usual_limits():
    usual = {"tenant_requests_per_minute": 100, "user_requests_per_minute": 20}
    platform = django_settings.PLATFORM.model_copy(update=usual)
    with override_settings(PLATFORM=platform):
        yield


def _read(caller: Caller, book: RateBook | None = None) -> dict[str, tuple[Any, Any, str]]:
    found = asyncio.run((book or RateBook()).read(caller))
    return {one.kind: _told(one) for one in found}


def _told(owned: OwnedRate) -> tuple[Any, Any, str]:
    rate = owned.rate
    return rate.requests_per_minute, rate.tokens_per_minute, rate.algorithm


def _set(caller: Caller, owner: RateOwner, requests: int | None, **more: Any) -> None:
    rate = Rate(requests_per_minute=requests, **({"tokens_per_minute": None} | more))
    set_rate_limit(tenant_id=caller.tenant_id, owner=owner, rate=rate, at=now())


def test_without_rows_the_platforms_defaults_hold_for_tenant_and_user(caller):
    assert _read(caller) == {
        "tenant": (100, None, "sliding_window"),
        "user": (20, None, "sliding_window"),
    }
    assert set(_read(Caller(caller.tenant_id))) == {"tenant"}


def test_tenant_user_and_key_have_their_own(caller):
    _set(caller, OWN_RATE, 500, tokens_per_minute=10**6, algorithm="token_bucket")
    _set(caller, RateOwner(user_id=caller.user_id), 50)
    _set(caller, RateOwner(api_key_id=caller.api_key_id), 5)
    assert _read(caller) == {
        "tenant": (500, 10**6, "token_bucket"),
        "user": (50, None, "sliding_window"),
        "key": (5, None, "sliding_window"),
    }


def test_a_users_own_comes_before_that_of_each_user(caller):
    _set(caller, EACH_USER, 7)
    assert _read(caller)["user"][0] == 7
    _set(caller, RateOwner(user_id=caller.user_id), 9)
    assert _read(caller)["user"][0] == 9


def test_none_takes_a_default_away(caller):
    _set(caller, OWN_RATE, None)
    _set(caller, EACH_USER, None)
    assert _read(caller) == {}


def test_a_platform_may_have_no_defaults(caller):
    none = {"tenant_requests_per_minute": 0, "user_requests_per_minute": 0}
    with override_settings(PLATFORM=django_settings.PLATFORM.model_copy(update=none)):
        assert _read(caller) == {}


def test_a_removed_one_gives_way_to_the_default(caller):
    owner = RateOwner(user_id=caller.user_id)
    _set(caller, owner, 9)
    remove_rate_limit(tenant_id=caller.tenant_id, owner=owner, at=now())
    assert _read(caller)["user"][0] == 20
    with pytest.raises(NotFound):
        remove_rate_limit(tenant_id=caller.tenant_id, owner=owner, at=now())


def test_a_change_is_followed_after_five_seconds(caller):
    seconds = 0.0
    book = RateBook(monotonic=lambda: seconds)
    assert _read(caller, book)["tenant"][0] == 100
    _set(caller, OWN_RATE, 500)
    seconds = 4.9
    assert _read(caller, book)["tenant"][0] == 100
    seconds = 5.1
    assert _read(caller, book)["tenant"][0] == 500


@contextmanager
def _unreadable():
    """The table is locked by a transaction of somebody else; gives whether it is so still."""
    locked, done = threading.Event(), threading.Event()

    def hold():
        with platform_scope(), transaction(), scope_connection().cursor() as cursor:
            cursor.execute("lock table rate_limits in access exclusive mode")
            locked.set()
            done.wait(30)
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    assert locked.wait(30)
    try:
        yield holder.is_alive
    finally:
        done.set()
        holder.join()


def test_while_the_table_cannot_be_read_the_last_known_limits_hold_and_nobody_waits(caller):
    _set(caller, OWN_RATE, 500)

    async def work():
        seconds = 0.0
        book = RateBook(monotonic=lambda: seconds)
        before = await book.read(caller)
        seconds = 6.0
        with _unreadable() as is_unreadable:
            known = await book.read(caller)
            unknown = await book.read(Caller(caller.tenant_id))
            again = await book.read(caller)
            assert is_unreadable()
        return before, known, again, unknown

    before, known, again, unknown = asyncio.run(work())
    assert before == known == again
    assert unknown[0].rate.requests_per_minute == 100


def test_another_tenants_limits_are_not_seen(caller):
    other = Tenant.objects.create(name="Other", slug=f"other-{uuid4().hex[:8]}")
    set_rate_limit(
        tenant_id=other.id,
        owner=OWN_RATE,
        rate=Rate(requests_per_minute=1, tokens_per_minute=None),
        at=now(),
    )
    assert _read(caller)["tenant"][0] == 100
    with pytest.raises(NotFound):
        set_rate_limit(
            tenant_id=other.id,
            owner=RateOwner(user_id=caller.user_id),
            rate=Rate(requests_per_minute=1, tokens_per_minute=None),
            at=now(),
        )


def test_a_rotated_keys_successor_has_its_limit(caller):
    _set(caller, RateOwner(api_key_id=caller.api_key_id), 5)
    assert caller.api_key_id is not None
    new = rotate_api_key(tenant_id=caller.tenant_id, api_key_id=caller.api_key_id, at=now())
    assert _read(Caller(caller.tenant_id, None, new.api_key_id))["key"][0] == 5


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"requests_per_minute": 0}, "requests_per_minute"),
        ({"tokens_per_minute": -1}, "tokens_per_minute"),
        ({"requests_per_minute": 10**13}, "requests_per_minute"),
        ({"algorithm": "leaky"}, "algorithm"),
    ],
)
def test_what_is_no_limit_is_refused_by_name(caller, values, field):
    rate = Rate(**({"requests_per_minute": 1, "tokens_per_minute": None} | values))
    with pytest.raises(InvalidInput) as caught:
        set_rate_limit(tenant_id=caller.tenant_id, owner=OWN_RATE, rate=rate, at=now())
    assert list(caught.value.errors) == [field]
    assert not RateLimit.objects.exists()


def test_changes_are_audited_and_the_same_again_is_none(caller):
    for _ in range(2):
        _set(caller, OWN_RATE, 500)
    entry = AuditEntry.objects.get(action="rate_limit.changed")
    assert entry.after["requests_per_minute"] == 500
    assert entry.target_id == str(caller.tenant_id)
