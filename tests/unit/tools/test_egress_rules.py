import pytest

from agentplatform.core.public_addresses import is_global
from apps.tools.egress.errors import EgressRefused
from apps.tools.egress.rules import check_host, parse_rules

RULES = parse_rules("api.example.org, *.example.com")


@pytest.mark.parametrize(
    "host",
    ["api.example.org", "API.Example.ORG", "api.example.org.", "a.example.com", "a.b.example.com"],
)
def test_a_listed_host_passes(host):
    assert check_host(host, RULES) == host.lower().rstrip(".")


@pytest.mark.parametrize(
    "host",
    [
        "example.org",
        "example.com",
        "evilexample.com",
        "api.example.org.evil.net",
        "localhost",
        "127.0.0.1",
        "0x7f000001",
        "0x7f.1",
        "2130706433",
        "017700000001",
        "127.1",
        "::1",
        "",
        "api.example.org@evil.net",
        "api.example.org\r\nx",
        "аpi.example.org",
        "api..example.org",
        "*.example.com",
    ],
)
def test_any_other_host_is_refused(host):
    with pytest.raises(EgressRefused):
        check_host(host, RULES)


def test_an_empty_allowlist_refuses_everything():
    with pytest.raises(EgressRefused, match="not on the allowlist"):
        check_host("example.org", parse_rules(""))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_are_global(address):
    assert is_global(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "172.16.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:db8::1",
    ],
)
def test_private_and_wrapped_addresses_are_not_global(address):
    assert not is_global(address)
