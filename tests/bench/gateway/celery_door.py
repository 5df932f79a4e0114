"""What the Celery door carries: calls a second, and calls that one worker process holds at once."""

import statistics
import time
from collections.abc import Iterator
from uuid import UUID, uuid4

from agentplatform.core.wait import wait_for
from tests.bench.bars import Measured
from tests.bench.engine.bench import Bench
from tests.bench.engine.hold import held

CALLS = 600
HELD = 300
SLOW_MS = 3_000
MODEL = "openai:gpt-4o-mini-tokens-256"
PATIENCE_SECONDS = 120


def measure_celery(bench: Bench, rounds: int) -> Iterator[Measured]:
    """A message for each call, all sent before the worker may take the first."""
    bench.processes.start(["llm"])
    _run(bench, model=MODEL, count=CALLS // 10)
    found = [CALLS / _run(bench, model=MODEL, count=CALLS) for _ in range(rounds)]
    yield Measured(
        name="Celery door, one llm worker",
        measured=statistics.median(found),
        unit="calls/s",
        bar=150,
        is_minimum=True,
        note="a provider of 0 ms, a message for each call",
    )
    bench.processes.stop("llm")
    bench.processes.start(["llm"], llm=str(HELD))
    bench.provider.reset()
    seconds = _run(bench, model=f"{MODEL}-latency-{SLOW_MS}", count=HELD)
    bench.processes.stop("llm")
    yield Measured(
        name=f"calls of {SLOW_MS / 1000:g} s held by one llm worker",
        measured=bench.provider.requests()["peak_in_flight"],
        unit="calls",
        bar=HELD,
        is_minimum=True,
        note=f"all {HELD} answered after {seconds:.1f} s",
    )


def _run(bench: Bench, *, model: str, count: int) -> float:
    """Seconds from the first message that the worker may take to the last end."""
    from apps.gateway.facade import completion_signature

    step_id, call_ids = _plan(bench, model=model, count=count)
    with held([bench.processes.pids()["llm"]]):
        for call_id in call_ids:
            completion_signature(call_ids=[call_id]).apply_async()
    began = time.perf_counter()
    wait_for(
        lambda: _ended(bench, step_id) == count,
        timeout_seconds=PATIENCE_SECONDS,
        every_seconds=0.02,
        what="the calls",
    )
    return time.perf_counter() - began


def _plan(bench: Bench, *, model: str, count: int) -> tuple[UUID, list[UUID]]:
    from agentplatform.calls.contracts import CallPlan
    from agentplatform.core.clock import now
    from agentplatform.core.postgresql.batch import Batch
    from agentplatform.core.transactions import transaction
    from apps.gateway.contracts import CompletionRequest, Message
    from apps.gateway.facade import plan_completions
    from apps.tenants.facade import open_run_account

    run_id, step_id = uuid4(), uuid4()
    message = Message(role="user", content="What is the weather like in Italy in spring?")
    request = CompletionRequest(model=model, messages=(message,), max_tokens=300)
    plans = [
        CallPlan(
            tenant_id=bench.tenant_id,
            run_id=run_id,
            step_id=step_id,
            attempt=1,
            turn=1,
            index=index,
        )
        for index in range(count)
    ]
    batch = Batch()
    planned = plan_completions(batch, wanted=[(plan, request) for plan in plans], at=now())
    with bench.scope(), transaction():
        open_run_account(tenant_id=bench.tenant_id, run_id=run_id, token_limit=None)
        batch.execute()
        return step_id, planned()


def _ended(bench: Bench, step_id: UUID) -> int:
    """How many were answered. Raises RuntimeError for a call that failed."""
    failed = "select error::text from llm_calls where step_id = %s and status = 'FAILED' limit 1"
    if error := bench.ask(failed, step_id):
        raise RuntimeError(f"a call failed: {error}")
    answered = "select count(*) from llm_calls where step_id = %s and status = 'SUCCESS'"
    return int(bench.ask(answered, step_id))
