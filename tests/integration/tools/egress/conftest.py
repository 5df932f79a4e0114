"""The way out of a sandbox to servers on this machine; only names and the rule for addresses are
replaced."""

import dataclasses
from bisect import insort

import pytest

from agentplatform.core.public_addresses import is_global
from apps.tools.egress.network import Network
from apps.tools.egress.rules import parse_rules
from apps.tools.egress.session import Egress, EgressLimits
from tests.integration.tools.egress.certificates import write_certificates
from tests.integration.tools.egress.hosts import serve

NAMES = ("tls.test", "other.test", "*.wild.test", "plain.test")
OPEN = """
import http.client, json, socket, ssl, sys, time, urllib.request
context = ssl.create_default_context(cafile="/box/inputs/authority.pem")
proxied = urllib.request.build_opener(
    urllib.request.ProxyHandler({name: "http://127.0.0.1:3128" for name in ("http", "https")}),
    urllib.request.HTTPSHandler(context=context),
)
def fetch(url, opener=proxied, **how):
    try:
        with opener.open(urllib.request.Request(url, **how), timeout=10) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        return f"{error.code} {error.reason} {error.headers['X-Egress-Refused']} {error.read()}"
    except OSError as error:
        return f"failed: {error}"
given = json.load(sys.stdin)
"""


@dataclasses.dataclass
class Internet:
    """Two servers, under every name; `authority` is the certificate to trust."""

    plain: object
    tls: object
    authority: str
    certificate: object

    @property
    def http(self):
        return f"http://plain.test:{self.plain.server_port}"

    @property
    def https(self):
        return f"https://tls.test:{self.tls.server_port}"


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    authority, certificate = write_certificates(tmp_path_factory.mktemp("tls"), NAMES)
    with serve() as plain, serve(certificate) as tls:
        yield Internet(plain, tls, str(authority), certificate)


@pytest.fixture
def internet(servers):
    servers.plain.seen.clear()
    servers.tls.seen.clear()
    return servers


def to_this_machine(host, port):
    """Every name is this machine, but for those that end badly."""
    answers = {
        "private.test": ["8.8.8.8", "10.0.0.1"],
        "metadata.test": ["169.254.169.254"],
        "mapped.test": ["::ffff:169.254.169.254"],
        "empty.test": [],
    }
    return answers.get(host, ["127.0.0.1"])


def may_be_dialled(address):
    return address == "127.0.0.1" or is_global(address)


@pytest.fixture
def rows():
    """Every request that was recorded, in the order in which they began."""
    return []


@pytest.fixture
def make_egress(internet, rows):
    """`make_egress(allowlist)`: `PLAIN` and `TLS` in it are the ports of the servers."""

    def make(allowlist, *, resolver=to_this_machine, **limits):
        ports = {"PLAIN": internet.plain.server_port, "TLS": internet.tls.server_port}
        for name, port in ports.items():
            allowlist = allowlist.replace(name, str(port))
        return Egress(
            rules=parse_rules(allowlist),
            network=Network(resolver=resolver, is_allowed=may_be_dialled),
            limits=EgressLimits(**limits),
            record=lambda row: insort(rows, row, key=lambda one: one.at),
        )

    return make


@pytest.fixture
def program(code, internet, make_egress):
    """`program(source, input, allow=...)`: the JSON in the last line of a program that has a way
    out and the functions of OPEN."""

    def run(source, given=None, *, allow="plain.test:PLAIN, tls.test:TLS", egress=None, **how):
        ran = code(
            OPEN + source,
            input=given,
            network=True,
            egress=egress or make_egress(allow),
            files={"authority.pem": "00000000-0000-0000-0000-000000000000"},
            open_input=lambda _: open(internet.authority, "rb"),  # noqa: PTH123, SIM115
            timeout_seconds=20,
            **how,
        )
        assert ran.status == "ok", ran.stderr
        return ran.value

    return run
