"""What the calls of one event loop share, whichever door they come through: books, rooms, endings,
providers and their breakers."""

import asyncio
import random
import time
from datetime import datetime
from functools import partial
from uuid import UUID

import structlog
from django.conf import settings

from agentplatform.calls.contracts import CallFailure
from agentplatform.core.batches import Rest
from agentplatform.settings.environment import Environment
from apps.gateway.contracts import EmbeddingRequest, ModelRequest
from apps.gateway.providers.registry import Access
from apps.gateway.rates.decision import Decision, has_token_limit
from apps.gateway.services.alerts import finish_alerts
from apps.gateway.services.asking import bound_prompt
from apps.gateway.services.attempt import Attempt, Completed, Failed, Job
from apps.gateway.services.beside import beside, size_of
from apps.gateway.services.books import Books
from apps.gateway.services.breaker.alarm import OpenAlarm
from apps.gateway.services.breaker.breakers import Breakers, Permit, Shut
from apps.gateway.services.breaker.rules import Rules, rules_of
from apps.gateway.services.breaker.shared_circuits import SharedCircuits
from apps.gateway.services.count_attempt import count_attempt
from apps.gateway.services.endings import Ending
from apps.gateway.services.hold import most_answer_tokens
from apps.gateway.services.live_providers import LiveProviders
from apps.gateway.services.model_names import full_name, model_names
from apps.gateway.services.model_reader import ModelReader
from apps.gateway.services.pipeline import Course, Ports
from apps.gateway.services.prompt_size import prompt_tokens, shows_something
from apps.gateway.services.rate_limits import RateLimits
from apps.gateway.services.routes import Menu, NoRoute, Target, way_of
from apps.gateway.services.spacing import Spacing
from apps.gateway.services.tell_failure import tell_failure
from apps.gateway.services.telling import Teller
from apps.gateway.services.trace_calls import with_spans
from apps.tenants.contracts import AccountRoom, Admission, Caller, Spending
from apps.tenants.facade import Rooms

CLOSE_SECONDS = 5.0

log = structlog.get_logger("llm")


class Office:
    """Belongs to the event loop that uses it. `rest` is Batches', between its writes. With
    `wait_seconds` no call waits longer for a database that does not answer; `spacing` is Books'."""

    def __init__(
        self,
        *,
        rest: Rest | None = None,
        wait_seconds: float | None = None,
        spacing: Spacing | None = None,
    ) -> None:
        self._wait_seconds = wait_seconds
        self._rooms = Rooms(rest=rest, wait_seconds=wait_seconds)
        self._books = Books(rest=rest, wait_seconds=wait_seconds, spacing=spacing)
        self._writing: set[asyncio.Future[None]] = set()
        self._limits = RateLimits()
        self._models = ModelReader()
        self._providers = LiveProviders()
        self._breakers = Breakers(
            SharedCircuits(settings.REDIS_URL), _breaker_rules, listeners=(OpenAlarm(),)
        )

    async def answer(self, job: Job, *, teller: Teller) -> Completed | Failed:
        """Have a provider answer, through the one pipeline. An answered attempt is not settled yet:
        `write` its ending. Raises PlatformError when nothing may be asked."""
        platform, menu, own = await self._choice(job.owner.tenant_id)
        async with self._providers.lend(platform, own) as providers:
            try:
                providers = with_spans(providers, owner=job.owner)
                way = way_of(_named(job.request, menu), providers=providers, menu=menu)
            except NoRoute as error:
                self._limits.correct(job.taken, tokens=0)
                failure = CallFailure(code=error.code, detail=error.detail, is_retryable=False)
                return Failed(failure)
            course = Course(
                job=job,
                way=way,
                ports=self._ports(),
                deadline_seconds=platform.call_deadline_seconds,
                teller=teller,
            )
            try:
                outcome = await course.run()
            finally:
                self._limits.correct(job.taken, tokens=course.used_tokens)
                await teller.close()
        if isinstance(outcome, Failed):
            tell_failure(job, outcome, course.attempts)
        return outcome

    async def model_names(self, tenant_id: UUID) -> list[str]:
        """What calls of the tenant may name. Raises PricesUnavailable, ModelsUnavailable."""
        platform = settings.PLATFORM.model_copy()
        known = await self._models.of(tenant_id)
        own = {name: key.access(platform).default_model for name, key in known.keys.items()}
        return model_names(platform, menu=known.menu(platform), own=own)

    async def limit(self, job: Job, *, caller: Caller) -> Decision:
        """Whether the rate limits of the caller let the call pass now; then it is counted, and the
        decision is to be the job's `taken`. As RateLimits.take says."""
        rates = await self._limits.read(caller)
        tokens = 0
        if has_token_limit(rates):
            prompt = await self.bound_prompt(job.owner.tenant_id, job.request)
            tokens = prompt + most_answer_tokens(job.request)
        return await self._limits.take(rates, tokens=tokens)

    async def bound_prompt(self, tenant_id: UUID, request: ModelRequest) -> int:
        """An upper bound of the prompt's tokens, whoever may answer; no provider is asked. Images
        and PDFs count for each model by rules of its own. Raises PlatformError."""
        if isinstance(request, EmbeddingRequest):
            return request.bound_tokens
        if not shows_something(request):
            return await beside(partial(prompt_tokens, request), size=size_of(request))
        platform, menu, own = await self._choice(tenant_id)
        async with self._providers.lend(platform, own) as providers:
            try:
                way = way_of(_named(request, menu), providers=providers, menu=menu)
            except NoRoute:  # nobody will be asked
                return prompt_tokens(request)
            bounds = [
                await bound_prompt(target.provider, request, model=target.model)
                for targets in (way.targets, *way.instead.values())
                for target in targets
            ]
            return max(bounds)

    async def read_rooms(self, job: Job) -> tuple[AccountRoom, ...]:
        """The accounts that the call is booked on, as they are now. Raises PlatformError."""
        return (await self.read_spending(job)).accounts

    async def read_spending(self, job: Job) -> Spending:
        """The same, and whom the call is charged to."""
        owner = job.owner
        self._models.prepare(owner.tenant_id)
        return await self._rooms.read(
            tenant_id=owner.tenant_id,
            run_id=owner.run_id,
            user_id=owner.user_id,
            api_key_id=owner.api_key_id,
            at=job.at,
        )

    async def write(self, ending: Ending, *, may_wait: bool = False) -> bool:
        """Settle and write, then count. As Books.write says, or Books.write_later."""
        write = self._books.write_later if may_wait else self._books.write
        is_kept = await write(ending)
        if ending.attempt is not None:
            count_attempt(owner=ending.owner, attempt=ending.attempt)
        return is_kept

    async def close(self) -> None:
        """Give up every connection."""
        if self._writing:
            await asyncio.wait(self._writing, timeout=CLOSE_SECONDS)
        for held in (self._rooms, self._books, self._models):
            await held.close()
        await self._limits.close()
        await self._breakers.close()
        await finish_alerts()
        await self._providers.close()

    async def _choice(self, tenant_id: UUID) -> tuple[Environment, Menu, list[Access]]:
        """The settings of now, what the tenant may name, and its own keys."""
        platform = settings.PLATFORM.model_copy()
        known = await self._models.of(tenant_id)
        own = [key.access(platform) for key in known.keys.values()]
        return platform, known.menu(platform), own

    def _ports(self) -> Ports:
        return Ports(
            enter=self._enter,
            admit=self._admit,
            read_accounts=self._read_again,
            record=self._record,
            sleep=asyncio.sleep,
            monotonic=time.monotonic,
            jitter=random.random,
        )

    async def _read_again(self, job: Job) -> tuple[AccountRoom, ...]:
        """The accounts of a call that was refused, with all that is known to be free again."""
        await self._books.catch_up(at=job.at)
        return await self.read_rooms(job)

    async def _enter(self, target: Target) -> Permit | Shut:
        return await self._breakers.enter(target.subject)

    async def _admit(self, admission: Admission, at: datetime) -> int | None:
        return await self._books.admit(admission, at=at)

    async def _record(self, job: Job, attempt: Attempt, at: datetime) -> None:
        """Who waits for no database does not wait for this one either; it is written all the
        same."""
        writing = asyncio.ensure_future(self._write_attempt(job, attempt, at))
        self._writing.add(writing)
        writing.add_done_callback(self._written)
        done, _ = await asyncio.wait({writing}, timeout=self._wait_seconds)
        for one in done:
            one.result()

    def _written(self, writing: "asyncio.Future[None]") -> None:
        self._writing.discard(writing)
        if not writing.cancelled() and (error := writing.exception()):
            log.warning("llm.attempt_not_written", error=str(error))

    async def _write_attempt(self, job: Job, attempt: Attempt, at: datetime) -> None:
        await self.write(Ending(owner=job.owner, attempt=attempt, at=at))


def _named(request: ModelRequest, menu: Menu) -> ModelRequest:
    """Clients of HTTP name models as their providers do."""
    if not request.is_verbatim:
        return request
    name = full_name(request.model, menu=menu)
    return request if name == request.model else request.model_copy(update={"model": name})


def _breaker_rules() -> Rules:
    return rules_of(settings.PLATFORM)
