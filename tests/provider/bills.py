"""The provider's own account of what it billed: the truth that a ledger is held against."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Bill:
    """One answered request. `is_cut`: the answer or its stream broke off, and only what had been
    said by then is billed. `headers` are the request's idempotency key and X- headers."""

    at: float
    path: str
    model: str
    request_id: str
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    cache_write_hour_tokens: int = 0
    reasoning_tokens: int = 0
    is_streamed: bool = False
    is_cut: bool = False
    headers: dict[str, str] = field(default_factory=dict)


class Bills:
    """Every bill of the requests that began since the last reset, in memory; and every bill in a
    file. `resets` counts."""

    def __init__(self, path: Path | None) -> None:
        self.resets = 0
        self._bills: list[Bill] = []
        self._file = path.open("a", buffering=1, encoding="utf-8") if path else None

    def write(self, bill: Bill, *, resets: int) -> None:
        """Record a bill of a request that began after that many resets. The line is with the kernel
        before the answer leaves, so that a killed provider has forgotten nothing that a client has
        seen."""
        if resets == self.resets:
            self._bills.append(bill)
        if self._file is not None:
            self._file.write(json.dumps(asdict(bill)) + "\n")

    def listed(self) -> list[dict[str, Any]]:
        """Every bill, oldest first."""
        return [asdict(bill) for bill in self._bills]

    def reset(self) -> None:
        """Forget the bills in memory."""
        self.resets += 1
        self._bills.clear()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
