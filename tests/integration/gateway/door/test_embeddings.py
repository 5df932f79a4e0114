"""POST /v1/embeddings: what it answers, charges, refuses, and whom it asks."""

import asyncio
import base64
import struct
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx
import pytest
from openai import AsyncOpenAI

from agentplatform.core.clock import now
from agentplatform.telemetry.tracing import stop_tracing
from apps.gateway.models import LlmEvent
from apps.gateway.services.set_model_route import set_model_route
from apps.tenants.contracts import OWN_RATE, Rate
from apps.tenants.models import Account, LedgerEntry, Reservation
from apps.tenants.services.rate_limit import set_rate_limit
from tests.collector import attributes, running_collector
from tests.integration.gateway.door.serving import Caller, Server
from tests.integration.gateway.door.upstream import Upstream, running_upstream
from tests.provider import Provider
from tests.provider.contract import request_parameters, validate_openai

pytestmark = pytest.mark.django_db(transaction=True)
Callers = Callable[..., Caller]
Gateway = Callable[..., None]


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with running_upstream() as running:
        yield running


def vectors_of(answer: httpx.Response) -> list[Any]:
    body = answer.json()
    assert answer.status_code == 200, body
    validate_openai("CreateEmbeddingResponse", body)
    assert [one["index"] for one in body["data"]] == list(range(len(body["data"])))
    return [one["embedding"] for one in body["data"]]


def error(answer: httpx.Response, status: int) -> dict[str, Any]:
    body = answer.json()
    assert answer.status_code == status, body
    validate_openai("ErrorResponse", body)
    return dict(body["error"])


def test_texts_and_token_ids_have_a_vector_each(client: Caller, provider: Provider) -> None:
    answer = client.embed(input=["Hi.", "Ho."])
    assert [len(one) for one in vectors_of(answer)] == [256, 256]
    assert answer.json()["model"] == "text-embedding-3-small"
    (bill,) = provider.billed()
    assert answer.json()["usage"]["total_tokens"] == bill["prompt_tokens"]
    assert len(vectors_of(client.embed(input=[[1, 2], [3]]))) == 2
    assert len(vectors_of(client.embed(input=["Hi."] * 2048, dimensions=1))) == 2048


def test_vectors_in_base64_are_those_in_numbers(client: Caller) -> None:
    (numbers,) = vectors_of(client.embed(encoding_format="float"))
    packed = client.embed(encoding_format="base64").json()["data"][0]["embedding"]
    assert list(struct.unpack("<256f", base64.b64decode(packed))) == numbers


def test_the_official_clients_read_vectors(client: Caller) -> None:
    how: Any = {"model": "text-embedding-3-large", "input": ["a", "b"], "dimensions": 8}
    plain = client.sdk().embeddings.create(**how, user="u1")

    async def ask() -> Any:
        address = f"{client.address}/v1"
        async with AsyncOpenAI(api_key=client.secret, base_url=address, max_retries=0) as sdk:
            return await sdk.embeddings.create(**how, encoding_format="float")

    also = asyncio.run(ask())
    assert [one.embedding for one in plain.data] == [one.embedding for one in also.data]
    assert {len(one.embedding) for one in plain.data} == {8}


@pytest.mark.parametrize("form", ["float", "base64"])
def test_a_server_that_knows_no_base64_is_taken_at_its_numbers(
    gateway: Gateway, caller: Callers, upstream: Upstream, form: str
) -> None:
    data = [{"index": 1, "embedding": [0.5, -2]}, {"index": 0, "embedding": [0.25, 1]}]
    upstream.answer = {"data": data, "usage": {"prompt_tokens": 2}}
    gateway(on="local", local_llm_base_url=f"{upstream.address}/v1")
    answer = caller().embed(
        model="local:nomic", input=["a", "b"], encoding_format=form, dimensions=2, user="u1"
    )
    first, second = (one["embedding"] for one in answer.json()["data"])
    if form == "base64":
        first, second = (
            list(struct.unpack("<2f", base64.b64decode(one))) for one in (first, second)
        )
    assert (first, second) == ([0.25, 1], [0.5, -2])
    asked = upstream.asked[-1]
    assert asked["input"] == ["a", "b"]
    assert (asked["model"], asked["dimensions"], asked["user"]) == ("nomic", 2, "u1")
    assert set(asked) <= request_parameters("/embeddings")


def test_tenant_user_and_key_are_charged_the_tokens_that_were_read(
    server: Server, caller: Callers, gateway: Gateway, provider: Provider
) -> None:
    gateway(openai_model="gpt-4o-mini")
    client = caller(has_user=True, token_budget=1000, usd_nanos=10**9)
    answer = client.embed(input=["some words to read", "and a few more"])
    server.stop()
    (bill,) = provider.billed()
    used = bill["prompt_tokens"]
    accounts = Account.objects.filter(tenant_id=client.tenant_id, unit="tokens")
    assert sorted(one.kind for one in accounts) == ["key", "tenant", "user"]
    assert {(one.posted, one.reserved) for one in accounts} == {(used, 0)}
    assert not Reservation.objects.exists()
    event, entry = LlmEvent.objects.get(), LedgerEntry.objects.get()
    assert (event.prompt_tokens, event.completion_tokens, event.status) == (used, 0, "success")
    assert event.cost_nanos == entry.cost_nanos == used * 20
    assert (entry.tokens, entry.is_confirmed) == (used, True)
    told = answer.headers
    assert Decimal(told["x-agentplatform-cost-usd"]) == Decimal(used * 20) / 10**9
    assert told["x-agentplatform-remaining-tokens"] == str(1000 - used)
    assert told["x-agentplatform-provider"] == "openai"


def test_an_answer_without_usage_is_charged_what_was_held(
    server: Server, caller: Callers, gateway: Gateway, provider: Provider
) -> None:
    gateway(openai_model="gpt-4o-mini")
    assert caller().embed(model="openai:text-embedding-3-small-missing-usage").status_code == 200
    server.stop()
    (bill,) = provider.billed()
    entry = LedgerEntry.objects.get()
    assert not entry.is_confirmed
    assert entry.tokens >= bill["prompt_tokens"]
    assert not Reservation.objects.exists()


def test_a_failed_attempt_is_tried_again_and_each_has_its_event(
    server: Server, caller: Callers, gateway: Gateway
) -> None:
    gateway(openai_model="gpt-4o-mini")
    answer = caller().embed(model="openai:text-embedding-3-small-fail-first-1")
    assert answer.headers["x-agentplatform-attempts"] == "2"
    server.stop()
    assert sorted(LlmEvent.objects.values_list("status", flat=True)) == ["failed", "success"]


def test_a_route_is_asked_in_its_order_and_the_answer_names_the_model(
    gateway: Gateway, caller: Callers
) -> None:
    gateway(on="openai anthropic local")
    client = caller()
    targets = ["openai:text-embedding-3-small-error-401", "openai:text-embedding-3-large"]
    set_model_route(tenant_id=client.tenant_id, alias="vectors", targets=targets, at=now())
    answer = client.embed(model="vectors")
    assert vectors_of(answer)
    assert answer.json()["model"] == "text-embedding-3-large"
    assert answer.headers["x-agentplatform-attempts"] == "2"


def test_nobody_else_is_asked_when_the_one_named_model_fails(
    gateway: Gateway, caller: Callers, provider: Provider
) -> None:
    gateway(on="openai anthropic local")
    model = "text-embedding-3-small-error-401"
    told = error(caller().embed(model=f"openai:{model}"), 502)
    assert told["code"] == "providers_failed"
    assert provider.requests()["by_model"] == {model: 1}


@pytest.mark.parametrize("fault", ["malformed-json", "wrong-shape", "empty-body"])
def test_an_answer_that_cannot_be_read_is_charged_and_told(
    gateway: Gateway, caller: Callers, server: Server, fault: str
) -> None:
    gateway(on="openai", call_deadline_seconds=1)
    error(caller().embed(model=f"openai:text-embedding-3-small-{fault}"), 503)
    server.stop()
    assert set(LedgerEntry.objects.values_list("is_confirmed", flat=True)) == {False}
    assert not Reservation.objects.exists()


def test_fewer_dimensions_than_were_asked_for_are_not_passed_on(
    gateway: Gateway, caller: Callers, upstream: Upstream
) -> None:
    upstream.answer = {
        "data": [{"index": 0, "embedding": [0.5, 1, 2]}],
        "usage": {"prompt_tokens": 2, "total_tokens": 2},
    }
    gateway(on="local", local_llm_base_url=f"{upstream.address}/v1")
    told = error(caller().embed(model="local:nomic", dimensions=2), 503)
    assert told["code"] == "invalid_output"
    assert "3 dimensions where 2 were asked for" in told["message"]


def test_anthropic_is_said_to_have_no_embeddings(client: Caller, provider: Provider) -> None:
    told = error(client.embed(model="anthropic:claude-haiku-4-5"), 400)
    assert told["code"] == "unsupported"
    assert "Anthropic has no embeddings" in told["message"]
    assert provider.requests()["total"] == 0


@pytest.mark.parametrize("fault", ["error-403", "error-503"])
def test_a_model_that_cannot_embed_goes_on_answering(
    gateway: Gateway, caller: Callers, provider: Provider, fault: str
) -> None:
    gateway(on="openai", breaker_least_calls=1, call_deadline_seconds=2)
    model = f"gpt-4o-mini-tag-{uuid4().hex}"
    client = caller()
    provider.control(behaviour=f"ok-{fault}", model=model)
    codes = [client.embed(model=f"openai:{model}").json()["error"]["code"] for _ in range(4)]
    assert codes[-1] == "circuit_open"
    provider.control(model=model)
    assert client.chat(model=f"openai:{model}").status_code == 200


@pytest.mark.parametrize(
    "model", ["anthropic:claude-haiku-4-5", "openai:text-embedding-3-small-error-501"]
)
def test_what_a_provider_does_not_do_shuts_no_breaker(
    gateway: Gateway, caller: Callers, model: str
) -> None:
    gateway(breaker_least_calls=1)
    client, named = caller(), f"{model}-tag-{uuid4().hex}"
    answers = [client.embed(model=named) for _ in range(3)]
    assert [error(one, 400)["code"] for one in answers] == ["unsupported"] * 3


def test_a_wrong_request_is_refused_and_nobody_is_asked(client: Caller, provider: Provider) -> None:
    told = error(client.embed(input=["a", ""]), 400)
    assert (told["param"], told["code"]) == ("input[1]", "invalid_value")
    assert provider.requests()["total"] == 0


@pytest.mark.parametrize(
    "limits", [{"token_budget": 5}, {"usd_nanos": 100}], ids=["tokens", "money"]
)
def test_without_room_in_the_budget_nobody_is_asked(
    gateway: Gateway, caller: Callers, provider: Provider, limits: dict[str, int]
) -> None:
    gateway(openai_model="gpt-4o-mini")
    answer = caller(**limits).embed(input=["some words"] * 5)
    told = error(answer, 429)
    assert (told["type"], told["code"]) == ("insufficient_quota", "budget_exceeded")
    assert answer.headers["x-agentplatform-call-id"]
    assert provider.requests()["total"] == 0
    assert not Reservation.objects.exists()


def test_a_budget_can_be_used_to_its_last_token(gateway: Gateway, caller: Callers) -> None:
    gateway(openai_model="gpt-4o-mini")
    assert caller(token_budget=3).embed(input=[1, 2, 3]).status_code == 200


@pytest.mark.parametrize(
    ("kind", "requests", "tokens"), [("requests", 1, None), ("tokens", None, 30)]
)
def test_requests_and_tokens_are_limited_a_minute(
    client: Caller, kind: str, requests: int | None, tokens: int | None
) -> None:
    rate = Rate(requests_per_minute=requests, tokens_per_minute=tokens)
    set_rate_limit(tenant_id=client.tenant_id, owner=OWN_RATE, rate=rate, at=now())
    how = {"input": list(range(20))}
    assert client.embed(**how).status_code == 200
    answer = client.embed(**how)
    assert error(answer, 429)["type"] == kind
    assert int(answer.headers["retry-after"]) >= 1


def test_an_attempt_is_a_span_by_the_conventions(
    client: Caller, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_collector() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        stop_tracing()
        client.embed(dimensions=8)
        stop_tracing()
    monkeypatch.undo()
    stop_tracing()
    (span,) = (one for one in collector.spans if one.name.startswith("embeddings"))
    told = attributes(span)
    assert span.name == "embeddings text-embedding-3-small"
    assert told["gen_ai.operation.name"] == "embeddings"
    assert told["gen_ai.provider.name"] == "openai"
    assert told["gen_ai.embeddings.dimension.count"] == 8
    assert told["gen_ai.usage.input_tokens"] == provider.billed()[0]["prompt_tokens"]
    assert "gen_ai.response.finish_reasons" not in told


def test_a_body_that_is_no_json_object_is_refused(client: Caller) -> None:
    told = error(client.post(b"[]", path="/v1/embeddings"), 400)
    assert "JSON object" in told["message"]
    assert error(client.get("/v1/embeddings"), 405)["code"] == "method_not_allowed"


def test_models_that_embed_are_listed(client: Caller) -> None:
    names = [one["id"] for one in client.get("/v1/models").json()["data"]]
    assert "openai:text-embedding-3-small" in names
