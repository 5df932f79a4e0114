"""A person answers, or an event reaches, a step that waits for it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from agentplatform.core.errors import Conflict, InvalidInput, NotFound
from agentplatform.core.json_values import clean_json
from agentplatform.core.transactions import transaction
from apps.runs.contracts import RunFinished
from apps.runs.models import Run, Step
from apps.runs.selectors import spec_of
from apps.runs.services.advance_run import advance
from apps.runs.services.asks.answer_ask import answer_ask, open_question
from apps.runs.services.dispatch import QueuedStep
from apps.runs.services.engine.approval import end_approval
from apps.runs.services.engine.settle import succeed
from apps.runs.services.lock_run import lock_run, locked_steps
from apps.runs.services.transition import record_event, set_step
from apps.runs.spec.engine_steps import ApprovalStep, WaitStep
from apps.runs.spec.kinds import SpecStep
from apps.runs.states import RUN, STEP
from apps.tenants import facade as tenants

Told = dict[str, UUID]
"""What the audit says besides the step."""


def approve_step(
    *,
    run_id: UUID,
    name: str,
    option: str | None,
    comment: str,
    by: str,
    at: datetime,
    ask: UUID | None = None,
) -> list[QueuedStep]:
    """Approve the question of a step, with one of its options if it has any; `ask` names one of
    several that an agent or a crew asks. Returns the steps then due. Raises NotFound, RunFinished,
    Conflict for a step that is not asking, InvalidInput.

    Opens a transaction.
    """
    answer = {"option": option, "comment": comment, "by": by, "timed_out": False}

    def approve(run: Run, step: Step, node: SpecStep) -> Told:
        if not isinstance(node, ApprovalStep):
            question = open_question(run, name, ask)
            _check_option(question.wish["options"], option)
            answer_ask(run, question, {"decision": "approved", **answer}, at=at)
            return {"ask": question.id}
        _check_asking(step, ask)
        _check_option(node.options, option)
        end_approval(run, step, node, is_approved=True, answer=answer, at=at)
        return {}

    return _answer(run_id, name, "run.approved", approve, at=at)


def reject_step(
    *, run_id: UUID, name: str, comment: str, by: str, at: datetime, ask: UUID | None = None
) -> list[QueuedStep]:
    """Reject the question of a step. Takes, returns and raises as approve_step does."""
    answer = {"option": None, "comment": comment, "by": by, "timed_out": False}

    def reject(run: Run, step: Step, node: SpecStep) -> Told:
        if not isinstance(node, ApprovalStep):
            question = open_question(run, name, ask)
            answer_ask(run, question, {"decision": "rejected", **answer}, at=at)
            return {"ask": question.id}
        _check_asking(step, ask)
        end_approval(run, step, node, is_approved=False, answer=answer, at=at)
        return {}

    return _answer(run_id, name, "run.rejected", reject, at=at)


def signal_step(*, run_id: UUID, name: str, payload: Any, at: datetime) -> list[QueuedStep]:
    """Send a signal to a step that waits for one, or will: it is kept until then.

    Returns and raises as approve_step does; Conflict for a second signal. Opens a transaction.
    """

    def signal(run: Run, step: Step, node: SpecStep) -> Told:
        if not (isinstance(node, WaitStep) and node.signal):
            raise Conflict(f"The step `{name}` waits for no signal.")
        received = {"signal": clean_json(payload)}
        if step.status == "WAITING":
            succeed(run, step, {**received, "timed_out": False}, at=at)
        elif step.input is None:
            set_step(run, step, input=received)
            record_event(run, "step.signalled", at=at, step=step)
        else:
            raise Conflict(f"A signal for the step `{name}` has come before.")
        return {}

    return _answer(run_id, name, "run.signalled", signal, at=at)


def _answer(
    run_id: UUID,
    name: str,
    action: str,
    answer: Callable[[Run, Step, SpecStep], Told],
    *,
    at: datetime,
) -> list[QueuedStep]:
    with transaction():
        run = lock_run(run_id)
        step = locked_steps(run).get(name)
        if step is None:
            raise NotFound(f"The run has no step `{name}`.")
        if run.status in RUN.terminal:
            raise RunFinished(f"The run is {run.status}; its steps take no answer.")
        if step.status in STEP.terminal:
            raise Conflict(f"The step `{name}` is {step.status}; it takes no answer.")
        told = answer(run, step, spec_of(run).by_name[name])
        tenants.record_change(
            tenant_id=run.tenant_id,
            action=action,
            target=("run", run_id),
            at=at,
            after={"step": name, **told},
        )
        return advance(run, at=at)


def _check_asking(step: Step, ask: UUID | None) -> None:
    if step.status != "WAITING":
        raise Conflict(f"The step `{step.name}` is {step.status}; it has not asked yet.")
    if ask is not None:
        why = "The step asks one question: leave it out."
        raise InvalidInput("There is no such question.", errors={"ask": [why]})


def _check_option(options: Sequence[str], option: str | None) -> None:
    if options and option not in options:
        known = ", ".join(options)
        raise InvalidInput("Choose an option.", errors={"option": [f"One of {known}."]})
    if option is not None and not options:
        raise InvalidInput("There is nothing to choose.", errors={"option": ["Leave it out."]})
