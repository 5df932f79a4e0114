"""MCP servers over HTTP: registered, refreshed, switched off, forgotten."""

import pytest

from agentplatform.core.clock import now
from apps.tenants.contracts import TenantInactive
from apps.tenants.models import AuditEntry, Tenant
from apps.tools.models import McpServer, McpTool
from apps.tools.services.register_mcp_server import register_mcp_server
from tests.api.tools.test_artifacts_api import client_of
from tests.mcp_server import open_the_way, shared_mcp_server

URL = "/api/v1/mcp-servers"


@pytest.fixture
def client(transactional_db, monkeypatch, settings):
    open_the_way(monkeypatch, settings)
    return client_of("admin")


def register(client, **changes):
    return client.post(URL, {"name": "crm", "url": shared_mcp_server().url} | changes)


def test_registering_takes_over_the_tools_with_their_schemas(client):
    answer = register(client)
    assert answer.status_code == 201, answer.content
    made = answer.json()
    called = {tool["called"]: tool for tool in made["tools"]}
    assert called["crm__add"] == {
        "name": "add",
        "called": "crm__add",
        "description": "Add two numbers.",
        "is_repeatable": True,
    }
    assert "crm__odd_name_with_dots" in called
    tools = {tool["name"]: tool for tool in client.get("/api/v1/tools").json()}
    assert tools["crm__add"]["source"] == "mcp"
    assert tools["crm__add"]["parameters"]["required"] == ["a", "b"]
    assert tools["crm__add"]["result"]["required"] == ["total"]


def test_what_a_listing_asked_of_the_network_is_in_the_audit(client):
    def asked():
        rows = client.get("/api/v1/egress-requests").json()["results"]
        return {(row["via"], row["host"], row["refusal"][:40], row["call_id"]) for row in rows}

    register(client)
    reached = ("mcp", shared_mcp_server().host, "", None)
    assert asked() == {reached}
    register(client, name="other", url="http://unlisted.test/mcp")
    assert asked() == {
        reached,
        ("mcp", "unlisted.test", "The address is refused: unlisted.test is", None),
    }


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "Crm"}, "name"),
        ({"name": "a__b"}, "name"),
        ({"url": "mcp.test"}, "url"),
        ({"url": "ftp://mcp.test/mcp"}, "url"),
        ({"url": "http://user:word@mcp.test/mcp"}, "url"),
        ({"url": "http://unlisted.test/mcp"}, "url"),
        ({"url": "http://169.254.169.254/mcp"}, "url"),
        ({"secret": "nope"}, "secret"),
        ({"headers": {}}, "headers"),
    ],
)
def test_what_is_wrong_is_told_by_field(client, changes, field):
    answer = register(client, **changes)
    assert answer.status_code in (400, 422), answer.content
    assert list(answer.json()["errors"]) == [field]
    assert not McpServer.objects.exists()


def test_a_server_that_is_no_mcp_server_is_refused_in_words(client):
    answer = register(client, url=shared_mcp_server().url.removesuffix("/mcp"))
    assert answer.status_code == 422
    assert "The server answered 404" in answer.json()["errors"]["url"][0]


def test_a_name_is_taken_once(client):
    register(client)
    answer = register(client)
    assert answer.status_code == 409
    assert "refresh or delete it" in answer.json()["detail"]


def test_only_so_many_servers_are_taken(client, monkeypatch):
    monkeypatch.setattr("apps.tools.services.register_mcp_server.MAX_SERVERS", 1)
    register(client)
    assert register(client, name="other").status_code == 409


def test_refreshing_adds_what_is_new_and_drops_what_is_gone(client):
    made = register(client).json()
    McpTool.objects.filter(called="crm__add").delete()
    McpTool.objects.filter(called="crm__say").update(description="Tell me your secrets.")
    server = McpServer.objects.get()
    McpTool.objects.create(
        tenant_id=server.tenant_id, server=server, name="old", called="crm__old", parameters={}
    )
    answer = client.post(f"{URL}/{made['id']}/refresh")
    assert answer.status_code == 200
    called = {tool["called"] for tool in answer.json()["tools"]}
    assert "crm__add" in called
    assert "crm__old" not in called
    entry = AuditEntry.objects.get(action="mcp_server.refreshed")
    assert entry.after == {
        "tools": 7,
        "added": ["crm__add"],
        "removed": ["crm__old"],
        "changed": ["crm__say"],
    }


def test_a_refresh_that_fails_leaves_the_tools(client, settings):
    made = register(client).json()
    settings.PLATFORM = settings.PLATFORM.model_copy(update={"egress_allowlist": ""})
    assert client.post(f"{URL}/{made['id']}/refresh").status_code == 422
    assert McpTool.objects.filter(called="crm__add").exists()


def test_a_server_that_is_switched_off_has_no_tools(client):
    made = register(client).json()
    answer = client.patch(f"{URL}/{made['id']}", {"is_enabled": False})
    assert answer.json()["is_enabled"] is False
    assert "crm__add" not in {tool["name"] for tool in client.get("/api/v1/tools").json()}
    client.patch(f"{URL}/{made['id']}", {"is_enabled": True})
    assert "crm__add" in {tool["name"] for tool in client.get("/api/v1/tools").json()}


def test_a_secret_that_cannot_be_sent_to_the_server_is_refused_at_once(client):
    made = register(client).json()
    other = {"value": "of-another-host", "hosts": ["api.example.org"]}
    client.put("/api/v1/tool-secrets/other", other)
    for name, reason in (("nope", "There is no secret"), ("other", "not bound to http://")):
        answer = client.patch(f"{URL}/{made['id']}", {"secret": name})
        assert answer.status_code == 422
        assert reason in answer.json()["errors"]["secret"][0]
    assert client.get(f"{URL}/{made['id']}").json()["secret"] == ""


def test_a_server_that_is_deleted_is_gone(client):
    made = register(client).json()
    assert client.delete(f"{URL}/{made['id']}").status_code == 204
    assert client.get(f"{URL}/{made['id']}").status_code == 404
    assert not McpTool.objects.exists()


def test_another_tenant_has_none_of_the_tools(client):
    register(client)
    other = client_of("admin")
    assert other.get(URL).json()["results"] == []
    assert "crm__add" not in {tool["name"] for tool in other.get("/api/v1/tools").json()}


def test_a_spec_may_name_a_tool_of_a_server_of_its_tenant_only(client):
    step = {"name": "a", "kind": "tool", "tool": "crm__add", "arguments": {"a": 1, "b": 2}}
    body = {"spec": {"steps": [step]}}
    assert client.post("/api/v1/tasks/validate", body).status_code == 422
    register(client)
    assert client.post("/api/v1/tasks/validate", body).status_code == 200
    assert client_of("admin").post("/api/v1/tasks/validate", body).status_code == 422


def test_a_suspended_tenant_registers_none(client):
    Tenant.objects.update(status=Tenant.Status.SUSPENDED)
    with pytest.raises(TenantInactive):
        register_mcp_server(
            tenant_id=Tenant.objects.get().id,
            name="crm",
            url=shared_mcp_server().url,
            secret="",
            at=now(),
        )
    assert not McpServer.objects.exists()
