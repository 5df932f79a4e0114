"""Where requests go and what they carry."""

import asyncio
import base64
from typing import Any
from uuid import uuid4

import anthropic
import openai
import pytest

from apps.gateway.providers import errors
from tests.integration.gateway.provider_calls import make
from tests.integration.gateway.scripted_calls import complete, outcome, talk
from tests.integration.gateway.scripted_server import (
    ANSWERS,
    Asked,
    ScriptedServer,
    as_json,
    scripted_server,
)

BOTH = pytest.mark.parametrize("name", ["openai", "anthropic"])
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
ADDRESSES = [
    ("openai", "", "/chat/completions"),
    ("openai", "/v1", "/v1/chat/completions"),
    ("openai", "/v1/", "/v1/chat/completions"),
    ("openai", "/a%2Fb/v1", "/a%2Fb/v1/chat/completions"),
    ("anthropic", "", "/v1/messages"),
    ("anthropic", "/", "/v1/messages"),
    ("anthropic", "/proxy", "/proxy/v1/messages"),
    ("anthropic", "/proxy/", "/proxy/v1/messages"),
]


async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
    name = "anthropic" if "messages" in asked.path else "openai"
    writer.write(as_json(ANSWERS[name]))


def asked_at(name: str, template: str) -> Asked:
    """The request of a provider whose base URL is `template` with the server's host in it."""

    async def run() -> Asked:
        async with scripted_server(answer) as server:
            url = template.format(host=f"127.0.0.1:{server.port}")
            chosen = make(server.provider, name, url=url)
            await complete(chosen)
            await chosen.close()
            return server.asked[0]

    return asyncio.run(run())


@pytest.mark.parametrize(("name", "base", "path"), ADDRESSES)
def test_every_form_of_base_url_is_taken(name: str, base: str, path: str) -> None:
    assert asked_at(name, "http://{host}" + base).path == path


@BOTH
def test_a_login_in_the_base_url_is_used(name: str) -> None:
    login = base64.b64encode(b"me:se cret").decode()
    asked = asked_at(name, "http://me:se%20cret@{host}/v1")
    assert asked.headers["authorization"] == f"Basic {login}"
    assert "@" not in asked.headers["host"]


@BOTH
def test_headers_are_those_of_the_official_client(name: str) -> None:
    async def run() -> tuple[Asked, Asked]:
        async with scripted_server(answer) as server:
            chosen = make(server.provider, name, key="secret")
            await complete(chosen)
            await chosen.close()
            await ask_officially(server, name)
            return server.asked[0], server.asked[1]

    ours, theirs = asyncio.run(run())
    assert ours.path == theirs.path
    for header in ("authorization", "x-api-key", "anthropic-version", "accept", "content-type"):
        assert ours.headers.get(header) == theirs.headers.get(header)
    assert ours.headers["user-agent"] == "agent-platform"


async def ask_officially(server: ScriptedServer, name: str) -> None:
    how: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Hello."}]}
    provider = server.provider
    if name == "openai":
        async with openai.AsyncOpenAI(
            api_key="secret", base_url=provider.openai_base_url
        ) as client:
            await client.chat.completions.create(**how)
    else:
        async with anthropic.AsyncAnthropic(
            api_key="secret", base_url=provider.anthropic_base_url
        ) as other:
            await other.messages.create(**how, max_tokens=5)


@BOTH
def test_the_attempt_is_named(name: str) -> None:
    attempt_id = uuid4()
    server, _ = talk(name, answer, attempt_id=attempt_id)
    assert server.asked[0].headers["x-client-request-id"] == str(attempt_id)


@BOTH
def test_the_proxy_of_the_environment_is_asked(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> Asked:
        async with scripted_server(answer) as proxy:
            set_proxies(monkeypatch, http_proxy=f"http://me:pw@127.0.0.1:{proxy.port}")
            chosen = make(proxy.provider, name, url="http://models.example/v1")
            await complete(chosen)
            await chosen.close()
            return proxy.asked[0]

    asked = asyncio.run(run())
    assert asked.path.startswith("http://models.example/v1/")
    assert asked.headers["proxy-authorization"].startswith("Basic ")
    assert asked.headers["authorization"] == "Bearer k"


@BOTH
@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_a_proxy_that_refuses_was_sent_nothing_for_the_provider(
    name: str, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(as_json({}, status="403 Forbidden"))

    async def run() -> None:
        async with scripted_server(refuse) as proxy:
            set_proxies(monkeypatch, https_proxy=f"{scheme}://127.0.0.1:{proxy.port}")
            chosen = make(proxy.provider, name, url="https://models.example/v1")
            assert type(await outcome(chosen)) is errors.ConnectFailed
            await chosen.close()
            assert [asked.path for asked in proxy.asked] in ([], ["models.example:443"])

    asyncio.run(run())


@BOTH
def test_a_key_that_no_header_can_carry_is_not_sent(name: str) -> None:
    async def run() -> None:
        async with scripted_server(answer) as server:
            chosen = make(server.provider, name, key="secret\n")
            error = await outcome(chosen)
            assert type(error) is errors.ConnectFailed
            assert "header" in str(error)
            assert "secret" not in str(error)
            await chosen.close()
            assert server.asked == []

    asyncio.run(run())


@BOTH
def test_hosts_that_need_no_proxy_are_asked_directly(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_proxies(monkeypatch, all_proxy="http://127.0.0.1:1", no_proxy="localhost,127.0.0.1")
    server, answered = talk(name, answer)
    assert answered.completion.text == "Hi."
    assert server.asked[0].path.startswith("/v1/")


def set_proxies(monkeypatch: pytest.MonkeyPatch, **proxies: str) -> None:
    for variable in PROXIES:
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.upper(), raising=False)
    for variable, value in proxies.items():
        monkeypatch.setenv(variable, value)
