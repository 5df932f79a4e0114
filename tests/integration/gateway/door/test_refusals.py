"""What is refused, and in which words."""

import gzip
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.db import connections

from agentplatform.core.clock import now
from agentplatform.core.wait import wait_for
from apps.tenants.models import ApiKey, Reservation, Tenant
from apps.tenants.services import authenticate
from apps.tenants.services.authenticate import forget_credentials
from tests.integration.gateway.door.serving import Caller
from tests.provider import Provider
from tests.provider.contract import validate_openai

pytestmark = pytest.mark.django_db(transaction=True)
Callers = Callable[..., Caller]
Gateway = Callable[..., None]
HELLO = [{"role": "user", "content": "Hello."}]


def error(answer: httpx.Response, status: int) -> dict[str, Any]:
    body = answer.json()
    assert answer.status_code == status, body
    validate_openai("ErrorResponse", body)
    return dict(body["error"])


def user(content: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": content}]}


WRONG: dict[str, tuple[dict[str, Any], str | None, str]] = {
    "no model": ({"model": None}, "model", "Missing required parameter"),
    "model of another type": ({"model": 5}, "model", "expected a string, but got an integer"),
    "model that is no name": ({"model": "openai:a\x00b"}, "model", "without control characters"),
    "temperature that is no number": (
        {"temperature": float("nan")}, "temperature", "no number of JSON",
    ),
    "no messages": ({"messages": None}, "messages", "Missing required parameter"),
    "empty messages": ({"messages": []}, "messages", "at least one message"),
    "messages of another type": ({"messages": "Hi"}, "messages", "expected an array"),
    "a message of another type": ({"messages": ["Hi"]}, "messages[0]", "expected an object"),
    "unknown role": ({"messages": [{"role": "bot"}]}, "messages[0].role", "'bot' is none of"),
    "no content": (
        {"messages": [{"role": "user"}]}, "messages[0].content", "Missing required parameter",
    ),
    "content of another type": (user(5), "messages[0].content", "a string or an array"),
    "empty parts": (user([]), "messages[0].content", "at least one part"),
    "unknown part": (
        user([{"type": "video", "video": 1}]), "messages[0].content[0].type", "'video' is none of",
    ),
    "plain http image": (
        user([{"type": "image_url", "image_url": {"url": "http://a/b.png"}}]),
        "messages[0].content[0].image_url.url",
        "https",
    ),
    "image too large": (
        user([{"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 5000}}]),
        "messages[0].content[0].image_url.url",
        "send a smaller image",
    ),
    "file that is no PDF": (
        user([{"type": "file", "file": {"file_data": "data:text/csv;base64,AAAA"}}]),
        "messages[0].content[0].file.file_data",
        "send the text of other files",
    ),
    "file that is stored elsewhere": (
        user([{"type": "file", "file": {"file_id": "file-1"}}]),
        "messages[0].content[0].file.file_id",
        "send 'file_data'",
    ),
    "unknown field of a message": (
        {"messages": [{"role": "user", "content": "Hi", "mood": 1}]},
        "messages[0].mood",
        "Unknown parameter",
    ),
    "tool without its call": (
        {"messages": [{"role": "tool", "content": "x"}]},
        "messages[0].tool_call_id",
        "Missing required parameter",
    ),
    "negative max_tokens": ({"max_tokens": -1}, "max_tokens", "-1 is less than 1"),
    "max_tokens of another type": ({"max_tokens": "9"}, "max_tokens", "expected an integer"),
    "temperature too high": ({"temperature": 3}, "temperature", "3 is more than 2"),
    "several answers": ({"n": 2}, "n", "'n' must be 1"),
    "unknown parameter": ({"top_k": 3}, "top_k", "Unknown parameter: 'top_k'"),
    "functions": ({"functions": []}, "functions", "use 'tools'"),
    "a tier that costs more": ({"service_tier": "fast"}, "service_tier", "'fast' costs more"),
    "five stops": ({"stop": list("abcde")}, "stop", "at most 4"),
    "stream of another type": ({"stream": 1}, "stream", "expected a boolean"),
    "stream options without a stream": (
        {"stream_options": {"include_usage": True}}, "stream_options", "'stream': true",
    ),
    "tool choice without tools": ({"tool_choice": "auto"}, "tool_choice", "with 'tools'"),
    "tool without a name": (
        {"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name", "Missing",
    ),
    "tool with a schema that is none": (
        {
            "tools": [
                {"type": "function", "function": {"name": "a", "parameters": {"type": "thing"}}}
            ]
        },
        "tools[0].function.parameters",
        "no JSON schema",
    ),
    "top_logprobs alone": ({"top_logprobs": 2}, "top_logprobs", "'logprobs' to be true"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_request_is_refused_with_the_parameter_and_what_to_change(
    gateway: Gateway, caller: Callers, provider: Provider, name: str
) -> None:
    gateway(openai_model="gpt-4o-mini", gateway_image_limit_bytes=4096)
    change, param, message = WRONG[name]
    body = json.dumps({"model": "default", "messages": HELLO} | change).encode()
    told = error(caller().post(body), 400)
    assert told["param"] == param
    assert message in told["message"]
    assert provider.billed() == []


@pytest.mark.parametrize("body", [b"{", b"", b"[]", b'{"model": "default", "messages": [', b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(client: Caller, body: bytes) -> None:
    assert "JSON" in error(client.post(body), 400)["message"]


def test_a_body_that_is_compressed_is_refused(client: Caller) -> None:
    body = gzip.compress(json.dumps({"model": "default", "messages": HELLO}).encode())
    answer = client.post(body, headers={"content-encoding": "gzip"})
    assert "compressed (gzip)" in error(answer, 415)["message"]


@pytest.mark.parametrize("path", ["/v1/v1/chat/completions", "/v1/chat/completions/"])
def test_an_address_that_is_nearly_right_is_told_the_right_one(client: Caller, path: str) -> None:
    assert "use /v1/chat/completions." in error(client.post({}, path=path), 404)["message"]


def test_a_body_above_the_limit_is_refused_with_413(gateway: Gateway, caller: Callers) -> None:
    gateway(openai_model="gpt-4o-mini", gateway_body_limit_bytes=2048)
    told = error(caller().chat(user="x" * 3000), 413)
    assert "2048 bytes" in told["message"]


@pytest.mark.parametrize("model", ["gpt-9", "nobody:model", "anthropic:claude-haiku-4-5"])
def test_a_model_that_nobody_has_is_not_found(
    gateway: Gateway, caller: Callers, model: str
) -> None:
    gateway(on="openai", openai_model="gpt-4o-mini")
    told = error(caller().chat(model=model), 404)
    assert (told["code"], told["param"]) == ("model_not_found", "model")


@pytest.mark.parametrize(
    "limits", [{"token_budget": 20}, {"usd_nanos": 1000}], ids=["tokens", "money"]
)
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_without_room_in_the_budget_a_call_is_refused_as_a_quota_that_is_used_up(
    gateway: Gateway, caller: Callers, provider: Provider, limits: dict[str, int], stream: bool
) -> None:
    gateway(openai_model="gpt-4o-mini")
    answer = caller(**limits).chat(stream=stream)
    told = error(answer, 429)
    assert (told["type"], told["code"]) == ("insufficient_quota", "budget_exceeded")
    assert answer.headers["x-agentplatform-call-id"]
    assert answer.headers["x-should-retry"] == "false"
    assert provider.billed() == []
    assert not Reservation.objects.exists()


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_over_a_rate_limit_a_call_is_told_when_to_come_back(
    gateway: Gateway, caller: Callers, provider: Provider, stream: bool
) -> None:
    gateway(openai_model="gpt-4o-mini", tenant_requests_per_minute=2)
    client = caller()
    left = [client.chat().headers["x-ratelimit-remaining-requests"] for _ in range(2)]
    assert left == ["1", "0"]
    answer = client.chat(stream=stream)
    told = error(answer, 429)
    assert (told["type"], told["code"]) == ("requests", "rate_limit_exceeded")
    assert 1 <= int(answer.headers["retry-after"]) <= 120
    assert answer.headers["x-ratelimit-limit-requests"] == "2"
    assert len(provider.billed()) == 2


def test_when_every_provider_fails_each_attempt_is_told(gateway: Gateway, caller: Callers) -> None:
    gateway(openai_model="ok-error-503", anthropic_model="ok-error-401", call_deadline_seconds=3)
    answer = caller().chat()
    told = error(answer, 503)
    assert answer.headers["retry-after"]
    assert "openai:ok-error-503 unavailable" in told["message"]
    assert "anthropic:ok-error-401 authentication_failed" in told["message"]


def test_a_prompt_beyond_the_window_is_the_clients_to_change(
    gateway: Gateway, caller: Callers
) -> None:
    gateway(on="openai", openai_model="gpt-4o-mini-window-1")
    assert error(caller().chat(), 400)["code"] == "context_length_exceeded"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer ap_nobody"},
        {"authorization": "Basic x"},
        {"x-api-key": "a.b.c"},
    ],
)
def test_without_a_good_key_nothing_is_answered(client: Caller, headers: dict[str, str]) -> None:
    answer = httpx.get(f"{client.address}/v1/models", headers=headers)
    assert error(answer, 401)["code"] == "invalid_api_key"


def test_a_key_without_the_right_is_refused(gateway: Gateway, caller: Callers) -> None:
    gateway(openai_model="gpt-4o-mini")
    assert error(caller(scopes=("read",)).chat(), 403)["code"] == "missing_right"


def revoke(caller: Caller) -> None:
    ApiKey.objects.filter(id=caller.api_key_id).update(revoked_at=now())


def expire(caller: Caller) -> None:
    ApiKey.objects.filter(id=caller.api_key_id).update(expires_at=now() - timedelta(seconds=1))


def suspend(caller: Caller) -> None:
    Tenant.objects.filter(id=caller.tenant_id).update(status="suspended")


TAKE_BACK = (revoke, expire, suspend)


@pytest.mark.parametrize("take_back", TAKE_BACK)
def test_a_key_that_was_taken_back_is_refused_within_seconds(
    client: Caller, monkeypatch: pytest.MonkeyPatch, take_back: Callable[[Caller], None]
) -> None:
    assert client.chat().status_code == 200
    take_back(client)
    moment = now() + timedelta(seconds=5)
    monkeypatch.setattr("apps.gateway.doors.callers.now", lambda: moment)
    error(client.chat(), 401)
    assert timedelta(seconds=5) > authenticate.LIFETIME


def test_while_the_database_does_not_answer_requests_are_refused_in_time(
    gateway: Gateway, caller: Callers
) -> None:
    gateway(openai_model="gpt-4o-mini", gateway_wait_seconds=0.5)
    client = caller()
    assert client.chat().status_code == 200
    forget_credentials()
    with connections["owner"].cursor() as cursor:
        cursor.execute("begin; lock table api_keys in access exclusive mode")
        try:
            answer = client.chat()
        finally:
            cursor.execute("rollback")
    assert error(answer, 503)["code"] == "unavailable"
    assert answer.headers["retry-after"] == "1"
    wait_for(lambda: client.chat().status_code == 200, timeout_seconds=10, what="an answer")


def test_unknown_parameters_are_passed_on_where_the_operator_says_so(
    gateway: Gateway, caller: Callers
) -> None:
    gateway(on="openai", openai_model="qwen", gateway_unknown_parameters="pass")
    assert caller().chat(top_k=3).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1/chat/completions", 405), ("POST", "/v1/models", 405), ("GET", "/v1/x", 404)],
)
def test_an_address_that_is_none_is_refused_in_openais_words(
    client: Caller, method: str, path: str, status: int
) -> None:
    headers = {"authorization": f"Bearer {client.secret}"}
    error(httpx.request(method, client.address + path, headers=headers), status)


def test_other_addresses_are_somebody_elses(client: Caller) -> None:
    assert httpx.get(f"{client.address}/health").text == "beyond"
