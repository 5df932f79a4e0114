"""POST /v1/embeddings."""

from typing import Any

from apps.gateway.doors.body import read_request
from apps.gateway.doors.embedding_request import read_embedding
from apps.gateway.doors.exchange import Exchange
from apps.gateway.doors.serving import Serving
from apps.gateway.services.attempt import Completed, Job
from apps.gateway.services.reception import Reception
from apps.tenants.contracts import Principal


async def create_embeddings(exchange: Exchange, caller: Principal, reception: Reception) -> None:
    """Answer with a vector for each input. Raises what Serving raises."""
    serving = Serving(exchange, reception)
    job = await serving.open(caller, await read_request(exchange, read_embedding))
    await serving.reply(job, _embeddings_of)


def _embeddings_of(_job: Job, completed: Completed) -> dict[str, Any]:
    """The CreateEmbeddingResponse."""
    tokens = completed.completion.usage.prompt_tokens
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": at, "embedding": vector}
            for at, vector in enumerate(completed.vectors or ())
        ],
        "model": completed.completion.model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }
