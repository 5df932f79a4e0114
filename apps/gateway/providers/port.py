"""What the pipeline asks of a provider."""

from dataclasses import dataclass
from typing import Protocol

from apps.gateway.contracts import Completion, CompletionRequest


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`has_usage` False: the provider sent no usage, and that of `completion` is a guess."""

    completion: Completion
    has_usage: bool = True


class Provider(Protocol):
    """One place that answers completions. Belongs to the event loop it is used in."""

    name: str
    default_model: str

    def bound_prompt(self, request: CompletionRequest) -> int:
        """An upper bound of the prompt's tokens as this provider would be sent it."""
        ...

    async def complete(
        self, request: CompletionRequest, *, model: str, max_tokens: int, timeout_seconds: float
    ) -> Answer:
        """One attempt, no retry. Raises ProviderError; `parsed` satisfies the response_schema."""
        ...

    async def close(self) -> None:
        """Give up the connections."""
        ...
