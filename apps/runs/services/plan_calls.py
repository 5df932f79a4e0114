"""Write down the calls that a turn wants."""

from collections.abc import Callable, Sequence
from datetime import datetime

from agentplatform.calls.contracts import CallPlan
from agentplatform.core.postgresql.batch import Batch
from apps.gateway import facade as gateway
from apps.gateway.contracts import CompletionRequest
from apps.runs.models import Run, Step
from apps.runs.services.dispatch import PlannedCall
from apps.runs.services.places.caps import are_calls_capped
from apps.runs.services.turns.turn import CallRequest
from apps.tools import facade as tools
from apps.tools.contracts import ToolRequest


def plan_calls(
    batch: Batch, run: Run, step: Step, calls: Sequence[tuple[int, CallRequest]], *, at: datetime
) -> Callable[[], list[PlannedCall]]:
    """Have `batch` write the calls, each given with its index. Returns what tells, once that is
    done, those that are to be made. The same calls of the same turn are found again."""
    planned = [(_plan(run, step, index), call) for index, call in calls]
    completions = [(plan, call) for plan, call in planned if isinstance(call, CompletionRequest)]
    others = [(plan, call) for plan, call in planned if isinstance(call, ToolRequest)]
    models = gateway.plan_completions(batch, wanted=completions, at=at)
    tool_calls = tools.plan_tool_calls(batch, wanted=others, at=at)
    return lambda: [
        *(PlannedCall(kind="llm", call_id=call_id) for call_id in models()),
        *(PlannedCall(kind="tool", call_id=call_id) for call_id in tool_calls()),
    ]


def _plan(run: Run, step: Step, index: int) -> CallPlan:
    return CallPlan(
        tenant_id=step.tenant_id,
        run_id=step.run_id,
        step_id=step.id,
        attempt=step.attempt,
        turn=step.turn,
        index=index,
        priority=run.priority,
        is_held=are_calls_capped(run),
    )
