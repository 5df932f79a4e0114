"""A call of the http tool as a worker makes it, with a secret of its tenant."""

import json
from functools import partial

import pytest
from structlog.testing import capture_logs

from agentplatform.core.clock import now
from apps.tools.egress.network import Network
from apps.tools.egress.session import Egress
from apps.tools.services import find_way_out
from apps.tools.services.execute_call import execute_call
from apps.tools.services.set_tool_secret import set_tool_secret
from tests.integration.tools.http.conftest import VALUE


@pytest.fixture
def execute(plan_call, server, settings, monkeypatch):
    """`execute("/echo", ...)`: the row of a call that a worker has made."""
    network = Network(resolver=lambda host, port: ["127.0.0.1"], is_allowed=lambda _: True)
    monkeypatch.setattr(find_way_out, "Egress", partial(Egress, network=network))
    address = f"api.test:{server.server_port}"
    settings.PLATFORM = settings.PLATFORM.model_copy(update={"egress_allowlist": address})

    def run(path, **arguments):
        call = plan_call("http", {"url": f"http://{address}{path}", **arguments})
        execute_call(call_id=call.id, clock=now)
        call.refresh_from_db()
        return call

    return run


def keep(tenant, server, **changes):
    fields = {"name": "crm", "value": VALUE, "hosts": [f"http://api.test:{server.server_port}"]}
    set_tool_secret(tenant_id=tenant.id, at=now(), **{**fields, **changes})


def test_a_secret_is_sent_and_stands_in_no_row_and_no_log(execute, tenant, server):
    keep(tenant, server)
    with capture_logs() as lines:
        call = execute("/echo", auth={"secret": "crm"})
    assert server.seen[0].headers["Authorization"] == f"Bearer {VALUE}"
    assert call.status == "SUCCESS"
    assert call.response["value"]["body"]["headers"]["authorization"] == "Bearer [masked]"
    kept = json.dumps([call.arguments, call.response, call.error, lines], default=str)
    assert VALUE not in kept


def test_a_rotated_value_is_used_by_the_next_call(execute, tenant, server):
    keep(tenant, server)
    execute("/echo", auth={"secret": "crm"})
    keep(tenant, server, value="another-value")
    execute("/echo", auth={"secret": "crm"})
    sent = [request.headers["Authorization"] for request in server.seen]
    assert sent == [f"Bearer {VALUE}", "Bearer another-value"]


def test_former_names_of_arguments_are_understood(execute):
    call = execute("/slow", timeout=0.3, connect_timeout=5)
    assert (call.status, call.response["status"]) == ("FAILED", "timeout")
    assert call.arguments["timeout_seconds"] == 0.3
    assert call.arguments["connect_timeout_seconds"] == 5


def test_a_secret_of_another_tenant_is_none(execute, other_tenant, server):
    keep(other_tenant, server)
    call = execute("/echo", auth={"secret": "crm"})
    assert (call.status, call.error["code"]) == ("FAILED", "invalid_arguments")
    assert call.error["detail"].startswith("arguments.auth.secret: There is no secret 'crm'")
    assert server.seen == []
