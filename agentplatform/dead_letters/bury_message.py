"""Write the dead letter of a message, from any worker: no row says whose a bad message is."""

import json
from datetime import datetime
from typing import Any

import structlog

from agentplatform.core.connections import own_connection
from agentplatform.core.ids import new_id
from agentplatform.core.json_values import clean_text
from agentplatform.core.mask import mask_text
from agentplatform.dead_letters.payload import bound_payload
from agentplatform.dead_letters.reasons import Reason
from agentplatform.telemetry.metrics import DEAD_LETTERS

log = structlog.get_logger("dead_letters")

BURY = "select bury_message(%s, %s, %s::jsonb, %s, %s, %s, %s)"
DETAIL_LIMIT = 2000


def bury_message(
    *,
    task: str,
    payload: dict[str, Any],
    reason: Reason,
    detail: str,
    message_id: str | None,
    at: datetime,
) -> None:
    """Add the letter, unless this message has one. Commits by itself, on a connection of its own:
    the process that reads messages must leave the pools to those that it forks.

    A database that does not answer costs the letter, never the worker: what a message says stands
    in a row too. Then the log has it.
    """
    letter_id, name = new_id(), clean_text(task)[:200]
    bounded = bound_payload(payload)
    told = clean_text(mask_text(detail))[:DETAIL_LIMIT]
    key = clean_text(message_id)[:255] if message_id else None
    fields = {"kind": "message", "reason": str(reason), "task": name}
    try:
        with own_connection() as connection, connection.cursor() as cursor:
            cursor.execute(BURY, [letter_id, name, json.dumps(bounded), reason, told, key, at])
            is_new = bool(cursor.fetchone()[0])
    except Exception:
        log.exception("dead_letter.lost", payload=bounded, detail=told, **fields)
        return
    if is_new:
        DEAD_LETTERS.labels("message").inc()
        log.error("dead_letter.written", dead_letter_id=str(letter_id), detail=told, **fields)
