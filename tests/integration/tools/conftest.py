"""A tenant, a folder for artifacts, and the tools as a worker calls them."""

import uuid
from contextlib import ExitStack
from dataclasses import replace

import pytest

from agentplatform.calls.contracts import CallPlan
from agentplatform.core.clock import now
from agentplatform.core.postgresql.batch import Batch
from agentplatform.core.transactions import transaction
from apps.tenants.models import Tenant
from apps.tools.contracts import ToolRequest
from apps.tools.facade import plan_tool_calls
from apps.tools.models import ToolCall
from apps.tools.runners.browser.show import run_browser
from apps.tools.runners.code import run_code
from apps.tools.runners.limits import Limits
from tests.installed_tool import install_tool as install_tool
from tests.integration.tools.works import make_work, no_input


@pytest.fixture(autouse=True)
def artifact_folder(tmp_path, settings):
    folder = tmp_path / "artifacts"
    settings.PLATFORM = settings.PLATFORM.model_copy(update={"artifact_folder": folder})
    return folder


@pytest.fixture
def keep():
    """`keep(ran)` is what ran; the files of it are closed when the test ends."""
    with ExitStack() as held:

        def keep(ran):
            for file in ran.files:
                held.callback(file.content.close)
            return ran

        yield keep


@pytest.fixture
def code(keep):
    """`code(program, timeout_seconds=5, **arguments)`: run a program, without any rows."""

    def run(
        program, *, timeout_seconds=5.0, open_input=no_input, stop=None, egress=None, **arguments
    ):
        work = make_work(
            {"program": program, **arguments},
            timeout_seconds=timeout_seconds,
            open_input=open_input,
            stop=stop,
            egress=egress,
        )
        return keep(run_code(work))

    return run


@pytest.fixture
def browse(keep):
    """`browse(timeout_seconds=30, **arguments)`: show a page, without any rows."""

    def run(*, timeout_seconds=30.0, open_input=no_input, stop=None, limits=None, **arguments):
        work = make_work(
            arguments, timeout_seconds=timeout_seconds, open_input=open_input, stop=stop
        )
        return keep(run_browser(replace(work, limits=limits) if limits else work))

    return run


@pytest.fixture
def make_limits():
    """`make_limits(artifact_bytes=9)`: the limits of a call, with these changes."""
    return Limits


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
