"""What a message must look like before Celery is let near it, and what is said of one that does
not. Celery itself trusts headers and bodies, and stops its worker over some."""

from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from kombu.transport.virtual import Message

from agentplatform.dead_letters.reasons import Reason


class BadMessage(Exception):
    """A message that no task may be given."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True)
class Described:
    """What a dead letter keeps of a message."""

    task: str
    message_id: str | None
    payload: dict[str, Any]


def check_message(message: Message, *, known: Container[str]) -> None:
    """Raises BadMessage unless this is a message of Celery's protocol 2 to a task in `known`."""
    try:
        body = message.payload
    except Exception as error:
        raise BadMessage(Reason.UNREADABLE, f"{type(error).__name__}: {error}") from error
    headers = message.headers
    if not isinstance(headers, dict):
        raise BadMessage(Reason.INVALID_MESSAGE, "The message has no headers.")
    for name in ("task", "id"):
        if not isinstance(headers.get(name), str):
            raise BadMessage(Reason.INVALID_MESSAGE, f"The header `{name}` must be a text.")
    if headers["task"] not in known:
        raise BadMessage(Reason.UNKNOWN_TASK, f"This worker knows no task {headers['task']!r}.")
    if not _is_call(body):
        what = "The body must be [arguments, keywords, canvas]."
        raise BadMessage(Reason.INVALID_MESSAGE, what)


def describe_message(message: Message) -> Described:
    """Whatever can be said of a message, good or bad."""
    headers = message.headers if isinstance(message.headers, dict) else {}
    delivery = message.delivery_info or {}
    payload: dict[str, Any] = {"queue": str(delivery.get("routing_key") or "")}
    try:
        body = message.payload
    except Exception:
        body = message.body
    if _is_call(body):
        payload |= {"args": body[0], "kwargs": body[1]}
    else:
        payload["text"] = body.decode(errors="replace") if isinstance(body, bytes) else body
    message_id = headers.get("id") or message.delivery_tag
    return Described(
        task=str(headers.get("task") or ""),
        message_id=str(message_id) if message_id else None,
        payload=payload,
    )


def _is_call(body: Any) -> bool:
    match body:
        case [list(), dict(), dict() | None]:
            return True
    return False
