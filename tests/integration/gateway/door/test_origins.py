"""Browsers' pages of other origins that call the door."""

import httpx
import pytest
from pytest_django import Settings

from tests.integration.gateway.door.serving import Caller

pytestmark = pytest.mark.django_db(transaction=True)
ORIGIN = "https://console.example.org"
WANTS = "authorization,content-type,x-stainless-lang"


def preflight(client: Caller, *, path: str = "/v1/chat/completions") -> httpx.Response:
    asked = {
        "origin": ORIGIN,
        "access-control-request-method": "POST",
        "access-control-request-headers": WANTS,
    }
    return httpx.options(client.address + path, headers=asked)


def is_cors(answer: httpx.Response) -> bool:
    return any(name.startswith("access-control-") for name in answer.headers)


def test_no_other_origin_may_call_by_default(client: Caller) -> None:
    assert preflight(client).status_code == 405
    assert not is_cors(preflight(client))
    assert not is_cors(client.get("/v1/models", origin=ORIGIN))


def test_a_listed_origin_may_call_and_read_what_it_is_answered(
    client: Caller, settings: Settings
) -> None:
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]
    asked = preflight(client)
    assert (asked.status_code, asked.text) == (200, "")
    assert asked.headers["access-control-allow-origin"] == ORIGIN
    assert asked.headers["access-control-allow-methods"] == "POST"
    assert asked.headers["access-control-allow-headers"] == WANTS
    assert "access-control-allow-credentials" not in asked.headers
    answers = [
        client.get("/v1/models", origin=ORIGIN),
        client.get("/v1/nothing", origin=ORIGIN),
        httpx.get(f"{client.address}/v1/models", headers={"origin": ORIGIN}),
        client.post(
            {"model": "default", "messages": [{"role": "user", "content": "Hi."}], "stream": True},
            headers={"origin": ORIGIN},
        ),
    ]
    assert [one.status_code for one in answers] == [200, 404, 401, 200]
    for one in answers:
        assert one.headers["access-control-allow-origin"] == ORIGIN
        assert one.headers["access-control-expose-headers"] == "*"


def test_an_origin_that_is_not_listed_and_a_program_are_told_nothing(
    client: Caller, settings: Settings
) -> None:
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]
    assert not is_cors(client.get("/v1/models", origin="https://evil.example.org"))
    assert not is_cors(client.get("/v1/models"))
