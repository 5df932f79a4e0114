"""The work of calls on one event loop, with the providers and the connections that it needs."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import structlog
from django.conf import settings

from agentplatform.calls.contracts import CallFailure
from agentplatform.core.errors import InvalidInput, PlatformError
from agentplatform.core.json_schema import find_schema_problem
from agentplatform.core.kill_points import reach
from apps.gateway.contracts import CompletionRequest
from apps.gateway.models import LlmCall
from apps.gateway.services.attempt import Attempt, ClaimedCall, Completed, Failed, Job
from apps.gateway.services.claims import Claimed, Claims
from apps.gateway.services.company import Company
from apps.gateway.services.count_attempt import count_attempt
from apps.gateway.services.endings import Ending, Endings, ending_of
from apps.gateway.services.leases import leases
from apps.gateway.services.live_providers import LiveProviders
from apps.gateway.services.pipeline import Course, Ports
from apps.gateway.services.routes import NoRoute, targets_of
from apps.gateway.services.tell_deltas import DeltaTellers
from apps.gateway.services.telling import NoTeller, Teller
from apps.tenants.contracts import AccountRoom, Admission
from apps.tenants.facade import Books, Rooms

log = structlog.get_logger("llm")

Clock = Callable[[], datetime]


class Desk:
    """Belongs to the event loop that uses it."""

    def __init__(self) -> None:
        self._claims = Claims()
        self._rooms = Rooms()
        self._books = Books()
        self._endings = Endings()
        self._providers = LiveProviders()
        self._tellers = DeltaTellers(settings.REDIS_URL)
        self._courses: set[asyncio.Task[Completed | Failed]] = set()

    async def complete(self, call_ids: Sequence[UUID], *, clock: Clock) -> Claimed:
        """Claim these calls of one tenant and have them answered, all at once, until each has its
        end in its row. Returns what was claimed, and what was not."""
        claimed = await self._claims.claim(call_ids, at=clock())
        if claimed.calls:
            reach("after_claim", LlmCall.task)
        company = Company(len(claimed.calls))
        ended = await asyncio.gather(
            *(self._work_off(call, company, clock=clock) for call in claimed.calls),
            return_exceptions=True,
        )
        for error in ended:
            if error is not None:  # the others have ended
                raise error
        return claimed

    def abandon(self) -> None:
        """Stop waiting for the answers of the moment. What a provider may bill is booked."""
        for course in self._courses:
            course.cancel()

    async def close(self) -> None:
        """Give up every connection."""
        for held in (self._claims, self._rooms, self._books, self._endings):
            await held.close()
        await self._tellers.close()
        await self._providers.close()

    async def _work_off(self, call: ClaimedCall, company: Company, *, clock: Clock) -> None:
        began = time.monotonic()
        with leases.hold(call.token, tenant_id=call.owner.tenant_id):
            outcome = await self._outcome(call, at=clock())
            reach("after_answer", LlmCall.task)
            duration_ms = int((time.monotonic() - began) * 1000)
            await company.join()
            ending = ending_of(call, outcome, duration_ms=duration_ms, at=clock())
            is_kept = await self._write(ending)
        log.info(
            "llm.finished" if is_kept else "llm.fence_lost",
            status=outcome.failure.code if isinstance(outcome, Failed) else "success",
            duration_ms=duration_ms,
            **_names(call),
        )

    async def _outcome(self, call: ClaimedCall, *, at: datetime) -> Completed | Failed:
        course = asyncio.create_task(self._answer(call, at=at))
        self._courses.add(course)
        course.add_done_callback(self._courses.discard)
        try:
            return await course
        except PlatformError as error:
            code, detail, is_retryable = error.code, error.detail, error.is_retryable
        except asyncio.CancelledError:  # its lease was released before: this is written nowhere
            code, detail, is_retryable = "worker_stopping", "The worker was told to stop.", True
        except Exception:
            log.exception("llm.crashed", **_names(call))
            code, is_retryable = "gateway_error", True
            detail = "The gateway failed in a way it should not; see the worker's log."
        return Failed(CallFailure(code=code, detail=detail, is_retryable=is_retryable))

    async def _answer(self, call: ClaimedCall, *, at: datetime) -> Completed | Failed:
        """Raises PlatformError when nothing may be asked."""
        request = CompletionRequest.model_validate(call.request)
        _check_schema(request)
        owner = call.owner
        rooms = await self._rooms.read(tenant_id=owner.tenant_id, run_id=owner.run_id, at=at)
        job = Job(owner=owner, request=request, accounts=rooms, at=at)
        platform = settings.PLATFORM.model_copy()
        async with self._providers.lend(platform) as providers:
            try:
                targets = targets_of(request, providers=providers)
            except NoRoute as error:
                failure = CallFailure(code=error.code, detail=error.detail, is_retryable=False)
                return Failed(failure)
            teller = self._teller(job)
            course = Course(
                job=job,
                targets=targets,
                ports=self._ports(),
                deadline_seconds=platform.call_deadline_seconds,
                teller=teller,
            )
            try:
                return await course.run()
            finally:
                await teller.close()

    def _teller(self, job: Job) -> Teller:
        return self._tellers.teller(job.owner) if job.request.is_streamed else NoTeller()

    def _ports(self) -> Ports:
        return Ports(
            admit=self._admit,
            read_accounts=self._read_accounts,
            record=self._record,
            sleep=asyncio.sleep,
            monotonic=time.monotonic,
            jitter=random.random,
        )

    async def _admit(self, admission: Admission, at: datetime) -> int | None:
        return await self._books.admit(admission, at=at)

    async def _read_accounts(self, job: Job) -> tuple[AccountRoom, ...]:
        owner = job.owner
        return await self._rooms.read(tenant_id=owner.tenant_id, run_id=owner.run_id, at=job.at)

    async def _record(self, job: Job, attempt: Attempt, at: datetime) -> None:
        await self._write(Ending(owner=job.owner, attempt=attempt, at=at))

    async def _write(self, ending: Ending) -> bool:
        is_kept = await self._endings.write(ending)
        if ending.attempt is not None:
            count_attempt(owner=ending.owner, attempt=ending.attempt)
        return is_kept


def _check_schema(request: CompletionRequest) -> None:
    schemas = [tool.parameters for tool in request.tools]
    if request.response_schema is not None:
        schemas.append(request.response_schema)
    for schema in schemas:
        if problem := find_schema_problem(schema):
            raise InvalidInput(f"This is no JSON schema: {problem}")


def _names(call: ClaimedCall) -> dict[str, str]:
    owner = call.owner
    return {
        "tenant_id": str(owner.tenant_id),
        "run_id": str(owner.run_id),
        "step_id": str(owner.step_id),
        "call_id": str(owner.call_id),
    }
