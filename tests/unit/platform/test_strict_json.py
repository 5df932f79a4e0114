"""Bodies that other platforms answer with a 500."""

import io

import pytest
from rest_framework.exceptions import ParseError

from agentplatform.api.parsers import BoundedJSONParser
from agentplatform.core.errors import InvalidInput, TooLarge


def parse(body):
    return BoundedJSONParser().parse(io.BytesIO(body))


def test_reads_what_json_can_say():
    body = b'{"a": [1, -2.5, true, null, "\\u00e9\\ud83d\\ude00"], "b": {}}'
    assert parse(body) == {"a": [1, -2.5, True, None, "é😀"], "b": {}}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"\xff",
        b"\xef\xbb\xbf{}",
        b"{'a': 1}",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1} {"b": 2}',
        b'"\x00"',
        b"1" * 5000,
        b"[" * 33 + b"]" * 33,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    ],
    ids=range(13),
)
def test_refuses_what_is_no_json_or_too_deep_as_malformed(body):
    with pytest.raises(ParseError):
        parse(body)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b'{"a": {"b": ["x", "\\u0000"]}}', "a.b.1"),
        (b'{"a": "\\ud800"}', "a"),
        (b'{"a": {"\\u0000": 1}}', "a"),
        (b'{"a": 1e999}', "a"),
        (b'{"a": 9223372036854775808}', "a"),
        (b'{"a": 1, "a": 2}', "a"),
        (b'{"\\ud800": 1, "\\ud800": 2}', "\\ud800"),
    ],
)
def test_refuses_what_cannot_be_stored_and_says_where(body, place):
    with pytest.raises(InvalidInput) as refused:
        parse(body)
    assert list(refused.value.errors) == [place]


def test_takes_the_deepest_allowed_nest():
    assert parse(b"[" * 32 + b"]" * 32)


def test_refuses_a_large_body_without_reading_it_all():
    stream = io.BytesIO(b"[" + b" " * 5_000_000 + b"]")
    with pytest.raises(TooLarge):
        BoundedJSONParser().parse(stream)
    assert stream.tell() < 1_100_000
