"""A real MCP server, and a way out on which its name leads to this machine."""

import pytest

from apps.tools.egress.network import Network
from apps.tools.egress.rules import Rule
from apps.tools.egress.session import Egress
from tests.mcp_server import open_the_way, shared_mcp_server

HOST = "mcp.test"


def resolve(host, port):
    if host == "metadata.test":
        return ["169.254.169.254"]
    return ["127.0.0.1"]


@pytest.fixture
def server():
    server = shared_mcp_server()
    server.calls.clear()
    server.headers.clear()
    return server


@pytest.fixture
def way(monkeypatch, settings):
    """Services reach the server too."""
    open_the_way(monkeypatch, settings)


@pytest.fixture
def requests():
    """What was told of each request that left, or did not."""
    return []


@pytest.fixture
def make_egress(requests):
    """`make_egress(port)`: the server's host and port are open; so are other.test and
    metadata.test."""

    def make(port):
        hosts = (HOST, "other.test", "metadata.test")
        rules = tuple(Rule(host=host, port=port) for host in hosts)
        network = Network(resolver=resolve, is_allowed=lambda address: address == "127.0.0.1")
        return Egress(rules=rules, network=network, record=requests.append)

    return make
