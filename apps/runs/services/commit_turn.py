"""Write what a turn came to: its calls and checkpoint, its output, or its failure."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from agentplatform.calls.contracts import CallFailure, CallOutcome
from agentplatform.core.json_values import clean_json
from agentplatform.core.money import format_usd
from agentplatform.core.postgresql.batch import RowMissing, missing_rows
from agentplatform.core.transactions import after_commit, transaction
from apps.gateway import facade as gateway
from apps.gateway.contracts import CompletionRequest
from apps.runs.contracts import TooMuchHeld
from apps.runs.models import Run, Step
from apps.runs.services.advance_run import advance
from apps.runs.services.asks.begin_asks import begin_asks
from apps.runs.services.claim import Claim
from apps.runs.services.claim_step import take
from apps.runs.services.dispatch import (
    PlannedCall,
    QueuedStep,
    mark_calls,
    send_calls,
    send_give_places,
    send_resume,
)
from apps.runs.services.fail_step import fail_step
from apps.runs.services.finish_run import finish_run
from apps.runs.services.hold_output import hold_output
from apps.runs.services.leave_step import leave_step
from apps.runs.services.lock_run import lock_run, lock_run_again, locked_step
from apps.runs.services.places.caps import are_calls_capped
from apps.runs.services.plan_calls import plan_calls
from apps.runs.services.transition import add_usage, move_step, record_event
from apps.runs.services.turns.turn import CallRequest, Failed, Finished, Left, Suspended, TurnResult
from apps.runs.services.write_run import held_of, to_be_written
from apps.runs.states import STEP, TENANT_STOPPED

AT_REST = STEP.terminal | {"PENDING"}
Hold = Callable[[Claim], tuple[Run, Step]]


class LostFence(Exception):
    """Another worker holds the step, or the run is over: nothing of this turn may be written."""


def commit_turn(
    claim: Claim, result: TurnResult, *, at: datetime, goes_on: bool = False
) -> list[QueuedStep]:
    """Write the turn and, when the step is over, advance the run; returns the steps then due. With
    `goes_on` a lone one is claimed along, for a caller that takes it at once.

    Opens one transaction; a lost fence rolls it back and returns nothing. After the commit the
    turn's calls are sent.
    """
    try:
        if _is_alone(claim) and not isinstance(result, Left):
            with suppress(RowMissing):
                return _commit(claim, result, at=at, goes_on=goes_on, hold=_hold_again)
        return _commit(claim, result, at=at, goes_on=goes_on, hold=_hold)
    except (LostFence, Run.DoesNotExist, Step.DoesNotExist):  # or a run that was purged meanwhile
        return []


def _commit(
    claim: Claim, result: TurnResult, *, at: datetime, goes_on: bool, hold: Hold
) -> list[QueuedStep]:
    with missing_rows(), transaction():
        run, step = hold(claim)
        if isinstance(result, Left):
            leave_step(run, step, result, at=at)
            return []
        _record_outcomes(run, step, claim.outcomes, at=at)
        if _is_refused(claim, result):
            finish_run(run, "CANCELLED", at=at)
            return []
        queued = _write(run, step, claim.token, result, at=at)
        return _claim_lone(run, queued, at=at) if goes_on else queued


def _is_alone(claim: Claim) -> bool:
    """Whether no other step of the run is under way, so that most probably nobody has written the
    run since the claim."""
    others = (step for step in held_of(claim.run).steps.values() if step is not claim.step)
    return claim.step.item_index < 0 and all(one.status in AT_REST for one in others)


def _hold_again(claim: Claim) -> tuple[Run, Step]:
    """The run and the step as the claim left them; a statement fails if they have changed."""
    lock_run_again(claim.run)
    return claim.run, claim.step


def _hold(claim: Claim) -> tuple[Run, Step]:
    """The locked run and the claimed step as they stand now. Raises LostFence."""
    run = lock_run(claim.run.id)
    step = locked_step(run, claim.step.id)
    if step.status != "RUNNING" or step.lease_token != claim.token:
        raise LostFence
    return run, step


def _is_refused(claim: Claim, result: TurnResult) -> bool:
    """Whether the tenant was stopped when a call of the turn was to begin: neither a model that is
    told of it nor a rule for failures decides what comes of the run then."""
    failures = [outcome.failure for outcome in claim.outcomes]
    if isinstance(result, Failed):
        failures.append(result.failure)
    return any(failure is not None and failure.code == TENANT_STOPPED for failure in failures)


def _claim_lone(run: Run, queued: list[QueuedStep], *, at: datetime) -> list[QueuedStep]:
    if len(queued) != 1:
        return queued
    due = queued[0]
    return [replace(due, claim=take(run, locked_step(run, due.step_id), at=at))]


def _write(
    run: Run, step: Step, token: UUID, result: TurnResult, *, at: datetime
) -> list[QueuedStep]:
    if isinstance(result, Suspended):
        _suspend(run, step, token, result, at=at)
        return []
    if isinstance(result, Finished):
        return _finish(run, step, token, result, at=at)
    assert isinstance(result, Failed)
    return _fail(run, step, token, result, at=at)


def _suspend(run: Run, step: Step, token: UUID, result: Suspended, *, at: datetime) -> None:
    calls = [(index, call) for index, call in enumerate(result.calls) if call is not None]
    to_be_made = plan_calls(to_be_written(run).batch, run, step, calls, at=at)
    move_step(
        run,
        step,
        "WAITING",
        at=at,
        token=token,
        data={"turn": step.turn, "calls": [_call_name(call) for _, call in calls]},
        lease_token=None,
        waits_for=Step.WaitsFor.CALLS,
    )
    if result.checkpoint is not None:
        to_be_written(run).new_checkpoints.append(result.checkpoint)
    if result.asks:
        begin_asks(run, step, result.asks, at=at)
    after_commit(_send, run=run, step=step, to_be_made=to_be_made, result=result)


def _send(
    *,
    run: Run,
    step: Step,
    to_be_made: Callable[[], list[PlannedCall]],
    result: Suspended,
) -> None:
    """The row says that its calls are sent; if they cannot be, it is told so, for recovery to do
    it."""
    planned = to_be_made()
    if planned and are_calls_capped(run):
        send_give_places()
    elif planned:
        try:
            send_calls(step_id=step.id, turn=step.turn, calls=planned)
        except Exception:
            mark_calls(planned, at=None)
            raise
    elif not result.asks:
        send_resume(step_id=step.id, turn=step.turn)


def _call_name(request: CallRequest) -> str:
    return request.model if isinstance(request, CompletionRequest) else request.tool


def _finish(
    run: Run, step: Step, token: UUID, result: Finished, *, at: datetime
) -> list[QueuedStep]:
    output = clean_json(result.output)
    try:
        hold_output(run, step, output)
    except TooMuchHeld as error:
        failure = CallFailure(code=error.code, detail=error.detail, is_retryable=False)
        return _fail(run, step, token, Failed(failure=failure), at=at)
    move_step(
        run,
        step,
        "SUCCESS",
        at=at,
        token=token,
        output=output,
        error=None,
        completed_at=at,
        lease_token=None,
        data=_totals(step, at),
    )
    return advance(run, at=at)


def _fail(run: Run, step: Step, token: UUID, result: Failed, *, at: datetime) -> list[QueuedStep]:
    failure = result.failure
    return fail_step(
        run,
        step,
        clean_json({"code": failure.code, "detail": failure.detail}),
        at=at,
        token=token,
        is_retryable=failure.is_retryable,
        least_wait_seconds=gateway.wait_seconds(failure_code=failure.code),
    )


def _totals(step: Step, at: datetime) -> dict[str, object]:
    started = step.started_at or at
    return {
        "tokens": step.tokens_used,
        "cost_usd": format_usd(step.cost_nanos),
        "duration_ms": int((at - started).total_seconds() * 1000),
    }


def _record_outcomes(
    run: Run, step: Step, outcomes: Iterable[CallOutcome], *, at: datetime
) -> None:
    """Add the turn's tokens and cost to step and run, and show each call in the timeline; those
    of an attempt before were recorded when it failed, and asks when they were answered."""
    tokens = cost = 0
    for outcome in outcomes:
        if outcome.attempt < step.attempt or outcome.kind == "ask":
            continue
        tokens += outcome.tokens
        cost += outcome.cost_nanos or 0
        data = {
            **outcome.summary,
            "call_id": str(outcome.call_id),
            "kind": outcome.kind,
            "status": "FAILED" if outcome.failure else "SUCCESS",
            "tokens": outcome.tokens,
            "cost_usd": format_usd(outcome.cost_nanos),
            "duration_ms": outcome.duration_ms,
        }
        if outcome.failure:
            data["error"] = {"code": outcome.failure.code, "detail": outcome.failure.detail}
        record_event(run, "call.finished", at=at, step=step, data=clean_json(data))
    if tokens or cost:
        add_usage(run, step, tokens=tokens, cost_nanos=cost)
