"""Kombu's transport for Redis and Valkey, which survives what is no message.

Kombu takes an item off its list and only then reads it: what is no JSON, or no envelope, would stop
the worker and be lost. It is put into an envelope of its own instead, which no task accepts.
"""

import base64
import binascii
from typing import Any
from uuid import uuid4

from kombu.transport import TRANSPORT_ALIASES, redis
from kombu.utils.json import loads

UNREADABLE_TYPE = "application/x-unreadable"


class Unread(str):
    """The text of an item that is no JSON."""


def read_item(text: str) -> Any:
    """The value of an item of a list; Unread for what is no JSON."""
    try:
        return loads(text)
    except (ValueError, RecursionError):
        return Unread(text)


def as_envelope(item: Any) -> dict[str, Any]:
    """`item`, or an envelope around its text if it is none."""
    if _is_envelope(item):
        found: dict[str, Any] = item
        return found
    return {
        "body": base64.b64encode(str(item).encode(errors="replace")).decode(),
        "content-type": UNREADABLE_TYPE,
        "content-encoding": "binary",
        "headers": {},
        "properties": {
            "body_encoding": "base64",
            "delivery_tag": str(uuid4()),
            "delivery_info": {"exchange": "", "routing_key": ""},
        },
    }


def _is_envelope(item: Any) -> bool:
    match item:
        case {
            "body": str(body),
            "properties": {"delivery_tag": str(), "delivery_info": dict(), **properties},
        }:
            return _is_body(body, properties.get("body_encoding"))
    return False


def _is_body(body: str, encoding: object) -> bool:
    if encoding is None:
        return True
    if encoding != "base64":
        return False
    try:
        base64.b64decode(body)
    except (binascii.Error, ValueError):
        return False
    return True


class Transport(redis.Transport):
    def _deliver(self, message: Any, queue: str | None) -> None:
        envelope = as_envelope(message)
        if envelope is not message:
            envelope["properties"]["delivery_info"]["routing_key"] = queue or ""
        super()._deliver(envelope, queue)


def install() -> None:
    """Make `redis://` mean this transport, for every connection that is opened from now on."""
    redis.loads = read_item  # type: ignore[attr-defined]
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = f"{__name__}:Transport"
