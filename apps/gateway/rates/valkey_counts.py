"""The counts of rate limits in Valkey: those of many calls in one round trip."""

import asyncio
import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import orjson
import redis
import structlog
from redis.asyncio import ConnectionPool
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError

from agentplatform.core.batches import Asked, Batches, answer_all
from agentplatform.core.processes import this_process
from apps.gateway.rates.decision import Decision, Quota, Refusal, Unit
from apps.tenants.contracts import OwnedRate, Rates

TIMEOUT_SECONDS: Final = 0.2
ASK_AGAIN_SECONDS: Final = 1.0
"""How often Valkey is asked whether it is back."""
CORRECT_WITHIN_SECONDS: Final = 0.1
CENSUS_EVERY_SECONDS: Final = 10.0
MAX_CORRECTIONS: Final = 10_000

TAKE: Final = Path(__file__).with_name("take.lua").read_text(encoding="utf-8")
CENSUS: Final = """
local now = tonumber(redis.call('TIME')[1])
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 60)
redis.call('EXPIRE', KEYS[1], 60)
return redis.call('ZCARD', KEYS[1])
"""
"""How many processes have counted within a minute."""
CENSUS_KEY: Final = "rates:processes"
_UNITS: tuple[Unit, Unit] = ("requests", "tokens")

log = structlog.get_logger("limits")


@dataclass(frozen=True, slots=True)
class Taking:
    """A call that wants one request and these tokens of all of the rates, or of none."""

    rates: Rates
    tokens: int


@dataclass(slots=True)
class _Ask:
    """What is asked for one tenant, as take.lua takes it."""

    keys: dict[str, int] = field(default_factory=dict)
    counts: list[list[int]] = field(default_factory=list)
    wishes: list[list[int]] = field(default_factory=list)
    corrections: list[list[int]] = field(default_factory=list)

    def number(self, owned: OwnedRate) -> int:
        """Which count it is, from 1."""
        key = owned.key
        number = self.keys.get(key)
        if number is None:
            number = self.keys[key] = len(self.keys) + 1
            self.counts.append(_count(owned))
        return number

    def command(self) -> tuple[str | int | bytes, ...]:
        """The script's keys and argument."""
        asked = {"counts": self.counts, "wishes": self.wishes, "corrections": self.corrections}
        return len(self.keys), *self.keys, orjson.dumps(asked)


class ValkeyCounts:
    """One connection, on which one batch at a time is under way. Belongs to the event loop that
    uses it.

    A command whose connection is lost may have counted: it is not sent again, and its call is
    decided elsewhere.
    """

    def __init__(self, url: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._timeout_seconds = timeout_seconds
        self._pool = ConnectionPool.from_url(url, retry=Retry(NoBackoff(), 0))
        self._connection: AbstractConnection | None = None
        self._batches: Batches[Taking | None, Decision | None] = Batches(self._settle)
        self._corrections: list[tuple[Decision, int]] = []
        self._away_until: float | None = None
        self._background: set[asyncio.Task[Any]] = set()
        self._is_correcting = False
        self._census_at = 0.0
        self.processes: int | None = None
        """How many count here, as far as that was ever heard."""

    async def take(self, taking: Taking) -> Decision | None:
        """The decision; None when Valkey does not answer in time, and without
        waiting until it is back."""
        if self._away_until is None:
            return await self._batches.ask(taking)
        if time.monotonic() >= self._away_until:
            self._away_until = time.monotonic() + ASK_AGAIN_SECONDS
            self._start(self._batches.ask(None))
        return None

    def correct(self, decision: Decision, *, tokens: int) -> None:
        """The call that was admitted has used these tokens. Counted soon, or lost with Valkey."""
        if tokens == decision.tokens_taken or not decision.taken_at_ms:
            return
        if len(self._corrections) < MAX_CORRECTIONS:
            self._corrections.append((decision, tokens - decision.tokens_taken))
        if not self._is_correcting:
            self._is_correcting = True
            self._start(self._correct_soon())

    async def close(self) -> None:
        """Give the connection up; the next call makes a new one."""
        if self._background:
            await asyncio.wait(self._background)
        held, self._connection = self._connection, None
        if held is not None:
            await held.disconnect(nowait=True)

    def _start(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _correct_soon(self) -> None:
        await asyncio.sleep(CORRECT_WITHIN_SECONDS)
        self._is_correcting = False
        if self._corrections:
            await self._batches.ask(None)

    async def _settle(self, batch: "Sequence[Asked[Taking | None, Decision | None]]") -> None:
        wishes = [wish for wish, _ in batch]
        if self._away_until is not None and None not in wishes:
            answer_all(batch, [None for _ in wishes])  # they gathered while it went away
            return
        try:
            async with asyncio.timeout(self._timeout_seconds):
                decisions = await self._carry_out(wishes)
        except Exception as error:
            self._lose(error)
            decisions = [None for _ in wishes]
        else:
            self._find()
        answer_all(batch, decisions)

    def _lose(self, error: Exception) -> None:
        held, self._connection = self._connection, None
        if held is not None:
            self._start(held.disconnect(nowait=True))
        if self._away_until is None:
            log.warning("rate_limits.valkey_away", error=f"{type(error).__name__}: {error}")
        self._away_until = time.monotonic() + ASK_AGAIN_SECONDS

    def _find(self) -> None:
        if self._away_until is not None:
            self._away_until = None
            log.info("rate_limits.valkey_back")

    async def _carry_out(self, wishes: Sequence[Taking | None]) -> list[Decision | None]:
        corrections, self._corrections = self._corrections, []
        asks: dict[UUID, _Ask] = {}
        places = [_add_wish(asks, wish) if wish else None for wish in wishes]
        for decision, delta in corrections:
            _add_correction(asks, decision, delta)
        commands = [(TAKE, ask.command()) for ask in asks.values()]
        is_census = time.monotonic() >= self._census_at or not commands
        if is_census:
            commands.append((CENSUS, (1, CENSUS_KEY, this_process())))
        answers = await self._send(commands)
        if is_census:
            self.processes = int(answers.pop())
            self._census_at = time.monotonic() + CENSUS_EVERY_SECONDS
        told = dict(zip(asks, map(orjson.loads, answers), strict=True))
        return [
            _decision(wish, told[place[0]], place[1]) if wish and place else None
            for wish, place in zip(wishes, places, strict=True)
        ]

    async def _send(self, commands: Sequence[tuple[str, tuple[Any, ...]]]) -> list[Any]:
        """The answer to each script; those that the server does not have are sent whole."""
        if self._connection is None:
            connection = self._pool.make_connection()  # type: ignore[no-untyped-call]
            await connection.connect()
            self._connection = connection
        connection = self._connection
        short = [("EVALSHA", _SHAS[script], *arguments) for script, arguments in commands]
        answers = await _exchange(connection, short)
        unknown = [n for n, one in enumerate(answers) if isinstance(one, NoScriptError)]
        if unknown:
            whole = [("EVAL", commands[n][0], *commands[n][1]) for n in unknown]
            for n, answer in zip(unknown, await _exchange(connection, whole), strict=True):
                answers[n] = answer
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers


async def _exchange(connection: AbstractConnection, commands: Sequence[Any]) -> list[Any]:
    packed = connection.pack_commands(commands)
    await connection.send_packed_command(packed, check_health=False)
    answers: list[Any] = []
    for _ in commands:
        try:
            answers.append(await connection.read_response())
        except redis.ResponseError as error:
            answers.append(error)
    return answers


def _add_wish(asks: dict[UUID, _Ask], wish: Taking) -> tuple[UUID, int]:
    """The tenant, and where in its answer the decision is."""
    tenant_id = wish.rates[0].tenant_id
    ask = asks.setdefault(tenant_id, _Ask())
    ask.wishes.append([wish.tokens, *map(ask.number, wish.rates)])
    return tenant_id, len(ask.wishes)


def _add_correction(asks: dict[UUID, _Ask], decision: Decision, delta: int) -> None:
    ask = asks.setdefault(decision.rates[0].tenant_id, _Ask())
    for owned in decision.rates:
        if owned.rate.tokens_per_minute is not None:
            ask.corrections.append([ask.number(owned), decision.taken_at_ms, delta])


def _decision(wish: Taking, told: list[Any], place: int) -> Decision:
    wait_ms, position, unit, *quotas = told[place]
    refusal = None
    if position:
        owned = wish.rates[position - 1]
        amount = 1 if unit == 1 else wish.tokens
        wait = None if wait_ms < 0 else wait_ms / 1000
        refusal = Refusal(owned, _UNITS[unit - 1], wait, amount)
    return Decision(
        wish.rates,
        refusal=refusal,
        requests=_quota(quotas[:3]),
        tokens=_quota(quotas[3:]),
        tokens_taken=0 if refusal else wish.tokens,
        taken_at_ms=int(told[0]),
    )


def _quota(told: Sequence[float]) -> Quota | None:
    limit, left, whole_ms = told
    return None if limit < 0 else Quota(int(limit), int(left), whole_ms / 1000)


def _count(owned: OwnedRate) -> list[int]:
    rate = owned.rate
    limits = (rate.requests_per_minute, rate.tokens_per_minute)
    return [
        int(rate.algorithm == "token_bucket"),
        *(-1 if limit is None else limit for limit in limits),
    ]


_SHAS = {
    script: hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()
    for script in (TAKE, CENSUS)
}
