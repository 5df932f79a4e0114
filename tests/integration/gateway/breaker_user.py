"""A process that asks a provider through a breaker: `python -m ... REDIS_URL BASE_URL MODEL`.

For each line of its input it makes as many calls as the line says, all at the same time, and says
how many of them were let through.
"""

import asyncio
import sys
from functools import partial

import structlog

from apps.gateway.contracts import CompletionRequest, Message
from apps.gateway.providers.errors import ProviderError
from apps.gateway.providers.openai_provider import OpenAIProvider
from apps.gateway.services.breaker.breakers import Breakers, Shut
from apps.gateway.services.breaker.rules import Rules
from apps.gateway.services.breaker.shared_circuits import SharedCircuits
from apps.gateway.services.breaker.target_breaker import Subject

RULES = Rules(window_ms=60_000, least_calls=8, failure_rate=0.5, open_ms=500)
HELLO = CompletionRequest(messages=(Message(role="user", content="Hello."),))


async def main(redis_url: str, base_url: str, model: str) -> None:
    breakers = Breakers(SharedCircuits(redis_url), lambda: RULES)
    provider = OpenAIProvider(api_key="k", base_url=base_url, default_model=model)
    call = partial(call_once, breakers, provider, model)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(sum(await asyncio.gather(*(call() for _ in range(int(line))))), flush=True)
    await breakers.close()
    await provider.close()


async def call_once(breakers: Breakers, provider: OpenAIProvider, model: str) -> bool:
    permit = await breakers.enter(Subject(provider="openai", model=model))
    if isinstance(permit, Shut):
        return False
    try:
        await provider.complete(HELLO, model=model, max_tokens=10, timeout_seconds=20.0)
        permit.report(None)
    except ProviderError as error:
        permit.report(error)
    return True


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    asyncio.run(main(*sys.argv[1:]))
