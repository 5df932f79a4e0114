"""What kombu puts around a message, and what is put around an item of a queue that is none, so that
no task accepts it and it can be written down."""

import base64
import binascii
from typing import Any
from uuid import uuid4

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
