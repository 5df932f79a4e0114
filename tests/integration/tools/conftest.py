"""A tenant, a folder for artifacts, and the tools as a worker calls them."""

import threading
import uuid

import pytest

from agentplatform.calls.contracts import CallPlan
from agentplatform.core.clock import now
from agentplatform.core.errors import NotFound
from agentplatform.core.postgresql.batch import Batch
from agentplatform.core.transactions import transaction
from apps.tenants.models import Tenant
from apps.tools.contracts import ToolRequest
from apps.tools.facade import plan_tool_calls
from apps.tools.models import ToolCall
from apps.tools.runners.browser.show import run_browser
from apps.tools.runners.code import run_code
from apps.tools.runners.work import Work


@pytest.fixture(autouse=True)
def artifact_folder(tmp_path, settings):
    folder = tmp_path / "artifacts"
    settings.PLATFORM = settings.PLATFORM.model_copy(update={"artifact_folder": folder})
    return folder


def no_input(artifact_id):
    raise NotFound(f"There is no artifact {artifact_id}.")


@pytest.fixture
def code():
    """`code(program, timeout_seconds=5, **arguments)`: run a program, without any rows."""

    def run(program, *, timeout_seconds=5.0, open_input=no_input, stop=None, **arguments):
        return run_code(
            Work(
                arguments={"program": program, **arguments},
                timeout_seconds=timeout_seconds,
                open_input=open_input,
                stop=stop or threading.Event(),
            )
        )

    return run


@pytest.fixture
def browse():
    """`browse(timeout_seconds=30, **arguments)`: show a page, without any rows."""

    def run(*, timeout_seconds=30.0, stop=None, **arguments):
        return run_browser(
            Work(
                arguments=arguments,
                timeout_seconds=timeout_seconds,
                open_input=no_input,
                stop=stop or threading.Event(),
            )
        )

    return run


def make_tenant():
    slug = f"t-{uuid.uuid4().hex[:12]}"
    return Tenant.objects.create(name=slug, slug=slug)


@pytest.fixture
def tenant(transactional_db):
    return make_tenant()


@pytest.fixture
def other_tenant(transactional_db):
    return make_tenant()


@pytest.fixture
def make_plan(tenant):
    def make(**changes):
        place = {"run_id": uuid.uuid4(), "step_id": uuid.uuid4(), "attempt": 1, "turn": 1}
        return CallPlan(**{"tenant_id": tenant.id, **place, "index": 0, **changes})

    return make


@pytest.fixture
def plan_call(make_plan):
    """`plan_call("code", {...})`: the row of a planned call."""

    def plan(tool="code", arguments=None, at=None, timeout_seconds=20.0, **changes):
        request = ToolRequest(
            tool=tool,
            arguments={"program": "print(1)"} if arguments is None else arguments,
            timeout_seconds=timeout_seconds,
        )
        wanted = make_plan(**changes)
        batch = Batch()
        plan_tool_calls(batch, wanted=[(wanted, request)], at=at or now())
        with transaction():
            batch.execute()
        return ToolCall.objects.get(idempotency_key=wanted.idempotency_key)

    return plan
