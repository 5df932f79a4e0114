"""From a request to an answer: hold, call, retry, fail over; written once, for every door."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agentplatform.calls.contracts import CallFailure
from agentplatform.core.ids import new_id
from apps.gateway.providers.errors import CallAbandoned, ContentFiltered, NeverAsked, ProviderError
from apps.gateway.providers.port import Answer
from apps.gateway.services.asking import ask, bound_prompt
from apps.gateway.services.attempt import (
    Attempt,
    Completed,
    Failed,
    Held,
    Job,
    admission_of,
    failed,
    succeeded,
)
from apps.gateway.services.breaker.breakers import Permit, Shut
from apps.gateway.services.failures import budget_failure, providers_failure, request_failure
from apps.gateway.services.hold import NoPrice, NoRoom, plan_hold
from apps.gateway.services.price_list import Tariff
from apps.gateway.services.prices import price_of
from apps.gateway.services.retry import decide, wait_after
from apps.gateway.services.routes import Target, Way
from apps.gateway.services.telling import Hearing, NoTeller, Teller
from apps.tenants.contracts import AccountRoom, Admission

# A reservation outlives its call's deadline by this, so that only a dead worker's expires.
RESERVATION_GRACE = timedelta(seconds=60)
MAX_BOOKINGS = 4
_FILTERED = ContentFiltered.code


@dataclass(frozen=True, kw_only=True)
class Ports:
    """What the pipeline needs from outside; so it has no clock, no luck and no database."""

    enter: Callable[[Target], Awaitable[Permit | Shut]]
    admit: Callable[[Admission, datetime], Awaitable[int | None]]
    read_accounts: Callable[[Job], Awaitable[tuple[AccountRoom, ...]]]
    record: Callable[[Job, Attempt, datetime], Awaitable[None]]
    sleep: Callable[[float], Awaitable[None]]
    monotonic: Callable[[], float]
    jitter: Callable[[], float]


@dataclass(kw_only=True)
class Course:
    """One call on its way through the providers."""

    job: Job
    way: Way
    ports: Ports
    deadline_seconds: float
    teller: Teller = field(default_factory=NoTeller)
    attempts: list[Attempt] = field(default_factory=list)
    unpriced: list[Target] = field(default_factory=list)
    shut: list[tuple[Target, Shut]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    """For how long each target that was left is surely of no use."""
    started: float = 0.0

    @property
    def used_tokens(self) -> int:
        """What its attempts have used, or hold where nobody knows."""
        return sum(one.charged.total_tokens for one in self.attempts if one.charged)

    async def run(self) -> Completed | Failed:
        """The first answer that a target gives before the deadline, or why there is none."""
        self.started = self.ports.monotonic()
        instead, left = dict(self.way.instead), list(self.way.targets)
        while left:
            target = left.pop(0)
            try:
                ended = await self._ask(target, has_next=bool(left), instead=instead)
            except NoRoom as refusal:
                return Failed(budget_failure(refusal), refused_by=refusal.account)
            except NoPrice:
                self.unpriced.append(target)
                continue
            if ended is not None:
                return ended
            others = instead.pop(self.attempts[-1].error_code, None) if self.attempts else None
            if others is not None:
                left = [one for one in others if one != target]
        return Failed(self._failure(), wait_seconds=min(self.waits, default=0.0))

    async def _ask(
        self, target: Target, *, has_next: bool, instead: Mapping[str, Sequence[Target]]
    ) -> Completed | Failed | None:
        """Try one target; None: go on to the next. `instead` are the errors after which others are
        asked."""
        tries = 0
        while self._left() > 0:
            tries += 1
            permit = await self.ports.enter(target)
            if isinstance(permit, Shut):
                self.shut.append((target, permit))
                self.waits.append(permit.left_seconds)
                return None
            try:
                held = await self._reserve(target)
                result = await self._call(
                    held, permit, has_next=has_next, takes_filtered=_FILTERED not in instead
                )
            finally:
                permit.release()
            if isinstance(result, Completed):
                return result
            if self.teller.is_told or self.teller.is_left:
                return Failed(self._failure())
            decision = decide(
                result,
                tries=tries,
                has_next=has_next,
                left_seconds=self._left(),
                jitter=self.ports.jitter(),
            )
            if decision.action == "stop" and result.code not in instead:
                return Failed(request_failure(target, result))
            if decision.action != "retry":
                self.waits.append(wait_after(result))
                return None
            await self.ports.sleep(decision.delay_seconds)
        return None

    async def _reserve(self, target: Target) -> Held:
        """Hold what an attempt may use. Raises NoRoom, NoPrice."""
        price = price_of(provider=target.provider.name, model=target.model, on=self.job.at.date())
        prompt_tokens = await bound_prompt(target.provider, self.job.request, model=target.model)
        accounts = self.job.accounts
        for _ in range(MAX_BOOKINGS - 1):
            try:
                return await self._hold(target, price, prompt_tokens, accounts)
            except NoRoom:  # others use it meanwhile: what is left is read again
                accounts = await self.ports.read_accounts(self.job)
        return await self._hold(target, price, prompt_tokens, accounts)

    async def _hold(
        self,
        target: Target,
        price: Tariff | None,
        prompt_tokens: int,
        accounts: tuple[AccountRoom, ...],
    ) -> Held:
        """Hold what these accounts have room for. Raises NoRoom, NoPrice."""
        hold = plan_hold(
            self.job.request, prompt_tokens=prompt_tokens, price=price, accounts=accounts
        )
        held = Held(
            attempt_id=new_id(),
            target=target,
            hold=hold,
            price=price,
            previous_provider=self._previous_provider(),
        )
        deadline = self._now() + timedelta(seconds=self._left()) + RESERVATION_GRACE
        refusing = await self.ports.admit(
            admission_of(self.job, held, deadline=deadline), self._now()
        )
        if refusing is not None:
            raise NoRoom.at(refusing, hold=hold, accounts=accounts)
        return held

    def _previous_provider(self) -> str:
        """Who was asked before, or would have been but for its breaker."""
        if self.attempts:
            return self.attempts[-1].provider
        return self.shut[-1][0].provider.name if self.shut else ""

    async def _call(
        self, held: Held, permit: Permit, *, has_next: bool, takes_filtered: bool
    ) -> Completed | ProviderError:
        """One attempt. A failed one is settled here, an answered one with the call's last write."""
        left = max(0.001, self._left())
        began = self.ports.monotonic()
        hearing = Hearing(self.teller, self.ports.monotonic)
        if self.teller.is_left:
            await self._settle(self._failed(held, error := NeverAsked(), began, hearing))
            return error
        self.teller.begin(held.target)
        try:
            answer = await ask(
                held.target.provider,
                self.job.request,
                model=held.target.model,
                max_tokens=held.hold.max_tokens,
                # A silent provider must leave time for the next one.
                timeout_seconds=left / 2 if has_next else left,
                hearing=hearing,
                attempt_id=held.attempt_id,
            )
            if not takes_filtered and not self.teller.is_told:
                _refuse_filtered(answer)
        except asyncio.CancelledError:
            await self._settle(self._failed(held, CallAbandoned(), began, hearing))
            raise
        except ProviderError as error:
            permit.report(error)
            self.teller.void()
            await self._settle(self._failed(held, error, began, hearing))
            return error
        permit.report(None)
        attempt = succeeded(
            held,
            answer,
            latency_ms=self._ms_since(began),
            first_text_ms=_ms(hearing.came_at - began) if hearing.came_at else None,
        )
        self.attempts.append(attempt)
        return Completed(
            answer.completion, attempt, answer.choice, len(self.attempts), answer.vectors
        )

    def _failure(self) -> CallFailure:
        return providers_failure(
            self.attempts,
            unpriced=self.unpriced,
            shut=self.shut,
            deadline_seconds=self.deadline_seconds,
            at=self._now(),
        )

    def _failed(self, held: Held, error: ProviderError, began: float, hearing: Hearing) -> Attempt:
        return failed(
            held,
            error,
            latency_ms=self._ms_since(began),
            said_tokens=hearing.said_tokens(),
            prompt=hearing.prompt,
        )

    async def _settle(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)
        await self.ports.record(self.job, attempt, self._now())

    def _left(self) -> float:
        return self.deadline_seconds - (self.ports.monotonic() - self.started)

    def _now(self) -> datetime:
        return self.job.at + timedelta(seconds=self.ports.monotonic() - self.started)

    def _ms_since(self, began: float) -> int:
        return _ms(self.ports.monotonic() - began)


def _refuse_filtered(answer: Answer) -> None:
    """Raises ContentFiltered for an answer that the provider's filter ended, if it says what that
    used."""
    completion = answer.completion
    if completion.stop_reason == "content_filter" and answer.has_usage:
        raise ContentFiltered("The provider's filter ended the answer.", usage=completion.usage)


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
