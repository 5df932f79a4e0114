"""What every request of one call passes: rules, vetting, caps and the record of it."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from agentplatform.core.clock import now
from apps.tools.egress.errors import EgressRefused, HostUnreachable, TooManyRequests
from apps.tools.egress.pace import Pace
from apps.tools.egress.rules import Admitted, check_host
from apps.tools.egress.session import Egress, EgressRequest

_MOST_NAMES = 100

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Passage:
    """One request on its way. The host is what was asked for until the rules have read it, which
    then say how it is admitted."""

    method: str
    host: str
    port: int
    at: datetime
    address: str = ""
    status: int | None = None
    sent_bytes: int = 0
    received_bytes: int = 0
    admitted: Admitted | None = None


@dataclass
class Gate:
    """Keeps one call's caps across all its connections. Lives on the proxy's event loop."""

    egress: Egress
    via: str
    _bytes_left: int = field(init=False)
    _requests: Pace = field(init=False)
    _is_dry: bool = False
    _refused_names: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._bytes_left = self.egress.limits.total_bytes
        self._requests = Pace(self.egress.limits.requests_per_minute)

    @contextmanager
    def passage(self, *, method: str, host: str, port: int) -> Iterator[Passage]:
        """Count a request in, and record it once it has ended.

        Raises TooManyRequests for one above the rate. Of those that come above it in a row the
        first is recorded, so that a flood of requests is none of rows.
        """
        started = time.monotonic()
        passage = Passage(method=method, host=host, port=port, at=now())
        is_over = not self._requests.take(started)
        is_first_over, self._is_dry = is_over and not self._is_dry, is_over
        refusal = ""
        try:
            if is_over:
                raise TooManyRequests(
                    "The request is refused: the call makes more than "
                    f"{self.egress.limits.requests_per_minute} a minute; make fewer, or wait."
                )
            yield passage
        except (EgressRefused, HostUnreachable) as error:
            refusal = error.detail
            raise
        except TimeoutError:
            refusal = "The request took too long, or nothing moved for too long; it was cut."
            raise
        finally:
            if not is_over or is_first_over:
                self.egress.record(self._entry(passage, refusal, started))

    def admit(self, passage: Passage, *, also_as: Sequence[str] = ()) -> None:
        """Check the passage against the rules; `also_as` as in Egress.admit. Raises
        EgressRefused."""
        passage.admitted = self.egress.admit(
            method=passage.method, host=passage.host, port=passage.port, also_as=also_as
        )
        passage.host = passage.admitted.host

    def knows(self, name: str) -> bool:
        """Whether a name that a program looks up is one it may reach; the first time that it is
        not is recorded."""
        try:
            check_host(name, self.egress.rules)
        except EgressRefused as error:
            if name not in self._refused_names and len(self._refused_names) < _MOST_NAMES:
                self._refused_names.add(name)
                passage = Passage(method="DNS", host=name, port=53, at=now())
                self.egress.record(self._entry(passage, error.detail, time.monotonic()))
            return False
        return True

    async def dial(self, passage: Passage) -> Streams:
        """A connection to a vetted address of an admitted passage's host: what was vetted is what
        is dialled. Raises EgressRefused, HostUnreachable."""
        problem: OSError | None = None
        for address in await self._vetted(passage):
            passage.address = address
            try:
                async with asyncio.timeout(self.egress.limits.connect_seconds):
                    return await asyncio.open_connection(address, passage.port)
            except OSError as error:
                problem = error
        raise HostUnreachable(f"{passage.host} does not answer: {_reason(problem)}.")

    async def _vetted(self, passage: Passage) -> list[str]:
        assert passage.admitted is not None
        loop = asyncio.get_running_loop()
        resolving = loop.run_in_executor(
            None, self.egress.addresses_of, passage.admitted, passage.port
        )
        try:
            async with asyncio.timeout(self.egress.limits.connect_seconds):
                return await resolving
        except TimeoutError as error:
            raise HostUnreachable(f"{passage.host} was not resolved in time.") from error

    def count(self, passage: Passage, *, sent: int = 0, received: int = 0) -> None:
        """Count bytes that move. Raises EgressRefused at those that pass the call's cap."""
        passage.sent_bytes += sent
        passage.received_bytes += received
        self._bytes_left -= sent + received
        if self._bytes_left < 0:
            raise EgressRefused(
                f"The request was cut: a call may move {self.egress.limits.total_bytes} bytes."
            )

    def _entry(self, passage: Passage, refusal: str, started: float) -> EgressRequest:
        return EgressRequest(
            via=self.via,
            method=passage.method[:20],
            host=passage.host[:253],
            port=passage.port,
            at=passage.at,
            address=passage.address,
            refusal=refusal,
            status=passage.status,
            sent_bytes=passage.sent_bytes,
            received_bytes=passage.received_bytes,
            duration_ms=int((time.monotonic() - started) * 1000),
        )


def _reason(problem: OSError | None) -> str:
    if problem is None or isinstance(problem, TimeoutError):
        return "no connection in time"
    return problem.strerror or str(problem)
