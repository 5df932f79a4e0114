"""An MCP server over TLS: the name is checked, the vetted address is dialled."""

import ssl

import pytest

from apps.tools.egress.network import Network
from apps.tools.egress.rules import Rule
from apps.tools.egress.session import Egress
from apps.tools.runners.mcp.target import Server, ServerTool
from apps.tools.runners.work import ToolFailure
from tests.integration.tools.egress.certificates import write_certificates
from tests.integration.tools.works import make_work
from tests.mcp_server import run_mcp_server


@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    """A server with a certificate for mcp.test, and what trusts its authority."""
    authority, key = write_certificates(tmp_path_factory.mktemp("tls"), ["mcp.test"])
    with run_mcp_server(ssl_certfile=str(key), ssl_keyfile=str(key)) as server:
        yield server, ssl.create_default_context(cafile=str(authority))


def call(secure, host, *, trusts=True):
    server, context = secure
    network = Network(
        resolver=lambda *_: ["127.0.0.1"],
        is_allowed=lambda _: True,
        **({"certificates": context} if trusts else {}),
    )
    egress = Egress(rules=(Rule(host=host, port=server.port),), network=network)
    at = Server(url=f"https://{host}:{server.port}/mcp")
    work = make_work({"a": 1, "b": 2}, timeout_seconds=10, egress=egress)
    return ServerTool(server=at, name="add", is_repeatable=True).run(work)


def test_a_server_with_a_certificate_of_its_name_is_called(secure):
    assert call(secure, "mcp.test").value == {"total": 3}


@pytest.mark.parametrize(("host", "trusts"), [("other.test", True), ("mcp.test", False)])
def test_a_certificate_of_another_name_or_of_nobody_is_refused(secure, host, trusts):
    with pytest.raises(ToolFailure) as failure:
        call(secure, host, trusts=trusts)
    assert failure.value.code == "unreachable"
    assert "certificate" in failure.value.detail.lower()
