"""What came of attempts and calls, as statements: the events and the ends of the calls."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from agentplatform.calls.contracts import CallFailure
from agentplatform.calls.states import CALL, CANCELLED, FAILED, SUCCESS
from agentplatform.core.json_values import clean_json
from agentplatform.core.postgresql.base import SET_TENANT
from agentplatform.core.postgresql.group_commit import Statement
from apps.gateway.contracts import Usage
from apps.gateway.services.attempt import Attempt, CallOwner, ClaimedCall, Completed, Failed
from apps.gateway.services.kept_answer import KeptAnswer
from apps.gateway.services.keyed_calls import Claim, keep_statement
from apps.tenants.contracts import TenantInactive

_NOTHING = Usage(prompt_tokens=0, completion_tokens=0)
_ENDS = (SUCCESS, FAILED, CANCELLED)
_MAY_END = frozenset.intersection(*map(CALL.sources_of, _ENDS))
_SOURCES = "{" + ",".join(sorted(_MAY_END)) + "}"

# Functions of the database, for the plans of these statements cost more than they do.
_NOTE_ATTEMPTS = "select note_attempts(%(endings)s::jsonb)"
_END_CALLS = "select end_calls(%(endings)s::jsonb, %(sources)s::text[]) as token"


@dataclass(frozen=True, kw_only=True)
class Ending:
    """An attempt that has ended, or a call, or both: an answer, with the attempt that gave it.

    `token` is the fence of a call that ends, `response` a Completion. An answer that comes after
    the fence was lost is paid for and marked as discarded. `keeping` ends the claim of a key."""

    owner: CallOwner
    at: datetime
    attempt: Attempt | None = None
    token: UUID | None = None
    response: dict[str, Any] | None = None
    failure: CallFailure | None = None
    duration_ms: int = 0
    keeping: tuple[Claim, KeptAnswer] | None = None


def ending_of(
    call: ClaimedCall, outcome: Completed | Failed, *, duration_ms: int, at: datetime
) -> Ending:
    """The end of a call that was worked on."""
    end: dict[str, Any] = (
        {"failure": outcome.failure}
        if isinstance(outcome, Failed)
        else {
            "attempt": outcome.attempt,
            "response": outcome.completion.model_dump(mode="json"),
        }
    )
    return Ending(owner=call.owner, token=call.token, duration_ms=duration_ms, at=at, **end)


def ending_statements(endings: Sequence[Ending]) -> list[Statement]:
    """What writes the events and the ends of calls, for the transaction that settles the attempts.
    Rows with a `token` name the fences of the calls that ended by it."""
    statements: list[Statement] = []
    for tenant_id in sorted({ending.owner.tenant_id for ending in endings}):
        statements.append((SET_TENANT, {"tenant_id": str(tenant_id)}))
        own = [ending for ending in endings if ending.owner.tenant_id == tenant_id]
        noted = [_row(one) for one in own if one.token is None and one.attempt is not None]
        ended = [_row(one) for one in own if one.token is not None]
        if noted:
            statements.append((_NOTE_ATTEMPTS, {"endings": _encode(noted)}))
        if ended:
            statements.append((_END_CALLS, {"endings": _encode(ended), "sources": _SOURCES}))
        statements += [keep_statement(*one.keeping) for one in own if one.keeping is not None]
    return statements


def _encode(rows: Sequence[dict[str, Any]]) -> str:
    try:
        return orjson.dumps(rows).decode()
    except TypeError:  # half a surrogate pair, an integer beyond 64 bits
        return json.dumps(rows, default=str)


def _row(ending: Ending) -> dict[str, Any]:
    row: dict[str, Any] = {
        **vars(ending.owner),
        "at": ending.at,
        "prompt_tokens": 0,
        "completion_tokens": 0,
        "cost_nanos": 0,
    }
    if ending.token is not None:
        row |= {
            "status": _status_of(ending.failure),
            "token": ending.token,
            "error": clean_json(asdict(ending.failure)) if ending.failure else None,
            "response": clean_json(ending.response),
            "duration_ms": ending.duration_ms,
        }
    return row | (_event(ending.attempt) if ending.attempt else {})


def _status_of(failure: CallFailure | None) -> str:
    """A call that was refused for its tenant's end is taken back, as those that had not begun."""
    if failure is None:
        return SUCCESS
    return CANCELLED if failure.code == TenantInactive.code else FAILED


def _event(attempt: Attempt) -> dict[str, Any]:
    charged = attempt.charged or _NOTHING
    return {
        "attempt_id": attempt.attempt_id,
        "attempt_status": attempt.status,
        "error_code": attempt.error_code,
        "provider": attempt.provider,
        "model": attempt.model[:200],
        "prompt_tokens": charged.prompt_tokens,
        "completion_tokens": charged.completion_tokens,
        "cached_tokens": charged.cached_tokens,
        "cache_write_tokens": charged.cache_write_tokens,
        "reasoning_tokens": charged.reasoning_tokens,
        "cost_nanos": attempt.cost_nanos,
        "latency_ms": attempt.latency_ms,
        "is_fallback": attempt.is_fallback,
        "previous_provider": attempt.previous_provider,
        "is_confirmed": attempt.is_confirmed,
        "is_own_key": attempt.is_own_key,
    }
