"""Whatever lies on a list of Valkey reaches the consumer as a message."""

import base64

import pytest

from agentplatform.dead_letters.envelope import UNREADABLE_TYPE, as_envelope, read_item

GOOD = {
    "body": base64.b64encode(b"[]").decode(),
    "properties": {"delivery_tag": "1", "delivery_info": {}, "body_encoding": "base64"},
}


def test_an_envelope_stays_as_it_is():
    assert as_envelope(GOOD) is GOOD


@pytest.mark.parametrize(
    "item",
    [
        "",
        "\x00\ufffd",
        "[" * 100_000,
        "1",
        "null",
        "[1, 2, 3]",
        "{}",
        '{"body": "x", "properties": {}}',
        '{"body": "x", "properties": {"delivery_tag": 1, "delivery_info": {}}}',
        '{"body": "%%%a", "properties": '
        '{"delivery_tag": "1", "delivery_info": {}, "body_encoding": "base64"}}',
        '{"body": "x", "properties": '
        '{"delivery_tag": "1", "delivery_info": {}, "body_encoding": "rot13"}}',
    ],
)
def test_anything_else_is_put_into_one(item):
    envelope = as_envelope(read_item(item))
    assert envelope["content-type"] == UNREADABLE_TYPE
    assert base64.b64decode(envelope["body"]) is not None
    assert as_envelope(envelope) is envelope
