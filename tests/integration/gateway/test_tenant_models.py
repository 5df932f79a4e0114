"""What a tenant sets of models counts for its calls, and for nobody else's."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connections
from structlog.testing import capture_logs

from agentplatform.core.clock import now
from agentplatform.core.errors import InvalidInput, NotFound
from agentplatform.core.tenancy import ADMIN
from agentplatform.core.wait import wait_for
from apps.gateway import facade
from apps.gateway.models import LlmEvent, ProviderKey
from apps.gateway.services.engine import reset_engine
from apps.gateway.services.set_model_policy import set_model_policy
from apps.gateway.services.set_model_route import delete_model_route, set_model_route
from apps.gateway.services.set_provider_key import delete_provider_key, set_provider_key
from apps.gateway.services.tenant_models import followed_models
from apps.tenants.facade import delete_secret
from apps.tenants.models import AuditEntry
from tests.integration.gateway.calls import Work, assert_settled, events, start_work
from tests.provider import Provider

pytestmark = pytest.mark.django_db
Gateway = Callable[..., None]
OWN = "the-tenants-own-key"


@pytest.fixture(autouse=True)
def _nothing_known() -> None:
    followed_models.forget()


def route(work: Work, alias: str, *targets: str, **more: Any) -> None:
    set_model_route(tenant_id=work.tenant_id, alias=alias, targets=targets, at=now(), **more)


def own_key(
    work: Work, *, api_key: str | None = OWN, provider: str = "openai", **more: Any
) -> None:
    set_provider_key(tenant_id=work.tenant_id, provider=provider, api_key=api_key, at=now(), **more)


def complete_soon(work: Work, is_right: Callable[[Any], bool], **request: Any) -> Any:
    """The first outcome that is right, once what was set has come to be known."""
    numbers = iter(range(1000))
    return wait_for(
        lambda: is_right(found := work.complete(index=next(numbers), **request)) and found,
        timeout_seconds=20,
        every_seconds=0.2,
        what="what was set to count",
    )


def test_a_tenants_route_takes_the_place_of_the_platforms(gateway: Gateway) -> None:
    gateway(model_routes=json.dumps({"smart": ["openai:gpt-4o"]}))
    ours, theirs = start_work(), start_work()
    route(ours, "smart", "anthropic:claude-haiku-4-5")
    assert ours.complete(model="smart").summary["provider"] == "anthropic"
    assert theirs.complete(model="smart").summary["provider"] == "openai"


def test_a_tenants_route_may_be_its_default(gateway: Gateway) -> None:
    gateway()
    work = start_work()
    route(work, "default", "openai:gpt-error-400-context", on_context_window=["openai:gpt-4.1"])
    assert work.complete().summary["model"] == "gpt-4.1"


def test_a_route_of_another_tenant_is_none(gateway: Gateway) -> None:
    gateway()
    ours, theirs = start_work(), start_work()
    route(ours, "smart", "openai:gpt-4o")
    failure = theirs.complete(model="smart").failure
    assert failure is not None
    assert (failure.code, "'default' or <provider>" in failure.detail) == ("unknown_model", True)


def test_a_change_counts_for_calls_within_seconds(gateway: Gateway) -> None:
    gateway()
    work = start_work()
    route(work, "smart", "openai:gpt-4o")
    assert work.complete(index=1000, model="smart").summary["provider"] == "openai"
    route(work, "smart", "anthropic:claude-haiku-4-5")
    complete_soon(work, lambda one: one.summary["provider"] == "anthropic", model="smart")
    delete_model_route(tenant_id=work.tenant_id, alias="smart", at=now())
    with pytest.raises(NotFound):
        delete_model_route(tenant_id=work.tenant_id, alias="smart", at=now())


def test_what_is_wrong_with_a_route_is_named() -> None:
    work = start_work()
    with pytest.raises(InvalidInput) as error:
        route(work, "Smart", "gpt-4o", on_content_filter=["openai:x", "openai:x"])
    assert set(error.value.errors) == {"alias", "targets", "on_content_filter"}


def test_a_tenant_of_routes_alone_names_no_other_model(gateway: Gateway) -> None:
    gateway()
    work = start_work()
    route(work, "smart", "openai:gpt-4o")
    set_model_policy(
        tenant_id=work.tenant_id, allowed_models="routed", allows_local=False, at=now()
    )
    assert work.complete(index=0, model="smart").failure is None
    failure = work.complete(index=1, model="openai:gpt-4o").failure
    assert failure is not None
    assert "'default', 'smart', which are all that this tenant may name" in failure.detail
    assert facade.is_known_model("smart", tenant_id=work.tenant_id)
    assert not facade.is_known_model("openai:gpt-4o", tenant_id=work.tenant_id)
    assert not facade.is_known_model("smart", tenant_id=None)


def test_local_answers_critical_calls_of_tenants_that_allow_it(gateway: Gateway) -> None:
    gateway(on="openai local", openai_model="gpt-error-401")
    careful, willing = start_work(), start_work()
    set_model_policy(tenant_id=willing.tenant_id, allowed_models="any", allows_local=True, at=now())
    assert careful.complete().failure is not None
    assert willing.complete().summary["provider"] == "local"


def test_a_route_says_how_long_conversations_may_be() -> None:
    work = start_work()
    route(work, "smart", "openai:gpt-4.1")
    assert facade.context_tokens(model="smart", tenant_id=work.tenant_id) == 1_047_576


def is_own(work: Work) -> list[bool]:
    rows = LlmEvent.objects.filter(run_id=work.run_id).order_by("id")
    return list(rows.values_list("is_own_key", flat=True))


def test_a_tenants_own_key_is_used_in_place_of_the_platforms(gateway: Gateway) -> None:
    gateway(on="openai")
    ours, theirs = start_work(), start_work()
    own_key(ours, api_key="invalid")
    failure = ours.complete(index=0).failure
    assert failure is not None
    assert "authentication_failed" in failure.detail
    assert theirs.complete().failure is None
    own_key(ours)
    complete_soon(ours, lambda one: one.failure is None)
    assert set(is_own(ours)) == {True}
    assert is_own(theirs) == [False]


def test_a_tenant_may_have_a_provider_that_the_platform_has_not(gateway: Gateway) -> None:
    gateway(on="")
    work = start_work(token_budget=100_000)
    own_key(work, provider="anthropic", default_model="claude-opus-4-5")
    summary = work.complete().summary
    assert (summary["provider"], summary["model"]) == ("anthropic", "claude-opus-4-5")
    assert_settled(work)


def test_a_bad_key_of_a_tenant_closes_nobody_else_off(gateway: Gateway) -> None:
    gateway(on="openai", openai_model=f"gpt-tag-{uuid4().hex}")
    ours, theirs = start_work(), start_work()
    own_key(ours, api_key="invalid")
    codes = [
        failure.code
        for number in range(5)
        if (failure := ours.complete(index=number).failure) is not None
    ]
    assert codes == ["providers_failed"] * 3 + ["circuit_open"] * 2
    assert theirs.complete().failure is None


def test_an_own_base_url_is_called(gateway: Gateway, provider: Provider) -> None:
    gateway(on="openai", openai_base_url="http://127.0.0.1:1/v1", own_key_private_hosts="127.0.0.1")
    work = start_work()
    own_key(work, base_url=provider.openai_base_url, default_model="llama-3")
    assert work.complete().summary["model"] == "llama-3"


def test_a_name_that_leads_to_us_is_not_called(gateway: Gateway) -> None:
    gateway(on="openai")
    work = start_work()
    own_key(work)
    ProviderKey.objects.update(base_url="https://localhost:1/v1")
    failure = work.complete().failure
    assert failure is not None
    assert "does not resolve to public addresses only" in failure.detail
    assert {code for _, _, code in events(work)} == {"connect_failed"}


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("llm.example.com/v1", "like https://llm.example.com/v1"),
        ("ftp://llm.example.com", "like https://"),
        ("http://llm.example.com/v1", "Use https"),
        ("https://10.0.0.1/v1", "not an address"),
        ("https://[::1]/v1", "not an address"),
        ("https://0x7f000001/v1", "not an address"),
        ("https://2130706433/v1", "not an address"),
        ("https://localhost/v1", "Name a public host"),
        ("https://me:pw@llm.example.com/v1", "Leave out login"),
        ("https://llm.example.com/v1?a=b", "Leave out login"),
        ("https://llm.example.com:port/v1", "This is no URL"),
        ("https://llm.example.com/ v1", "without spaces"),
    ],
)
def test_a_base_url_that_cannot_be_is_refused(url: str, told: str) -> None:
    work = start_work()
    with pytest.raises(InvalidInput) as error:
        own_key(work, base_url=url)
    assert told in error.value.errors["base_url"][0]


def test_a_key_is_not_sent_to_another_address_without_being_given_again() -> None:
    work = start_work()
    own_key(work)
    with pytest.raises(InvalidInput) as error:
        own_key(work, api_key=None, base_url="https://evil.example.com/v1")
    assert set(error.value.errors) == {"api_key"}
    own_key(work, api_key=None, default_model="gpt-5")
    assert ProviderKey.objects.get().default_model == "gpt-5"


@pytest.mark.parametrize("api_key", ["", "with space", "line\nbreak", "x" * 1025, "schlüssel"])
def test_what_is_no_key_is_refused(api_key: str) -> None:
    with pytest.raises(InvalidInput) as error:
        own_key(start_work(), api_key=api_key)
    assert set(error.value.errors) == {"api_key"}


def test_without_its_own_key_a_tenant_is_back_on_the_platforms(gateway: Gateway) -> None:
    gateway(on="openai")
    work = start_work()
    own_key(work, api_key="invalid")
    delete_provider_key(tenant_id=work.tenant_id, provider="openai", at=now())
    assert work.complete().failure is None
    assert is_own(work) == [False]


def test_a_key_whose_secret_is_gone_is_refused_and_the_platforms_is_not_used(
    gateway: Gateway,
) -> None:
    gateway(on="openai")
    work = start_work()
    own_key(work)
    delete_secret(tenant_id=work.tenant_id, name="provider-openai", at=now())
    failure = work.complete().failure
    assert failure is not None
    assert failure.code == "own_key_unreadable"
    assert "own key for openai is gone" in failure.detail
    assert events(work) == []


def texts(tenant_id: UUID) -> str:
    """Every row of every table, as text."""
    with connections[ADMIN].cursor() as cursor:
        cursor.execute(
            "select table_name from information_schema.tables where table_schema = 'public'"
            " and table_type = 'BASE TABLE'"
        )
        tables = [name for (name,) in cursor.fetchall()]
        found = []
        for table in tables:
            cursor.execute(f"select t::text from {table} t")
            found += [text for (text,) in cursor.fetchall()]
    return "\n".join(found)


def test_an_own_key_stands_in_no_row_no_log_and_no_error(gateway: Gateway) -> None:
    gateway(on="openai", openai_model="gpt-error-401")
    work = start_work()
    with capture_logs() as lines:
        own_key(work)
        failure = work.complete().failure
        reset_engine()
    assert failure is not None
    assert OWN not in failure.detail
    assert OWN not in json.dumps(lines, default=str)
    assert OWN not in texts(work.tenant_id)
    assert AuditEntry.objects.filter(action="provider_key.added").exists()
