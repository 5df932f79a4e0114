"""Write down that models are to be called."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from agentplatform.calls.contracts import CallPlan
from agentplatform.calls.plan import plan_rows
from agentplatform.core.json_values import clean_json
from agentplatform.core.postgresql.batch import Batch
from apps.gateway.contracts import CompletionRequest
from apps.gateway.models import LlmCall


def plan_completions(
    batch: Batch, *, wanted: Sequence[tuple[CallPlan, CompletionRequest]], at: datetime
) -> Callable[[], list[UUID]]:
    """Have `batch` write the planned calls. Returns what tells their ids in the same order, once
    that is done. The same plan finds the same call. Only what is not the default is written: a
    worker of the release before may not know it."""
    asked = [
        (plan, {"request": clean_json(request.model_dump(mode="json", exclude_defaults=True))})
        for plan, request in wanted
    ]
    return plan_rows(batch, LlmCall, wanted=asked, at=at)
