"""The tools of a tenant over HTTP."""

from tests.api.tools.test_artifacts_api import client_of


def test_a_viewer_sees_every_tool_with_its_schemas(db):
    tools = {tool["name"]: tool for tool in client_of("viewer").get("/api/v1/tools").json()}
    assert {"code", "browser", "http"} <= tools.keys()
    assert tools["code"]["source"] == "built-in"
    assert tools["code"]["parameters"]["required"] == ["program"]
    assert tools["code"]["result"] is None
