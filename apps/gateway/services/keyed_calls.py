"""Calls that carry an Idempotency-Key: one of those that carry the same is made, and its answer is
kept for the others."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import psycopg
import structlog

from agentplatform.core.postgresql.base import SET_TENANT
from agentplatform.core.postgresql.group_commit import Connection, GroupCommit, Statement, execute
from apps.gateway.services.kept_answer import KeptAnswer
from apps.tenants.contracts import BookingUnavailable

KEPT_FOR: Final = timedelta(hours=24)
LEASE: Final = timedelta(seconds=20)
RENEW_EVERY_SECONDS: Final = 5.0
RENEW_AGAIN_SECONDS: Final = 0.5
PATIENCE_SECONDS: Final = 120.0
"""How long the end of a call waits for a database that is away."""
CLOSE_SECONDS: Final = 5.0

log = structlog.get_logger("llm")

# Whoever finds a call that lives takes no lock. A call whose process died before it could have
# asked a provider is taken over; the others stay, until they are forgotten.
_CLAIM: Final = """
with found as (
  select lease_token, fingerprint, call_id, lease_expires_at, status, headers, body
  from keyed_calls
  where tenant_id = %(tenant_id)s and caller_id = %(caller_id)s and key = %(key)s
    and created_at > %(forgotten)s
    and (is_asked or status is not null or lease_expires_at > %(at)s)
), taken as (
  insert into keyed_calls (id, tenant_id, caller_id, key, fingerprint, call_id, lease_token,
    lease_expires_at, is_asked, created_at)
  select %(token)s, %(tenant_id)s, %(caller_id)s, %(key)s, %(fingerprint)s, %(call_id)s, %(token)s,
    %(expires)s, false, %(at)s
  where not exists (select from found)
  on conflict (tenant_id, caller_id, key) do update set
    fingerprint = excluded.fingerprint, call_id = excluded.call_id,
    lease_token = excluded.lease_token, lease_expires_at = excluded.lease_expires_at,
    is_asked = false, status = null, headers = null, body = null, created_at = excluded.created_at
  where keyed_calls.created_at <= %(forgotten)s
    or (not keyed_calls.is_asked and keyed_calls.status is null
      and keyed_calls.lease_expires_at <= %(at)s)
  returning id
)
select exists(select from taken) or coalesce(found.lease_token = %(token)s, false) as is_mine,
  found.* from (select) one left join found on true
"""
_MARK: Final = """
update keyed_calls set is_asked = true, lease_expires_at = %(expires)s
where lease_token = %(token)s returning id
"""
# A row that is just being ended is left alone, so that nobody waits for anybody.
_RENEW: Final = """
update keyed_calls set lease_expires_at = %(expires)s where id in (
  select id from keyed_calls where lease_token = any(%(tokens)s) for update skip locked)
"""
_KEEP: Final = """
update keyed_calls set status = %(status)s, headers = %(headers)s::jsonb, body = %(body)s,
  is_asked = true, lease_token = null, lease_expires_at = null
where lease_token = %(token)s
"""
_RELEASE: Final = "delete from keyed_calls where lease_token = %(token)s"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """To make the call `call_id`, unless the caller's key stands for another. `fingerprints` are
    keyed hashes of what is asked, the current key's first; `token` is the claim's."""

    tenant_id: UUID
    caller_id: UUID
    key: str
    fingerprints: tuple[str, ...]
    call_id: UUID
    token: UUID


@dataclass(kw_only=True)
class Claim:
    """The right to make a call. Whoever has it, ends it."""

    tenant_id: UUID
    token: UUID
    is_ended: bool = False


@dataclass(frozen=True, kw_only=True)
class Found:
    """What the key stands for already. Without an answer, `is_alive` says whether the call is under
    way; if it is not, its process died, and a provider may have been asked."""

    fingerprint: str
    call_id: UUID
    is_alive: bool
    answer: KeptAnswer | None


@dataclass(frozen=True)
class _Said:
    tenant_id: UUID
    order: str
    statement: Statement


Group = GroupCommit[_Said, list[dict[str, Any]]]


class KeyedCalls:
    """Belongs to the event loop that uses it. Its connections are made with the first key. With
    `wait_seconds` nobody waits longer for a database that does not answer."""

    def __init__(self, clock: Callable[[], datetime], *, wait_seconds: float | None = None) -> None:
        self._clock = clock
        self._claims: Group = GroupCommit(_send, wait_seconds=wait_seconds)
        self._ends: Group = GroupCommit(_send)
        self._held: dict[UUID, UUID] = {}
        self._renewing: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._ending: set[asyncio.Task[None]] = set()

    async def claim(self, wish: Wish) -> Claim | Found | None:
        """The right to make the call, or what there is already; None when that has changed in this
        moment: ask again. Harmless twice. Raises BookingUnavailable."""
        at = self._clock()
        parameters = {
            **vars(wish),
            "fingerprint": wish.fingerprints[0],
            "at": at,
            "expires": at + LEASE,
            "forgotten": at - KEPT_FOR,
        }
        del parameters["fingerprints"]
        order = f"{wish.caller_id} {wish.key}"
        try:
            (row,) = await self._say(_Said(wish.tenant_id, order, (_CLAIM, parameters)))
        except BookingUnavailable:  # it may have been claimed all the same
            release: Statement = (_RELEASE, {"token": wish.token})
            self._begin_end(self._claims, _Said(wish.tenant_id, "", release))
            raise
        if row["is_mine"]:
            self._hold(wish.token, wish.tenant_id)
            return Claim(tenant_id=wish.tenant_id, token=wish.token)
        return _found(row, at) if row["call_id"] else None

    async def mark_asked(self, claim: Claim) -> None:
        """From now on a provider may be asked. Raises BookingUnavailable, also when the lease was
        lost and another call stands for the key."""
        parameters = {"token": claim.token, "expires": self._clock() + LEASE}
        if not await self._say(_Said(claim.tenant_id, "", (_MARK, parameters))):
            self.lapse(claim)
            raise BookingUnavailable("The claim of this Idempotency-Key was lost; try again.")

    def end(self, claim: Claim, answer: KeptAnswer | None) -> None:
        """The call ended with this answer, or without one: then the key is free. It is written in
        the background."""
        self.lapse(claim)
        statement = keep_statement(claim, answer) if answer else (_RELEASE, {"token": claim.token})
        self._begin_end(self._ends, _Said(claim.tenant_id, "", statement))

    def lapse(self, claim: Claim) -> None:
        """The claim is held no longer: its end has been written, or nobody knows it."""
        claim.is_ended = True
        self._held.pop(claim.token, None)

    async def close(self) -> None:
        """Give the connections back."""
        if self._ending:
            await asyncio.wait(self._ending, timeout=CLOSE_SECONDS)
        if self._renewing is not None:
            self._held.clear()
            self._wake.set()
            await self._renewing
            self._renewing = None
        await self._claims.close()
        await self._ends.close()

    async def _say(self, said: _Said) -> list[dict[str, Any]]:
        try:
            return await self._claims.ask(said)
        except (psycopg.Error, OSError) as error:
            raise BookingUnavailable("The database does not answer; try again.") from error

    def _begin_end(self, group: Group, said: _Said) -> None:
        task = asyncio.get_running_loop().create_task(self._end(group, said))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _end(self, group: Group, said: _Said) -> None:
        try:
            await group.ask(said, patience_seconds=PATIENCE_SECONDS)
        except (psycopg.Error, OSError):
            log.exception("llm.key_not_ended", tenant_id=str(said.tenant_id))

    def _hold(self, token: UUID, tenant_id: UUID) -> None:
        self._held[token] = tenant_id
        if self._renewing is None or self._renewing.done():
            self._wake.clear()
            self._renewing = asyncio.get_running_loop().create_task(self._renew_held())

    async def _renew_held(self) -> None:
        """Until nothing is held."""
        pause = RENEW_EVERY_SECONDS
        while self._held:
            try:
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            except TimeoutError:
                is_renewed = await self._renew()
                pause = RENEW_EVERY_SECONDS if is_renewed else RENEW_AGAIN_SECONDS

    async def _renew(self) -> bool:
        expires = self._clock() + LEASE
        by_tenant: dict[UUID, list[UUID]] = {}
        for token, tenant_id in self._held.items():
            by_tenant.setdefault(tenant_id, []).append(token)
        for tenant_id, tokens in by_tenant.items():
            statement: Statement = (_RENEW, {"tokens": tokens, "expires": expires})
            try:
                await self._claims.ask(_Said(tenant_id, "", statement))
            except (psycopg.Error, OSError) as error:
                log.warning("llm.keys_not_renewed", count=len(tokens), error=str(error))
                return False
        return True


def keep_statement(claim: Claim, answer: KeptAnswer) -> Statement:
    """The statement that ends a claim with its answer, for a transaction of the claim's tenant."""
    return _KEEP, {
        "token": claim.token,
        "status": answer.status,
        "headers": json.dumps(answer.headers),
        "body": answer.body,
    }


async def _send(connection: Connection, said: Sequence[_Said]) -> list[list[dict[str, Any]]]:
    """In one order of keys for everybody: no deadlock."""
    order = sorted(range(len(said)), key=lambda number: said[number].order)
    statements: list[Statement] = []
    for number in order:
        one = said[number]
        statements += [(SET_TENANT, {"tenant_id": str(one.tenant_id)}), one.statement]
    rows = await execute(connection, statements)
    found = dict(zip(order, rows[1::2], strict=True))
    return [found[number] for number in range(len(said))]


def _found(row: dict[str, Any], at: datetime) -> Found:
    expires = row["lease_expires_at"]
    answer = None
    if row["status"] is not None:
        headers = tuple((name, value) for name, value in row["headers"])
        answer = KeptAnswer(row["status"], headers, row["body"])
    return Found(
        fingerprint=row["fingerprint"],
        call_id=row["call_id"],
        is_alive=expires is not None and expires > at,
        answer=answer,
    )
