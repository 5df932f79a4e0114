"""An answer over HTTP that is given again to who asks again."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from agentplatform.core.json_values import clean_text

_KEPT_HEADERS: Final = frozenset(
    {
        "content-type",
        "x-request-id",
        "request-id",
        "x-agentplatform-call-id",
        "x-agentplatform-provider",
        "x-agentplatform-model",
        "x-agentplatform-attempts",
        "x-agentplatform-fallback",
        "x-agentplatform-cost-usd",
    }
)
"""What an answer says of its call. What it says of the moment is not kept: limits, budgets."""


@dataclass(frozen=True)
class KeptAnswer:
    """`headers` are names in small letters and values; `body` None: it was too large to be kept."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str | None

    @classmethod
    def of(
        cls, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes, *, limit: int
    ) -> Self:
        """What is kept of an answer; a body of more than `limit` bytes is not."""
        told = ((name.decode(), clean_text(value.decode("latin-1"))) for name, value in headers)
        return cls(
            status,
            tuple((name, value) for name, value in told if name in _KEPT_HEADERS),
            body.decode() if len(body) <= limit else None,
        )
