"""What a provider is asked, by the kind of a call's request."""

from functools import partial
from uuid import UUID

from apps.gateway.contracts import EmbeddingRequest, ModelRequest
from apps.gateway.providers.port import Answer, Provider
from apps.gateway.services.beside import beside, size_of
from apps.gateway.services.telling import Hearing


async def bound_prompt(provider: Provider, request: ModelRequest, *, model: str) -> int:
    """An upper bound of the tokens that this model of the provider would read."""
    if isinstance(request, EmbeddingRequest):
        return request.bound_tokens
    return await beside(partial(provider.bound_prompt, request, model=model), size=size_of(request))


async def ask(
    provider: Provider,
    request: ModelRequest,
    *,
    model: str,
    max_tokens: int,
    timeout_seconds: float,
    hearing: Hearing,
    attempt_id: UUID,
) -> Answer:
    """One attempt. Raises ProviderError."""
    if isinstance(request, EmbeddingRequest):
        return await provider.embed(
            request, model=model, timeout_seconds=timeout_seconds, attempt_id=attempt_id
        )
    return await provider.complete(
        request,
        model=model,
        max_tokens=max_tokens,
        timeout_seconds=timeout_seconds,
        on_text=hearing.on_text,
        on_choice=hearing.on_choice,
        attempt_id=attempt_id,
    )
