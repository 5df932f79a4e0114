"""Tell the text of one call to those who follow its run."""

import asyncio
from contextlib import suppress
from dataclasses import replace

import redis
import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.commands.core import AsyncScript

from agentplatform.core.ids import new_id
from agentplatform.core.json_values import clean_text
from apps.gateway.services.attempt import CallOwner
from apps.gateway.services.delta_store import (
    MAX_BYTES,
    OVER_SECONDS,
    QUIET_SECONDS,
    TELL,
    TEXT_SECONDS,
    TIMEOUT_SECONDS,
    Voice,
    run_key,
    text_key,
)
from apps.gateway.services.routes import Target

log = structlog.get_logger("llm")

PACE_SECONDS = 0.08
"""Text that comes within this time is told at once."""
WAIT_AFTER_FAILURE_SECONDS = 1.0
LAST_TRIES = 2
"""At the end: the second one if Valkey has lost what it was told before."""
CONNECTIONS = 16
_HIGH_SURROGATES = ("\ud800", "\udbff")


class DeltaTellers:
    """Makes the tellers of one event loop, which share its connections."""

    def __init__(self, url: str) -> None:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=TIMEOUT_SECONDS,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._client = Redis.from_pool(pool)
        self._script = self._client.register_script(TELL)

    def teller(self, owner: CallOwner) -> "DeltaTeller":
        """The teller of a call."""
        return DeltaTeller(self._script, owner)

    async def close(self) -> None:
        """Give up the connections."""
        await self._client.aclose()


class DeltaTeller:
    """A Teller through Valkey, of a call of a run."""

    def __init__(self, script: AsyncScript, owner: CallOwner) -> None:
        assert owner.run_id is not None
        assert owner.step_id is not None
        self._script = script
        self._call_id, self._step_id = owner.call_id, owner.step_id
        self._place = {"tenant_id": owner.tenant_id, "run_id": owner.run_id}
        self._voice = self._new_voice()
        self._shown: Voice | None = None
        self._text = bytearray()
        self._told = 0
        self._half = ""
        self._is_failing = False
        self._closing = asyncio.Event()
        self._telling: asyncio.Task[None] | None = None

    on_choice = None
    is_told = False
    is_left = False

    def begin(self, target: Target) -> None:
        """It does not matter where the text comes from."""

    def on_text(self, piece: str) -> None:
        """Take a piece of the text; it is told soon."""
        if len(self._text) >= MAX_BYTES:
            return
        self._text += self._clean(piece).encode()
        self._tell_soon()

    def void(self) -> None:
        """Begin anew, with a voice that has said nothing."""
        if not self._text:
            return
        self._voice, self._text, self._told, self._half = self._new_voice(), bytearray(), 0, ""
        self._tell_soon()

    async def close(self) -> None:
        """Tell the rest, and that it is all."""
        if self._telling is None:
            return
        # Not cancelled: a command that is broken off could keep its connection from the others.
        self._closing.set()
        await asyncio.wait({self._telling})
        self._voice = replace(self._voice, is_over=True)
        for _ in range(LAST_TRIES):
            if self._is_failing or await self._tell(keep_seconds=OVER_SECONDS):
                return

    def _new_voice(self) -> Voice:
        return Voice(call_id=self._call_id, step_id=self._step_id, id=new_id())

    def _clean(self, piece: str) -> str:
        """`piece` as it is stored; the first half of a surrogate pair waits for the second."""
        piece, self._half = self._half + piece, ""
        low, high = _HIGH_SURROGATES
        if piece and low <= piece[-1] <= high:
            piece, self._half = piece[:-1], piece[-1]
        return clean_text(piece)

    def _tell_soon(self) -> None:
        if self._telling is None or self._telling.done():
            self._telling = asyncio.get_running_loop().create_task(self._tell_at_pace())

    async def _tell_at_pace(self) -> None:
        while not self._closing.is_set():
            with suppress(TimeoutError):
                pause = WAIT_AFTER_FAILURE_SECONDS if self._is_failing else PACE_SECONDS
                await asyncio.wait_for(self._closing.wait(), pause)
                return
            if await self._tell(keep_seconds=TEXT_SECONDS):
                return

    async def _tell(self, *, keep_seconds: int) -> bool:
        """Whether nothing is left to tell; else more has come meanwhile, or something was lost."""
        voice, text = self._voice, self._text
        replaced = self._shown if self._shown != voice else None
        try:
            told = await self._script(
                keys=[run_key(**self._place), text_key(**self._place, voice_id=voice.id)],
                args=[
                    voice.pack(),
                    replaced.pack() if replaced else "",
                    self._told,
                    bytes(text[self._told :]),
                    keep_seconds,
                    QUIET_SECONDS,
                ],
            )
        except (redis.RedisError, OSError) as error:
            self._fail(error)
            return False
        self._shown, self._is_failing = voice, False
        if self._voice is not voice:
            return False
        self._told = int(told)
        return self._told == len(text)

    def _fail(self, error: Exception) -> None:
        if not self._is_failing:
            log.warning(
                "llm.text_not_told",
                **{name: str(value) for name, value in self._place.items()},
                call_id=str(self._call_id),
                error=str(error),
            )
        self._is_failing = True
