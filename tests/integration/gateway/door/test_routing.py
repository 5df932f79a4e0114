"""Routes, breakers and own keys at the HTTP door."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from agentplatform.core.clock import now
from apps.gateway.models import LlmEvent
from apps.gateway.services.set_model_policy import set_model_policy
from apps.gateway.services.set_model_route import set_model_route
from apps.gateway.services.set_provider_key import set_provider_key
from apps.tenants.facade import delete_secret
from tests.integration.gateway.door.serving import Caller
from tests.provider.contract import validate_openai

pytestmark = pytest.mark.django_db
Gateway = Callable[..., None]


def ids(client: Caller) -> list[str]:
    return [one["id"] for one in client.get("/v1/models").json()["data"]]


def error_of(answer: Any) -> dict[str, Any]:
    validate_openai("ErrorResponse", answer.json())
    error: dict[str, Any] = answer.json()["error"]
    return error


def test_a_tenants_routes_are_called_and_listed(client: Caller) -> None:
    set_model_route(tenant_id=client.tenant_id, alias="smart", targets=["openai:gpt-4o"], at=now())
    assert client.chat(model="smart").status_code == 200
    assert ids(client)[:2] == ["default", "smart"]
    assert client.sdk().models.retrieve("smart").id == "smart"


def test_a_tenant_of_routes_alone_is_listed_nothing_else(client: Caller) -> None:
    set_model_policy(
        tenant_id=client.tenant_id, allowed_models="routed", allows_local=False, at=now()
    )
    assert ids(client) == ["default"]
    answer = client.chat(model="openai:gpt-4o")
    assert answer.status_code == 404
    assert error_of(answer)["code"] == "model_not_found"


def test_an_own_key_turns_a_provider_on(client: Caller) -> None:
    set_provider_key(
        tenant_id=client.tenant_id, provider="anthropic", api_key="own-key", at=now(),
        default_model="claude-opus-4-5",
    )  # fmt: skip
    assert "anthropic:claude-opus-4-5" in ids(client)
    assert client.chat(model="anthropic:claude-opus-4-5").status_code == 200


def test_an_own_key_that_is_gone_is_said_to_be(client: Caller) -> None:
    set_provider_key(tenant_id=client.tenant_id, provider="openai", api_key="own-key", at=now())
    delete_secret(tenant_id=client.tenant_id, name="provider-openai", at=now())
    answer = client.chat()
    assert answer.status_code == 403
    assert error_of(answer)["code"] == "own_key_unreadable"
    assert not LlmEvent.objects.exists()


@pytest.mark.parametrize(("is_streamed", "end"), [(True, "content_filter"), (False, "stop")])
def test_a_filtered_answer_is_asked_of_another_unless_it_was_read_already(
    gateway: Gateway, caller: Callable[..., Caller], is_streamed: bool, end: str
) -> None:
    smart = {"targets": ["openai:gpt-content-filter"], "on_content_filter": ["openai:gpt-4o"]}
    gateway(model_routes=json.dumps({"smart": smart}))
    answer = caller().chat(model="smart", stream=is_streamed)
    assert answer.status_code == 200
    assert f'"finish_reason":"{end}"' in answer.text
    assert answer.text.endswith("data: [DONE]\n\n") == is_streamed


def test_a_shut_provider_is_worth_coming_again(
    gateway: Gateway, caller: Callable[..., Caller]
) -> None:
    model = f"gpt-error-503-tag-{uuid4().hex}"
    gateway(on="openai", openai_model=model, breaker_least_calls=1, breaker_open_seconds=600)
    client = caller()
    client.chat(model="default")
    answer = client.chat(model="default")
    assert answer.status_code == 503
    assert 590 <= int(answer.headers["retry-after"]) <= 600
    assert error_of(answer)["code"] == "circuit_open"


def test_a_providers_rate_limit_is_told_to_who_has_no_other(
    gateway: Gateway, caller: Callable[..., Caller]
) -> None:
    gateway(on="openai", openai_model="gpt-error-429-retry-70", call_deadline_seconds=5)
    answer = caller().chat()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "70")
