"""Both kinds of calls, planned without what their apps do with them."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from agentplatform.calls.contracts import CallPlan
from agentplatform.calls.plan import plan_rows
from agentplatform.calls.row import CallRow
from agentplatform.core.clock import now
from agentplatform.core.postgresql.batch import Batch
from agentplatform.core.transactions import transaction
from apps.gateway.models import LlmCall
from apps.tenants.models import Tenant
from apps.tools.models import ToolCall

ASKED = {
    LlmCall: {"request": {}},
    ToolCall: {"tool": "code", "arguments": {}, "timeout_seconds": 1.0},
}


@pytest.fixture(params=ASKED, ids=lambda model: model.kind)
def model(request: pytest.FixtureRequest, db: None) -> type[CallRow]:
    return request.param


@pytest.fixture
def plan(model: type[CallRow]) -> Callable[..., CallRow]:
    """`plan(at=..., index=...)`: the row of a planned call of a new run, unless told which."""
    tenant = Tenant.objects.create(name="Acme", slug=f"acme-{uuid4().hex[:8]}")

    def planned(*, at=None, **place) -> CallRow:
        place = {"run_id": uuid4(), "step_id": uuid4(), "attempt": 1, "turn": 1} | place
        wanted = CallPlan(**{"tenant_id": tenant.id, "index": 0} | place)
        batch = Batch()
        planned = plan_rows(batch, model, wanted=[(wanted, ASKED[model])], at=at or now())
        with transaction():
            batch.execute()
            (call_id,) = planned()
        return model.objects.get(id=call_id)

    return planned
