"""The http tool against real servers; only names and the rule for addresses are replaced."""

import ssl
from dataclasses import replace
from types import MappingProxyType

import pytest

from apps.tools.egress.network import Network
from apps.tools.egress.rules import parse_rules
from apps.tools.egress.session import Egress
from apps.tools.runners.http.tool import HTTP, run_http
from apps.tools.runners.registry import check_arguments
from apps.tools.runners.secret import Binding, Secret
from tests.integration.tools.egress.certificates import write_certificates
from tests.integration.tools.egress.hosts import serve
from tests.integration.tools.http.hosts import Handler
from tests.integration.tools.works import make_work, no_input, no_secret

VALUE = "s3cr3t/value+of=ours"


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    authority, certificate = write_certificates(tmp_path_factory.mktemp("tls"), ["api.test"])
    with serve(handler=Handler) as plain, serve(certificate, handler=Handler) as tls:
        plain.counts, tls.counts = {}, {}
        plain.tls_port = tls.server_port
        plain.authority = ssl.create_default_context(cafile=str(authority))
        yield plain


@pytest.fixture
def server(servers):
    servers.seen.clear()
    servers.counts.clear()
    return servers


@pytest.fixture
def rows():
    """Every request that was recorded."""
    return []


@pytest.fixture
def call(server, rows, keep):
    """`call("/echo", **arguments)`: what the tool says of a request to http://api.test and this
    path, or to another address that may name PORT and TLS."""

    def run(url, *, network=None, allow=None, seconds=10.0, stop=None, open_input=no_input,
            secret=None, limits=MappingProxyType({}), private=(), **arguments):  # fmt: skip
        port, tls = server.server_port, server.tls_port
        url = f"http://api.test:PORT{url}" if url.startswith("/") else url
        arguments |= {"url": url.replace("PORT", str(port)).replace("TLS", str(tls))}
        allow = allow or f"api.test:{port}, other.test:{port}, api.test:{tls}, api.test, other.test"
        egress = Egress(
            rules=parse_rules(allow),
            private=tuple(private),
            network=network or Network(
                resolver=lambda host, port: ["127.0.0.1"],
                is_allowed=lambda address: True,
                certificates=server.authority,
            ),
            record=rows.append,
        )  # fmt: skip
        if secret is not None:
            arguments["auth"] = {"secret": secret.name}
        work = make_work(
            arguments,
            timeout_seconds=seconds,
            egress=egress,
            stop=stop,
            open_input=open_input,
            find_secret=no_secret if secret is None else lambda name: secret,
        )
        check_arguments(HTTP, arguments)
        work = replace(work, limits=replace(work.limits, **limits))
        return keep(run_http(work))

    return run


@pytest.fixture
def make_secret(server):
    """`make_secret("http://api.test:PORT", sent_as=...)`: a secret of that name for this host."""

    def make(*hosts, **changes):
        fields = {"name": "crm", "value": VALUE, "sent_as": "header", "parameter": "X-Key"}
        hosts = hosts or ("http://api.test:PORT",)
        places = [
            host.replace("PORT", str(server.server_port)).replace("TLS", str(server.tls_port))
            for host in hosts
        ]
        return Secret(bindings=tuple(map(Binding.parse, places)), **(fields | changes))

    return make
