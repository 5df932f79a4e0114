"""What a call has got out of its pages so far, bounded."""

import json
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from apps.tools.egress.session import EgressRequest
from apps.tools.runners.limits import Limits
from apps.tools.runners.work import ProducedFile

_MOST_FAILED_REQUESTS = 100
_LONGEST_LINE = 10_000
_LONGEST_TITLE = 1000
LONGEST_URL = 4000
LONGEST_TOLD_URL = 500
"""Of a request that failed."""
_PATIENCE_MS = 10_000.0
_LAST_WORDS_MS = 1_000.0


class TooMuch(Exception):
    """The page has produced more than a call may keep."""


@dataclass
class Session:
    """What the pages of a call have produced, and until when (by time.monotonic) they may work.
    Console and errors are kept up to the output limit, files and results only within the limits.
    `place` is the argument that is being followed."""

    limits: Limits
    deadline: float
    place: str = "arguments.html"
    files: list[ProducedFile] = field(default_factory=list)
    visited: list[dict[str, Any]] = field(default_factory=list)
    extracted: list[dict[str, Any]] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    failed_requests: list[str] = field(default_factory=list)
    saved: set[str] = field(default_factory=set)
    refusals: deque[str] = field(default_factory=lambda: deque(maxlen=1))
    title: str = ""
    url: str = ""
    said_bytes: int = 0
    extracted_bytes: int = 0

    def keep(self, name: str, content: bytes) -> None:
        """Keep a file held in memory. Raises TooMuch over the limits."""
        self._take(ProducedFile.of(name, content))

    def keep_file(self, name: str, content: BinaryIO, size_bytes: int) -> None:
        """Keep an open file, at its start, which the session owns from now on. Raises TooMuch over
        the limits."""
        self._take(ProducedFile(name=name, content=content, size_bytes=size_bytes))

    def report(self, action: str, **found: Any) -> None:
        """Keep what an action has read. Raises TooMuch when all results together pass the output
        limit."""
        result = {"action": action, **found}
        self.extracted_bytes += len(json.dumps(result).encode())
        if self.extracted_bytes > self.limits.output_bytes:
            raise TooMuch
        self.extracted.append(result)

    def show(self, title: str, url: str) -> None:
        """Keep what the page is at its end."""
        self.title, self.url = title[:_LONGEST_TITLE], url[:LONGEST_URL]

    def note(self, line: str) -> None:
        """Keep a line of the console while there is room."""
        if self._has_room(line):
            self.console.append(line[:_LONGEST_LINE])

    def complain(self, line: str) -> None:
        """Keep an error of a page while there is room."""
        if self._has_room(line):
            self.errors.append(line[:_LONGEST_LINE])

    def miss(self, line: str) -> None:
        """Keep a request that failed, once and while there is room."""
        is_told = line in self.failed_requests or line.endswith(tuple(self.saved))
        if not is_told and len(self.failed_requests) < _MOST_FAILED_REQUESTS:
            self.failed_requests.append(line)

    def save(self, url: str) -> None:
        """Remember that what this address gave was saved: a page that a browser leaves for a
        download counts as one that failed."""
        left = f" {url[:LONGEST_TOLD_URL]}: net::ERR_ABORTED"
        self.saved.add(left)
        self.failed_requests[:] = [one for one in self.failed_requests if not one.endswith(left)]

    def refuse(self, request: EgressRequest) -> None:
        """Keep why a request did not leave."""
        self.refusals.append(request.refusal)
        self.miss(f"{request.method} {request.host}:{request.port}: {request.refusal}")

    @property
    def left_ms(self) -> float:
        """How long the page may still work."""
        return max(1.0, (self.deadline - time.monotonic()) * 1000)

    @property
    def working_ms(self) -> float:
        """How long an action may take, so that there is time for a picture of its failure."""
        return max(1.0, self.left_ms - _LAST_WORDS_MS)

    @property
    def patience_ms(self) -> float:
        """How long an action may wait for its element."""
        return min(_PATIENCE_MS, self.working_ms)

    @property
    def is_late(self) -> bool:
        """Whether what fails now fails because the call's time is over."""
        return self.left_ms <= _LAST_WORDS_MS

    def _take(self, file: ProducedFile) -> None:
        size = sum(kept.size_bytes for kept in self.files) + file.size_bytes
        if (
            file.size_bytes > self.limits.artifact_bytes
            or size > self.limits.artifacts_bytes
            or len(self.files) >= self.limits.artifacts
        ):
            file.content.close()
            raise TooMuch
        self.files.append(file)

    def _has_room(self, line: str) -> bool:
        self.said_bytes += min(len(line), _LONGEST_LINE) * 4 + 1
        return self.said_bytes <= self.limits.output_bytes
