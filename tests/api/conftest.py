"""What the tests of the API share."""

from typing import Any

import pytest


@pytest.fixture(autouse=True)
def way_to_mcp(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """Where an MCP server is asked, it can be reached."""
    if "mcp-servers" in request.node.name:
        from tests.mcp_server import open_the_way

        open_the_way(monkeypatch, settings)
