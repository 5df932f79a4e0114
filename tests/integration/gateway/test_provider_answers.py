"""What the bytes of an answer may be: whole, packed, cut, endless, somewhere else."""

import asyncio
import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from apps.gateway.providers import errors
from tests.integration.gateway.provider_calls import ask, fail
from tests.integration.gateway.scripted_calls import talk
from tests.integration.gateway.scripted_server import (
    ANSWERS,
    MESSAGE,
    SAID,
    Asked,
    as_events,
    as_json,
    framed,
)
from tests.provider import Provider

BOTH = pytest.mark.parametrize("name", ["openai", "anthropic"])
EITHER_WAY = pytest.mark.parametrize("is_streamed", [False, True], ids=["plain", "streamed"])
GZIP = "Content-Encoding: gzip\r\n"
HTML = b"<html><body>Bad Gateway</body></html>"
ENDS = {"openai": b"data: [DONE]\n\n", "anthropic": b'data: {"type": "message_stop"}\n\n'}
LAYOUTS: dict[str, Callable[[bytes], bytes]] = {
    "CRLF": lambda body: body.replace(b"\n", b"\r\n"),
    "CR": lambda body: body.replace(b"\n", b"\r"),
    "no blank after the colon": lambda body: body.replace(b"data: ", b"data:"),
    "comments between": lambda body: body.replace(b"data: ", b": keep-alive\n\n: more\ndata: "),
    "other fields": lambda body: body.replace(b"data: ", b"id: 7\nevent: any\nretry: 1\ndata: "),
    "data over two lines": lambda body: body.replace(b'": ', b'":\ndata: '),
    "blank lines between": lambda body: body.replace(b"\n\n", b"\n\n\n\n"),
    "an end mark without its end": lambda body: body.removesuffix(b"\n\n"),
}


def talked(name: str, *sent: bytes, is_streamed: bool, is_cut: bool = False) -> Any:
    """The outcome of a call that is answered with these bytes, one piece after the other."""

    async def script(asked: Asked, writer: asyncio.StreamWriter) -> None:
        for piece in sent:
            writer.write(piece)
            await writer.drain()
        if is_cut:
            writer.close()

    on_text = (lambda _: None) if is_streamed else None
    _, outcome = talk(name, script, on_text=on_text)
    return outcome


@BOTH
@pytest.mark.parametrize("layout", LAYOUTS)
def test_events_are_read_in_any_layout(name: str, layout: str) -> None:
    body = LAYOUTS[layout](as_events(name))
    answer = talked(name, framed(body), is_streamed=True)
    assert answer.completion.text == SAID
    assert answer.completion.usage.completion_tokens == 2


@BOTH
@pytest.mark.parametrize("layout", ["CRLF", "data over two lines"])
def test_events_are_read_byte_by_byte(name: str, layout: str) -> None:
    body = LAYOUTS[layout](as_events(name))
    pieces = [b"%x\r\n%s\r\n" % (1, body[at : at + 1]) for at in range(len(body))]
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = talked(name, head, *pieces, b"0\r\n\r\n", is_streamed=True)
    assert answer.completion.text == SAID


@BOTH
def test_a_stream_that_ends_without_its_end_mark_is_whole(name: str) -> None:
    body = as_events(name).removesuffix(ENDS[name])
    answer = talked(name, framed(body), is_streamed=True)
    assert answer.completion.text == SAID


@BOTH
def test_a_stream_that_ends_inside_of_an_event_was_cut(name: str) -> None:
    body = as_events(name).removesuffix(ENDS[name])
    error = talked(name, framed(body[:-9]), is_streamed=True)
    assert type(error) is errors.ConnectionLost
    assert not error.is_unbilled


@BOTH
@EITHER_WAY
@pytest.mark.parametrize("share", [0.3, 0.8])
def test_a_connection_that_ends_before_the_answer_is_lost(
    name: str, is_streamed: bool, share: float
) -> None:
    whole = framed(as_events(name)) if is_streamed else as_json(ANSWERS[name])
    cut = whole[: int(len(whole) * share)]
    error = talked(name, cut, is_streamed=is_streamed, is_cut=True)
    assert type(error) is errors.ConnectionLost
    assert not error.is_unbilled


@BOTH
@EITHER_WAY
def test_an_answer_that_goes_on_and_on_is_given_up(
    provider: Provider, name: str, is_streamed: bool
) -> None:
    how: dict[str, Any] = {"on_text": lambda _: None} if is_streamed else {}
    error = fail(provider, name, ask(), model="body-70mb", timeout_seconds=20, **how)
    assert type(error) is errors.InvalidAnswer
    assert "67108864 bytes" in str(error)


@BOTH
@EITHER_WAY
def test_a_packed_answer_is_unpacked(name: str, is_streamed: bool) -> None:
    body = as_events(name) if is_streamed else json.dumps(ANSWERS[name]).encode()
    packed = framed(gzip.compress(body), headers=GZIP)
    answer = talked(name, packed, is_streamed=is_streamed)
    assert answer.completion.usage.completion_tokens == 2


@BOTH
@EITHER_WAY
def test_a_small_answer_that_unpacks_to_a_huge_one_is_given_up(
    name: str, is_streamed: bool
) -> None:
    packed = framed(gzip.compress(b" " * 80_000_000), headers=GZIP)
    error = talked(name, packed, is_streamed=is_streamed)
    assert type(error) is errors.InvalidAnswer
    assert "67108864 bytes" in str(error)


@BOTH
@EITHER_WAY
def test_an_answer_that_is_packed_wrongly_is_no_answer(name: str, is_streamed: bool) -> None:
    error = talked(name, framed(b"not gzip at all", headers=GZIP), is_streamed=is_streamed)
    assert type(error) is errors.InvalidAnswer


@BOTH
@EITHER_WAY
def test_what_is_no_http_is_no_answer(name: str, is_streamed: bool) -> None:
    error = talked(name, b"SSH-2.0-OpenSSH_9.9\r\n\r\n", is_streamed=is_streamed, is_cut=True)
    assert type(error) is errors.InvalidAnswer
    assert not error.is_unbilled


@BOTH
@EITHER_WAY
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_says_where_it_leads(
    name: str, is_streamed: bool, status: int
) -> None:
    where = "Location: https://elsewhere.example/v2\r\n"
    error = talked(
        name, framed(b"", status=f"{status} Moved", headers=where), is_streamed=is_streamed
    )
    assert type(error) is errors.ProviderError
    assert "https://elsewhere.example/v2" in str(error)
    assert error.is_unbilled
    assert not error.is_retryable
    assert error.is_failover


@BOTH
@EITHER_WAY
@pytest.mark.parametrize("is_cut", [True, False], ids=["cut", "stalled"])
def test_an_error_is_told_by_its_status_whatever_becomes_of_its_body(
    name: str, is_streamed: bool, is_cut: bool
) -> None:
    part = framed(HTML, status="502 Bad Gateway", length=1000)
    error = talked(name, part, is_streamed=is_streamed, is_cut=is_cut)
    assert type(error) is errors.ProviderUnavailable
    assert error.is_unbilled


@BOTH
@EITHER_WAY
@pytest.mark.parametrize("body", [b"[]", b"7", b'"text"', b"null", b"[" * 100_000, b"{}"])
def test_json_of_another_shape_is_no_answer(name: str, is_streamed: bool, body: bytes) -> None:
    sent = framed(b"data: " + body + b"\n\n" if is_streamed else body)
    error = talked(name, sent, is_streamed=is_streamed)
    assert isinstance(error, errors.InvalidAnswer | errors.ConnectionLost)
    assert not error.is_unbilled


def test_long_integers_in_arguments_stay_exact() -> None:
    use = {"type": "tool_use", "id": "a", "name": "add", "input": {"n": 12345678901234567890123}}
    answer = talked("anthropic", as_json(MESSAGE | {"content": [use]}), is_streamed=False)
    assert answer.completion.tool_calls[0].arguments == {"n": 12345678901234567890123}


@BOTH
def test_headers_of_many_kilobytes_are_taken(name: str) -> None:
    headers = f"Content-Security-Policy: {'x' * 30_000}\r\n" + "X-A: b\r\n" * 200
    answer = talked(name, as_json(ANSWERS[name], headers=headers), is_streamed=False)
    assert answer.completion.text == "Hi."
