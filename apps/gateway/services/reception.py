"""The work of calls that come over HTTP, on one event loop: nothing of them is planned in a row."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import psycopg
import structlog

from agentplatform.core.errors import PlatformError
from agentplatform.core.ids import new_id
from apps.gateway.contracts import ModelRequest
from apps.gateway.rates.decision import Decision
from apps.gateway.services.attempt import CallOwner, Completed, Failed, Job
from apps.gateway.services.endings import Ending
from apps.gateway.services.kept_answer import KeptAnswer
from apps.gateway.services.keyed_calls import Claim, KeyedCalls
from apps.gateway.services.known_rooms import KnownRooms
from apps.gateway.services.office import Office
from apps.gateway.services.spacing import Spacing
from apps.gateway.services.telling import Teller
from apps.tenants.contracts import BookingUnavailable, Caller, Principal

log = structlog.get_logger("llm")


class RateLimitReached(Exception):
    """The call is over a rate limit, and nothing of it was counted."""

    def __init__(self, decision: Decision) -> None:
        super().__init__("rate limit")
        self.decision = decision


Clock = Callable[[], datetime]


class Reception:
    """Belongs to the event loop that uses it. A call waits `wait_seconds` for a database that does
    not answer, and is refused then. `keyed` are the calls that carry a key."""

    def __init__(self, *, clock: Clock, wait_seconds: float) -> None:
        self._clock = clock
        self._office = Office(wait_seconds=wait_seconds, spacing=Spacing())
        self._rooms = KnownRooms(self._office)
        self.keyed = KeyedCalls(clock, wait_seconds=wait_seconds)

    def receive(self, caller: Principal, request: ModelRequest) -> Job:
        """The call of a caller, who has the right to make it. Its accounts are not read yet."""
        owner = CallOwner(
            call_id=new_id(),
            tenant_id=caller.tenant_id,
            user_id=caller.user_id,
            api_key_id=caller.api_key_id,
        )
        return Job(owner=owner, request=request, accounts=(), at=self._clock())

    async def open(self, job: Job) -> Job:
        """The call with its accounts, counted by its rate limits. Raises RateLimitReached, and
        PlatformError: TenantInactive, BookingUnavailable."""
        owner = job.owner
        try:
            accounts = await self._rooms.find(job)
        except (psycopg.Error, OSError) as error:
            raise BookingUnavailable("The database does not answer; try again.") from error
        caller = Caller(owner.tenant_id, user_id=owner.user_id, api_key_id=owner.api_key_id)
        taken = await self._office.limit(job, caller=caller)
        if not taken.is_admitted:
            raise RateLimitReached(taken)
        return replace(job, accounts=accounts, taken=taken)

    async def answer(self, job: Job, *, teller: Teller) -> Completed | Failed:
        """Have a provider answer an opened call. Whoever has the answer must settle it. Raises
        PlatformError when nothing may be asked."""
        try:
            return await self._office.answer(job, teller=teller)
        except (psycopg.Error, OSError) as error:
            raise BookingUnavailable("The database does not answer; try again.") from error

    async def settle(
        self,
        job: Job,
        completed: Completed,
        *,
        keeping: tuple[Claim, KeptAnswer] | None = None,
    ) -> None:
        """Charge an answer, and keep it for the key that was claimed; until this is done what it
        may cost is held, and if it is never done the sweeper charges that. It never raises."""
        ending = Ending(
            owner=job.owner, attempt=completed.attempt, at=self._clock(), keeping=keeping
        )
        try:
            # Nobody waits for what is not kept for a key.
            await self._office.write(ending, may_wait=keeping is None)
        except (PlatformError, psycopg.Error, OSError):
            log.exception("llm.not_settled", call_id=str(job.owner.call_id))
        if keeping is not None:
            self.keyed.lapse(keeping[0])

    async def count_tokens(self, caller: Principal, request: ModelRequest) -> int:
        """An upper bound of the prompt's tokens. Raises PlatformError."""
        return await self._office.bound_prompt(caller.tenant_id, request)

    async def model_names(self, caller: Principal) -> list[str]:
        """What the caller's requests may name. Raises PlatformError."""
        return await self._office.model_names(caller.tenant_id)

    async def close(self) -> None:
        """Give up every connection."""
        await self.keyed.close()
        await self._office.close()
