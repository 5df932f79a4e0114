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
