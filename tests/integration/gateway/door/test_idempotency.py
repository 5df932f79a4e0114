"""Idempotency-Key at the HTTP door: one of the requests that carry the same key makes its call."""

import json
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import anthropic
import httpx
import openai
import pytest

from agentplatform.core.clock import now
from agentplatform.core.wait import wait_for
from apps.gateway.models import KeyedCall, LlmEvent
from apps.gateway.services.forget_keys import forget_keys
from apps.tenants.contracts import OWN_RATE, Rate
from apps.tenants.models import LedgerEntry, Reservation, User
from apps.tenants.services.create_api_key import create_api_key
from apps.tenants.services.rate_limit import set_rate_limit
from tests.integration.gateway.door.serving import Caller
from tests.provider import Provider
from tests.provider.contract import validate_openai

pytestmark = pytest.mark.django_db(transaction=True)
Callers = Callable[..., Caller]
Gateway = Callable[..., None]
HELLO: Any = [{"role": "user", "content": "Hello."}]
CHAT, MESSAGES, RESPONSES = "/v1/chat/completions", "/v1/messages", "/v1/responses"
KEY = "order-66"
SLOW = "openai:gpt-4o-mini-latency-400"
TALKATIVE = "openai:gpt-4o-mini-tokens-30-pace-20"


def ask(client: Caller, *, key: str = KEY, path: str = CHAT, **body: Any) -> httpx.Response:
    body.setdefault("input" if path == RESPONSES else "messages", HELLO)
    body.setdefault("model", "default")
    if path == MESSAGES:
        body.setdefault("max_tokens", 50)
    return client.post(body, path=path, headers={"idempotency-key": key})


def code_of(answer: httpx.Response) -> Any:
    validate_openai("ErrorResponse", answer.json())
    return answer.json()["error"]["code"]


@pytest.mark.parametrize("path", [CHAT, MESSAGES, RESPONSES])
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_a_repeated_request_gets_the_first_ones_answer_and_pays_nothing(
    client: Caller, provider: Provider, path: str, stream: bool
) -> None:
    first, second = (ask(client, path=path, stream=stream) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert second.content == first.content
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    for name in ("content-type", "x-request-id", "x-agentplatform-provider"):
        assert second.headers[name] == first.headers[name]
    assert second.headers.get("x-agentplatform-cost-usd") == first.headers.get(
        "x-agentplatform-cost-usd"
    )
    assert "x-agentplatform-overhead-ms" not in second.headers
    assert len(provider.billed()) == 1
    assert LedgerEntry.objects.count() == 1
    assert not Reservation.objects.exists()


def test_repeated_embeddings_are_paid_once(client: Caller, provider: Provider) -> None:
    body = {"model": "openai:text-embedding-3-small", "input": ["a", "b"]}
    headers = {"idempotency-key": KEY}
    answers = [client.post(body, path="/v1/embeddings", headers=headers) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 200]
    assert answers[0].content == answers[1].content
    assert len(provider.billed()) == 1


def test_requests_without_a_key_leave_nothing(client: Caller, provider: Provider) -> None:
    client.chat()
    client.chat()
    assert len(provider.billed()) == 2
    assert not KeyedCall.objects.exists()


def test_the_official_clients_read_a_replay(client: Caller, provider: Provider) -> None:
    header = {"Idempotency-Key": "a"}
    sdk = client.sdk().chat.completions
    plain = [sdk.create(model="default", messages=HELLO, extra_headers=header).id for _ in range(2)]
    header["Idempotency-Key"] = "b"
    told = [
        "".join(
            chunk.choices[0].delta.content or ""
            for chunk in sdk.create(
                model="default", messages=HELLO, stream=True, extra_headers=header
            )
        )
        for _ in range(2)
    ]
    assert plain[0] == plain[1]
    assert told[0] == told[1]
    assert len(provider.billed()) == 2


def test_the_order_of_names_and_the_spaces_of_a_body_do_not_matter(
    client: Caller, provider: Provider
) -> None:
    body = {"model": "default", "messages": HELLO, "temperature": 0.5}
    again = json.dumps(dict(reversed(body.items())), indent=3).encode()
    headers = {"idempotency-key": KEY}
    first = client.post(body, headers=headers)
    assert client.post(again, headers=headers).content == first.content
    assert len(provider.billed()) == 1


@pytest.mark.parametrize("model", [SLOW, TALKATIVE])
def test_a_request_that_comes_while_the_first_is_under_way_waits_for_its_answer(
    client: Caller, provider: Provider, model: str
) -> None:
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask, client, model=model, stream=model == TALKATIVE) for _ in range(4)]
        answers = [one.result() for one in asked]
    assert [one.status_code for one in answers] == [200] * 4
    assert len({one.content for one in answers}) == 1
    assert sum("idempotent-replayed" in one.headers for one in answers) == 3
    assert len(provider.billed()) == 1


@pytest.mark.parametrize("is_under_way", [False, True])
def test_a_key_that_was_used_with_another_request_is_a_conflict(
    client: Caller, provider: Provider, is_under_way: bool
) -> None:
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask, client, model=SLOW)
        if is_under_way:
            wait_for(KeyedCall.objects.exists, timeout_seconds=5, what="the claim")
        else:
            first.result()
        other = ask(client, model=SLOW, temperature=1)
        elsewhere = ask(client, model=SLOW, path=MESSAGES)
        assert first.result().status_code == 200
    assert (other.status_code, code_of(other)) == (409, "idempotency_mismatch")
    assert other.headers["x-should-retry"] == "false"
    assert elsewhere.status_code == 409
    assert elsewhere.json()["type"] == "error"
    assert "another request" in elsewhere.json()["error"]["message"]
    assert len(provider.billed()) == 1


def test_the_official_clients_raise_a_conflict_without_trying_again(
    client: Caller, provider: Provider
) -> None:
    header = {"Idempotency-Key": KEY}
    sdk = client.sdk().with_options(max_retries=2).chat.completions
    sdk.create(model="default", messages=HELLO, extra_headers=header)
    with pytest.raises(openai.ConflictError) as caught:
        sdk.create(model="default", messages=HELLO, max_tokens=5, extra_headers=header)
    assert caught.value.code == "idempotency_mismatch"
    with pytest.raises(anthropic.ConflictError):
        client.anthropic().messages.create(
            model="default", max_tokens=5, messages=HELLO, extra_headers=header
        )
    assert len(provider.billed()) == 1


def test_a_key_is_its_callers_own_and_that_of_all_keys_of_a_user(
    gateway: Gateway, caller: Callers, provider: Provider
) -> None:
    gateway(openai_model="gpt-4o-mini")
    one, other = caller(has_user=True), caller()
    bodies = {ask(one).content, ask(other).content}
    user = User.objects.get(tenant_id=one.tenant_id)
    rotated, serving = (
        create_api_key(
            tenant_id=one.tenant_id, name=name, at=now(), scopes=("gateway",), user_id=user_id
        ).secret
        for name, user_id in (("next", user.id), ("service", None))
    )
    bodies.add(ask(Caller(one.tenant_id, one.api_key_id, serving, one.address)).content)
    assert len(bodies) == 3
    bodies.add(ask(Caller(one.tenant_id, one.api_key_id, rotated, one.address)).content)
    assert len(bodies) == 3
    assert len(provider.billed()) == 3


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_after_a_failure_that_may_pass_the_key_is_free(
    gateway: Gateway, caller: Callers, provider: Provider, stream: bool
) -> None:
    gateway(on="openai", openai_model="gpt-4o-mini-error-503")
    client = caller()
    assert ask(client, stream=stream).status_code == 503
    gateway(on="openai", openai_model="gpt-4o-mini")
    assert ask(client, stream=stream).status_code == 200
    assert len(provider.billed()) == 1


def test_after_a_stream_that_broke_the_key_is_free(
    gateway: Gateway, caller: Callers, provider: Provider
) -> None:
    gateway(on="openai", openai_model="gpt-4o-mini-tokens-40-stream-cut")
    client = caller()
    assert "error" in ask(client, stream=True).text
    gateway(on="openai", openai_model="gpt-4o-mini")
    assert ask(client, stream=True).text.endswith("data: [DONE]\n\n")
    assert len(provider.billed()) == 2


def test_a_call_that_was_refused_before_it_was_made_leaves_its_key_free(
    client: Caller, provider: Provider
) -> None:
    rate = {"requests_per_minute": 1, "tokens_per_minute": None}
    set_rate_limit(tenant_id=client.tenant_id, owner=OWN_RATE, rate=Rate(**rate), at=now())
    assert client.chat().status_code == 200
    assert ask(client).status_code == 429
    assert ask(client, temperature="hot").status_code == 400
    wait_for(lambda: not KeyedCall.objects.exists(), timeout_seconds=5, what="the free key")
    assert len(provider.billed()) == 1


def test_an_answer_is_repeated_though_the_rate_limit_is_reached(client: Caller) -> None:
    rate = {"requests_per_minute": 1, "tokens_per_minute": None}
    set_rate_limit(tenant_id=client.tenant_id, owner=OWN_RATE, rate=Rate(**rate), at=now())
    assert [ask(client).status_code for _ in range(3)] == [200] * 3


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_an_error_that_the_same_request_would_meet_again_is_repeated(
    gateway: Gateway, caller: Callers, provider: Provider, stream: bool
) -> None:
    gateway(on="openai", openai_model="gpt-4o-mini-error-400")
    client = caller()
    first = ask(client, stream=stream)
    asked = provider.requests()["total"]
    second = ask(client, stream=stream)
    assert first.status_code == second.status_code == 400
    assert code_of(second) == "bad_request"
    assert second.content == first.content
    assert second.headers["idempotent-replayed"] == "true"
    assert provider.requests()["total"] == asked


def test_an_answer_that_is_too_large_to_be_kept_is_not_paid_twice(
    gateway: Gateway, caller: Callers, provider: Provider
) -> None:
    gateway(openai_model="gpt-4o-mini-tokens-100", gateway_kept_answer_limit_bytes=500)
    client = caller()
    assert ask(client).status_code == 200
    again = ask(client)
    assert (again.status_code, code_of(again)) == (409, "answer_not_kept")
    assert len(provider.billed()) == 1


def test_a_stream_whose_client_leaves_goes_on_for_who_asks_again(
    client: Caller, provider: Provider
) -> None:
    place = urlsplit(client.address)
    body = json.dumps({"model": TALKATIVE, "messages": HELLO, "stream": True}).encode()
    head = (
        f"POST {CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {client.secret}\r\n"
        f"idempotency-key: {KEY}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((place.hostname, place.port)) as connection:
        connection.sendall(head.encode() + body)
        connection.recv(65536)
    again = ask(client, model=TALKATIVE, stream=True)
    assert again.text.endswith("data: [DONE]\n\n")
    assert again.headers["idempotent-replayed"] == "true"
    (bill,) = provider.billed()
    assert not bill["is_cut"]
    assert LlmEvent.objects.get().is_confirmed


@pytest.mark.parametrize("key", ["", "with space", "ü", "x" * 256])
def test_a_key_that_is_none_is_refused(client: Caller, provider: Provider, key: str) -> None:
    headers = {b"idempotency-key": key.encode("latin-1")}
    answer = client.post({"model": "default", "messages": HELLO}, headers=headers)
    assert answer.status_code == 400
    assert code_of(answer) == "invalid_value"
    assert answer.json()["error"]["param"] == "Idempotency-Key"
    assert "1 to 255 visible ASCII characters" in answer.json()["error"]["message"]
    assert provider.billed() == []


@pytest.mark.parametrize("is_asked", [False, True])
def test_the_call_of_a_dead_process_is_made_anew_only_if_nobody_can_have_been_asked(
    client: Caller, provider: Provider, is_asked: bool
) -> None:
    ask(client)
    made = KeyedCall.objects.update(
        status=None, headers=None, body=None, is_asked=is_asked, lease_token=uuid4(),
        lease_expires_at=now() - timedelta(seconds=1),
    )  # fmt: skip
    assert made == 1
    again = ask(client)
    if is_asked:
        assert (again.status_code, code_of(again)) == (409, "outcome_unknown")
        assert again.headers["x-should-retry"] == "false"
    else:
        assert again.status_code == 200
        assert "idempotent-replayed" not in again.headers
    assert len(provider.billed()) == 2 - is_asked


def test_after_a_day_a_key_is_forgotten(client: Caller, provider: Provider) -> None:
    ask(client)
    ask(client, key="another")
    row = KeyedCall.objects.filter(key=KEY)
    row.update(created_at=now() - timedelta(hours=24, seconds=1))
    assert "idempotent-replayed" not in ask(client).headers
    row.update(created_at=now() - timedelta(hours=24, seconds=1))
    assert forget_keys(at=now()) == 1
    assert KeyedCall.objects.get().key == "another"
    assert len(provider.billed()) == 3
