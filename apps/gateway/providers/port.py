"""What the pipeline asks of a provider."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol
from uuid import UUID

from apps.gateway.contracts import Completion, CompletionRequest, EmbeddingRequest

REQUEST_ID_HEADER: Final = "X-Client-Request-Id"
OnText = Callable[[str], None]
"""Told each piece of an answer's text as it comes, cut anywhere, even between the two halves of a
surrogate pair. It neither waits nor fails."""


OnChoice = Callable[[dict[str, Any]], None]
"""Told each part of an answer as it comes, as the choice of an OpenAI chunk: text, refusal, pieces
of tool calls, logprobs, and why it ended; with `usage` beside, a Usage, where the provider says
before the end what the prompt used. It neither waits nor fails."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`has_usage` False: the provider sent no usage, and that of `completion` is a guess. `choice`
    is the answer to a verbatim request as the choice of an OpenAI completion, nothing left out.
    `vectors` are the answer to an EmbeddingRequest, in the order of its inputs and in the form that
    it wants. Its completion says nothing."""

    completion: Completion
    has_usage: bool = True
    choice: dict[str, Any] | None = None
    vectors: Sequence[Any] | None = None


class Provider(Protocol):
    """One place that answers model calls. Belongs to the event loop it is used in."""

    name: str
    default_model: str
    base_url: str

    def bound_prompt(self, request: CompletionRequest, *, model: str) -> int:
        """An upper bound of the prompt's tokens as this provider would be sent it for `model`."""
        ...

    async def complete(
        self,
        request: CompletionRequest,
        *,
        model: str,
        max_tokens: int,
        timeout_seconds: float,
        on_text: OnText | None = None,
        on_choice: OnChoice | None = None,
        attempt_id: UUID | None = None,
    ) -> Answer:
        """One attempt, no retry. Raises ProviderError; `parsed` satisfies the response_schema.

        With `on_text` or `on_choice` the answer is streamed; it is the same one, and what was told
        of it is void when it fails. `attempt_id` goes along as REQUEST_ID_HEADER: it finds the
        attempt in the log of whoever answered, should the answer be lost.
        """
        ...

    async def embed(
        self,
        request: EmbeddingRequest,
        /,
        *,
        model: str,
        timeout_seconds: float,
        attempt_id: UUID | None = None,
    ) -> Answer:
        """The same for vectors. Raises Unsupported where the provider has none."""
        ...

    async def close(self) -> None:
        """Give up the connections."""
        ...


def attempt_headers(attempt_id: UUID | None) -> dict[str, str]:
    """The headers that tell a provider which attempt this is."""
    return {} if attempt_id is None else {REQUEST_ID_HEADER: str(attempt_id)}
