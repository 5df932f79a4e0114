"""OpenAI's embeddings, of whoever speaks that format."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from apps.gateway.contracts import Completion, EmbeddingRequest, Usage
from apps.gateway.providers.errors import InvalidAnswer, InvalidOutput
from apps.gateway.providers.port import Answer
from apps.gateway.providers.told_choice import told_index
from apps.gateway.providers.told_usage import part_of, told_usage
from apps.gateway.providers.transport import Transport
from apps.gateway.providers.vectors import Vector, dimensions_of, pack, unpack
from apps.gateway.providers.wire_errors import reading_answer

_PATH = "embeddings"


async def ask_embeddings(
    transport: Transport,
    request: EmbeddingRequest,
    *,
    provider: str,
    model: str,
    headers: Mapping[str, str],
    timeout_seconds: float,
) -> Answer:
    """A vector for each input. They are asked for in base64, which is a quarter as long as numbers;
    from a server that does not know it numbers are taken too. Raises ProviderError."""
    body = {
        "model": model,
        "input": request.inputs,
        "encoding_format": "base64",
        **request.options,
    }
    if request.dimensions is not None:
        body["dimensions"] = request.dimensions
    until = asyncio.get_running_loop().time() + timeout_seconds
    response = await transport.post_json(_PATH, body, headers=headers, until=until)
    with reading_answer():
        return _read(response, request=request, provider=provider, model=model)


def _read(response: Any, *, request: EmbeddingRequest, provider: str, model: str) -> Answer:
    vectors = [_in_form(one, request) for one in _in_order(response["data"])]
    if len(vectors) != len(request.inputs):
        raise InvalidAnswer(f"There are {len(vectors)} vectors for {len(request.inputs)} inputs.")
    told = told_usage(prompt=part_of(response.get("usage"), "prompt_tokens"), completion=0)
    usage = told or Usage(prompt_tokens=request.bound_tokens, completion_tokens=0)
    if not all(map(dimensions_of, vectors)):
        raise InvalidAnswer("A vector is empty.")
    found = dimensions_of(vectors[0])
    if request.dimensions not in (None, found):
        raise InvalidOutput(
            f"{model} gives {found} dimensions where {request.dimensions} were asked for; ask for "
            "what it has, or leave 'dimensions' out.",
            usage=told,
        )
    completion = Completion(
        text="", stop_reason="stop", usage=usage, provider=provider, model=model
    )
    return Answer(completion=completion, has_usage=told is not None, vectors=vectors)


def _in_order(data: Sequence[Mapping[str, Any]]) -> list[Any]:
    """The vectors by their places; by the order in which they came where these are not said."""
    placed = [(told_index(one.get("index", at)), one["embedding"]) for at, one in enumerate(data)]
    return [vector for _, vector in sorted(placed, key=lambda one: one[0])]


def _in_form(vector: Vector, request: EmbeddingRequest) -> Vector:
    return pack(vector) if request.is_packed else unpack(vector)
