"""Private addresses that the operator opens: which, under whose rules, and which never."""

from ipaddress import ip_network

import pytest
from pydantic import ValidationError

from agentplatform.settings.private_ranges import BadRange, PrivateRange, parse_ranges
from agentplatform.settings.tool_settings import ToolSettings
from apps.tools.egress.errors import EgressRefused
from apps.tools.egress.network import Network
from apps.tools.egress.rules import make_rule
from apps.tools.egress.session import Egress

RANGES = "10.4.0.7:8080, 10.8.0.0/24, fd12:3456::/48, [fd00::1]:9000"


def egress_to(*addresses, is_operators=True, methods=(), ranges=RANGES):
    rules = [make_rule(host="crm.test", port=port, is_operators=is_operators, methods=methods)
             for port in (None, 8080, 9000)]  # fmt: skip
    network = Network(resolver=lambda host, port: list(addresses))
    return Egress(rules=tuple(rules), network=network, private=parse_ranges(ranges))


def dialled(egress, port, *, method="GET", also_as=()):
    admitted = egress.admit(method=method, host="crm.test", port=port, also_as=also_as)
    return egress.addresses_of(admitted, port)


@pytest.mark.parametrize(
    ("address", "port"),
    [("10.4.0.7", 8080), ("10.8.0.9", 443), ("fd12:3456::1", 80), ("fd00::1", 9000)],
)
def test_an_opened_address_is_dialled_under_a_rule_of_the_operators(address, port):
    assert dialled(egress_to(address), port) == [address]
    assert dialled(egress_to("8.8.8.8", address), port) == ["8.8.8.8", address]


@pytest.mark.parametrize(
    ("address", "port"),
    [
        ("10.4.0.7", 443),
        ("10.4.0.8", 8080),
        ("10.8.0.9", 8080),
        ("10.8.1.0", 443),
        ("::ffff:10.8.0.9", 443),
        ("64:ff9b::10.8.0.9", 443),
        ("2002:a08:9::", 443),
        ("fd12:3456::1%eth0", 443),
        ("127.0.0.1", 443),
        ("169.254.169.254", 443),
        ("::1", 443),
        ("fe80::1", 443),
    ],
)
def test_no_other_address_is(address, port):
    for addresses in ([address], ["10.8.0.1", address]):
        with pytest.raises(EgressRefused, match="public addresses only"):
            dialled(egress_to(*addresses), port)


def test_a_rule_that_a_tenant_has_made_opens_no_private_address():
    with pytest.raises(EgressRefused, match="the platform's operator's to open"):
        dialled(egress_to("10.8.0.9", is_operators=False), 443)


def test_a_tenants_rule_adds_no_method_to_the_operators():
    given = egress_to("10.8.0.9", methods=["GET"])
    own = make_rule(host="crm.test")
    both = Egress(rules=(own, *given.rules), network=given.network, private=given.private)
    assert dialled(both, 443) == ["10.8.0.9"]
    for asked in ({"method": "DELETE"}, {"also_as": ["DELETE"]}):
        with pytest.raises(EgressRefused, match="public addresses only"):
            dialled(both, 443, **asked)


@pytest.mark.parametrize(
    "address", ["100.100.100.200", "fd00:ec2::254", "fd00:ec2::23", "fd00:c1::a9fe:a9fe"]
)
def test_an_address_of_metadata_is_refused_within_an_opened_range(address):
    egress = egress_to(address, ranges="100.64.0.0/10, fc00::/7")
    with pytest.raises(EgressRefused, match="public addresses only"):
        dialled(egress, 443)


def test_an_entry_names_a_range_and_a_port():
    assert parse_ranges(" 10.8.0.0/24 ,[fd00::1]:9000,") == (
        PrivateRange(network=ip_network("10.8.0.0/24")),
        PrivateRange(network=ip_network("fd00::1/128"), port=9000),
    )


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("127.0.0.1", "loopback, link-local and metadata addresses stay refused"),
        ("::1", "loopback"),
        ("169.254.169.254:80", "link-local"),
        ("fe80::/10", "link-local"),
        ("100.100.100.200", "metadata"),
        ("[fd00:ec2::254]:80", "metadata"),
        ("fd00:ec2::/48", "metadata"),
        ("0.0.0.0/0", "loopback"),
        ("::/0", "loopback"),
        ("8.8.8.8", "public ones need no entry"),
        ("::ffff:10.0.0.1", "is not of the form|not within"),
        ("10.8.0.1/24", "has host bits set"),
        ("10.8.0.0/33", "no range of addresses"),
        ("10.8.0.0/24:0", "no port of 1 to 65535"),
        ("crm.test", "is not of the form"),
        ("10.8.0.0-10.8.0.9", "is not of the form"),
    ],
)
def test_an_entry_that_opens_nothing_is_refused_in_words(entry, reason):
    with pytest.raises(BadRange, match=reason) as refusal:
        parse_ranges(f"10.8.0.0/24, {entry}")
    assert f"{entry!r}" in str(refusal.value)


def test_a_bad_entry_refuses_to_start_and_names_the_setting():
    with pytest.raises(ValidationError, match=r"egress_private_addresses(.|\n)*'127\.0\.0\.1'"):
        ToolSettings(egress_private_addresses="10.8.0.0/24, 127.0.0.1")
