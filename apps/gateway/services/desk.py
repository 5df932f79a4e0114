"""The work of planned calls on one event loop."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
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
from apps.gateway.services.attempt import ClaimedCall, Completed, Failed, Job
from apps.gateway.services.claims import Claimed, Claims
from apps.gateway.services.company import Company
from apps.gateway.services.deferrals import Deferral, Deferrals
from apps.gateway.services.endings import ending_of
from apps.gateway.services.failures import rate_failure
from apps.gateway.services.leases import leases
from apps.gateway.services.office import Office
from apps.gateway.services.tell_deltas import DeltaTellers
from apps.gateway.services.telling import NoTeller, Teller
from apps.tenants.contracts import Caller

log = structlog.get_logger("llm")

REST_A_CALL_SECONDS = 0.0002
LONGEST_REST_SECONDS = 0.05
"""Calls share what the database is asked. The more of them are under way, the longer they wait for
company: a hundredth of what they take, about, for each 100 that come a second."""

Clock = Callable[[], datetime]
Outcome = Completed | Failed | Deferral


class Desk:
    """Belongs to the event loop that uses it."""

    def __init__(self) -> None:
        self._claims = Claims(rest=self._rest)
        self._office = Office(rest=self._rest)
        self._deferrals = Deferrals()
        self._tellers = DeltaTellers(settings.REDIS_URL)
        self._courses: set[asyncio.Task[Outcome]] = set()

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
        await self._claims.close()
        await self._deferrals.close()
        await self._tellers.close()
        await self._office.close()

    def _rest(self) -> float:
        return min(len(self._courses) * REST_A_CALL_SECONDS, LONGEST_REST_SECONDS)

    async def _work_off(self, call: ClaimedCall, company: Company, *, clock: Clock) -> None:
        began = time.monotonic()
        with leases.hold(call.token, tenant_id=call.owner.tenant_id):
            outcome = await self._outcome(call, at=clock())
            reach("after_answer", LlmCall.task)
            duration_ms = int((time.monotonic() - began) * 1000)
            await company.join()
            if isinstance(outcome, Deferral):
                await self._defer(outcome)
                return
            ending = ending_of(call, outcome, duration_ms=duration_ms, at=clock())
            is_kept = await self._office.write(ending)
        log.info(
            "llm.finished" if is_kept else "llm.fence_lost",
            status=outcome.failure.code if isinstance(outcome, Failed) else "success",
            duration_ms=duration_ms,
            **_names(call),
        )

    async def _defer(self, deferral: Deferral) -> None:
        is_kept = await self._deferrals.write(deferral)
        log.info(
            "llm.deferred" if is_kept else "llm.fence_lost",
            limit=f"{deferral.refusal.owned.kind} {deferral.refusal.unit}",
            **_names(deferral.call),
        )

    async def _outcome(self, call: ClaimedCall, *, at: datetime) -> Outcome:
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

    async def _answer(self, call: ClaimedCall, *, at: datetime) -> Outcome:
        """Raises PlatformError when nothing may be asked."""
        request = CompletionRequest.model_validate(call.request)
        _check_schema(request)
        job = Job(owner=call.owner, request=request, accounts=(), at=at)
        spending = await self._office.read_spending(job)
        caller = Caller(call.owner.tenant_id, spending.user_id, spending.api_key_id)
        taken = await self._office.limit(job, caller=caller)
        if refusal := taken.refusal:
            if refusal.retry_after_seconds is None:
                return Failed(rate_failure(refusal))
            return Deferral(call, refusal, at=at)
        job = replace(job, accounts=spending.accounts, taken=taken)
        return await self._office.answer(job, teller=self._teller(job))

    def _teller(self, job: Job) -> Teller:
        return self._tellers.teller(job.owner) if job.request.is_streamed else NoTeller()


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
