"""Who may be asked now: answered from memory, which follows what all processes share."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog
from pybreaker import CircuitBreakerListener

from agentplatform.core.ids import new_id
from apps.gateway.providers.errors import CallAbandoned, ProviderError, Unsupported
from apps.gateway.services.breaker.listeners import ChangeLog, StateGauge
from apps.gateway.services.breaker.local_circuits import LocalCircuits
from apps.gateway.services.breaker.rules import Cause, Circuits, News, Rules, View
from apps.gateway.services.breaker.target_breaker import Subject, TargetBreaker

log = structlog.get_logger("llm")

PACE_SECONDS = 0.25
"""How old a copy gets while it is used."""
STALE_SECONDS = 1.0
"""A copy of this age answers only when no newer one can be had within PATIENCE_SECONDS."""
PATIENCE_SECONDS = 0.1
USED_SECONDS = 30.0
"""A circuit that nobody asked for so long is not followed."""
QUIET_SECONDS = 1.0
"""How long nobody asks Valkey again after it failed."""
MAX_BREAKERS = 1000
MAX_NEWS = 64


@dataclass(frozen=True, kw_only=True)
class Shut:
    """Nobody may be asked there for `left_seconds`, or until a probe that runs has ended."""

    left_seconds: float
    cause: Cause


class Permit:
    """Leave for one call, which must be told its end. Whoever has it, `release`s it."""

    __slots__ = ("_breaker", "_breakers", "_is_told", "_owner")

    def __init__(self, breakers: "Breakers", breaker: TargetBreaker, owner: str = "") -> None:
        self._breakers, self._breaker, self._owner = breakers, breaker, owner
        self._is_told = False

    def report(self, error: ProviderError | None) -> None:
        """The call was answered, or failed with `error`. The first report counts, if it says
        anything of the provider."""
        if self._is_told or isinstance(error, CallAbandoned | Unsupported):
            return
        self._is_told = True
        self._breakers.told(self._breaker, error, owner=self._owner)

    def release(self) -> None:
        """Without a report the call says nothing; if it was the probe, the next one is."""
        if not self._is_told and self._owner:
            self._breakers.give_up(self._breaker, self._owner)
        self._is_told = True


class Breakers:
    """The breakers of one event loop. A closed circuit costs a call no command: what calls say is
    told together, and what others said is learned, every PACE_SECONDS and at each failure."""

    def __init__(
        self,
        shared: Circuits,
        rules: Callable[[], Rules],
        monotonic: Callable[[], float] = time.monotonic,
        listeners: Sequence[CircuitBreakerListener] = (),
    ) -> None:
        self._shared = shared
        self._local = LocalCircuits()
        self._is_alone = False
        self._quiet_until = 0.0
        self._rules = rules
        self._monotonic = monotonic
        self._breakers: dict[Subject, TargetBreaker] = {}
        self._listeners = (StateGauge(), ChangeLog(), *listeners)
        self._wake = asyncio.Event()
        self._learned = asyncio.Event()
        self._following: asyncio.Task[None] | None = None
        self._is_closing = False

    async def enter(self, subject: Subject) -> Permit | Shut:
        """Leave to ask this target once, or for how long there is none. Waits for nothing while the
        circuit is closed and in use."""
        breaker = self._find(subject)
        await self._know(breaker)
        if breaker.is_closed:
            return Permit(self, breaker)
        if breaker.may_claim and (owner := await self._claim(breaker)):
            return Permit(self, breaker, owner)
        if breaker.is_closed:
            return Permit(self, breaker)
        return Shut(left_seconds=breaker.copy.left_seconds, cause=breaker.copy.view.cause)

    def told(self, breaker: TargetBreaker, error: ProviderError | None, *, owner: str) -> None:
        """A call ended so."""
        if breaker.count(error, owner=owner):
            self._wake.set()
        self._follow()

    def give_up(self, breaker: TargetBreaker, owner: str) -> None:
        """The probe ends without saying anything."""
        breaker.end_probe(owner, "none")
        self._wake.set()
        self._follow()

    async def close(self) -> None:
        """Tell what is left, and give up the connections."""
        if self._following is not None:
            # Not cancelled: Redis's client loses a cancellation that meets the end of a write.
            self._is_closing = True
            self._wake.set()
            await asyncio.wait({self._following})
            self._following, self._is_closing = None, False
            await self._exchange()
        await self._shared.close()

    def _find(self, subject: Subject) -> TargetBreaker:
        breaker = self._breakers.get(subject)
        if breaker is None:
            self._make_room()
            breaker = self._breakers[subject] = TargetBreaker(
                subject, listeners=self._listeners, monotonic=self._monotonic
            )
        breaker.used_at = self._monotonic()
        return breaker

    def _make_room(self) -> None:
        """Forget what was not used for longest, of what has nothing to say."""
        if len(self._breakers) < MAX_BREAKERS:
            return
        by_age = sorted(self._breakers.values(), key=lambda one: (not one.is_idle, one.used_at))
        for one in by_age[: MAX_BREAKERS // 10]:
            del self._breakers[one.subject]

    async def _know(self, breaker: TargetBreaker) -> None:
        """Have a copy that is good enough; following keeps it so."""
        self._follow()
        known_at = breaker.copy.known_at
        if known_at is not None and self._monotonic() - known_at < STALE_SECONDS:
            return
        self._wake.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                while breaker.copy.known_at == known_at:
                    await self._learned.wait()

    async def _claim(self, breaker: TargetBreaker) -> str:
        """The owner under which this process has the probe now; empty: it has not."""
        owner, breaker.is_claiming = str(new_id()), True
        try:
            circuits = self._circuits()
            try:
                view = await circuits.claim(breaker.subject.name, owner=owner)
            except Exception as error:
                self._leave(error)
                view = await self._local.claim(breaker.subject.name, owner=owner)
        finally:
            breaker.is_claiming = False
        if view is not None:
            breaker.learn(view)
            return ""
        breaker.hold_probe(owner)
        return owner

    def _follow(self) -> None:
        if self._following is None or self._following.done():
            self._following = asyncio.get_running_loop().create_task(self._keep_up())

    async def _keep_up(self) -> None:
        """Until nobody uses any breaker."""
        while not self._is_closing and self._in_use():
            self._wake.clear()
            await self._exchange()
            with suppress(TimeoutError):
                async with asyncio.timeout(PACE_SECONDS):
                    await self._wake.wait()

    def _in_use(self) -> list[TargetBreaker]:
        since = self._monotonic() - USED_SECONDS
        return [one for one in self._breakers.values() if one.used_at >= since or not one.is_idle]

    async def _exchange(self) -> None:
        used = self._in_use()
        for start in range(0, len(used), MAX_NEWS):
            some = used[start : start + MAX_NEWS]
            news = [one.take_news() for one in some]
            views = await self._views(news)
            for breaker, told, view in zip(some, news, views, strict=True):
                breaker.forget_probe(told)
                breaker.learn(view)
        learned, self._learned = self._learned, asyncio.Event()
        learned.set()

    async def _views(self, news: Sequence[News]) -> Sequence[View]:
        rules = self._rules()
        circuits = self._circuits()
        try:
            views = await circuits.exchange(news, rules=rules)
        except Exception as error:
            self._leave(error)
            return await self._local.exchange(news, rules=rules)
        if circuits is self._shared and self._is_alone:
            self._is_alone = False
            log.info("breaker.shared")
        return views

    def _circuits(self) -> Circuits:
        return self._local if self._monotonic() < self._quiet_until else self._shared

    def _leave(self, error: Exception) -> None:
        """Decide alone for a while, going on from what was known: no call fails because of this."""
        self._quiet_until = self._monotonic() + QUIET_SECONDS
        if self._is_alone:
            return
        self._is_alone = True
        log.warning("breaker.alone", error=str(error) or type(error).__name__)
        for breaker in self._breakers.values():
            self._local.adopt(breaker.subject.name, breaker.copy.now())
