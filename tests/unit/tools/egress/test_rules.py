from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agentplatform.core.public_addresses import is_global
from agentplatform.settings.tool_settings import ToolSettings
from apps.tools.egress.errors import EgressRefused
from apps.tools.egress.rules import (
    BadRule,
    Rule,
    check_host,
    check_target,
    make_rule,
    parse_rules,
)

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
        "168.63.129.16",
        "::ffff:168.63.129.16",
    ],
)
def test_private_and_wrapped_addresses_are_not_global(address):
    assert not is_global(address)


@pytest.mark.parametrize(
    ("entry", "rule"),
    [
        ("API.example.org", Rule(host="api.example.org")),
        ("*.example.org:8443", Rule(host="*.example.org", port=8443)),
        (
            "get|HEAD api.example.org:80",
            Rule(host="api.example.org", port=80, methods=frozenset({"GET", "HEAD"})),
        ),
        ("PROPFIND files.example.org", Rule(host="files.example.org", methods={"PROPFIND"})),
        ("crm:8080", Rule(host="crm", port=8080)),
    ],
)
def test_an_entry_names_methods_host_and_port(entry, rule):
    assert parse_rules(entry) == (replace(rule, is_operators=True),)
    assert parse_rules(str(rule)) == parse_rules(entry)


@pytest.mark.parametrize(
    "entry",
    [
        "https://api.example.org",
        "api.example.org/path",
        "api.example.org:0",
        "api.example.org:99999",
        "*",
        "*.org",
        "*.*.example.org",
        "api.*.org",
        "127.0.0.1",
        "169.254.169.254",
        "[::1]",
        "GET,POST api.example.org",
        "GET| api.example.org",
        "GTE api.example.org",
        "CONNECT api.example.org",
        "аpi.example.org",
    ],
)
def test_an_entry_that_can_never_hold_is_named(entry):
    with pytest.raises(BadRule, match=r"host name|is an address|The entry '"):
        parse_rules(f"good.example.org, {entry}")


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("10.4.0.7", "is an address; give the host a name"),
        ("[fd00::1]", "is an address"),
        ("fd00::1", "is an address"),
        ("localhost", "own machine"),
        ("x.localhost", "own machine"),
        ("a b", "is no host name"),
    ],
)
def test_a_host_that_no_rule_can_name_is_told_why(host, reason):
    for is_operators in (False, True):
        with pytest.raises(BadRule, match=reason):
            make_rule(host=host, is_operators=is_operators)


def test_a_name_without_a_dot_is_the_operators_to_give():
    assert make_rule(host="crm", is_operators=True).names("crm")
    with pytest.raises(BadRule, match="'crm' is no host name"):
        make_rule(host="crm")


HOST = st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?(\.[a-z][a-z0-9]{0,5}){1,3}", fullmatch=True)


@given(HOST, st.integers(1, 65535), st.sampled_from(["GET", "POST", "CONNECT"]))
def test_only_what_some_rule_names_whole_passes(host, port, method):
    rules = parse_rules(f"GET {host}:{port}, *.{host}")
    if method == "GET":
        assert check_target(method="GET", host=host, port=port, rules=rules).host == host
    else:
        with pytest.raises(EgressRefused):
            check_target(method=method, host=host, port=port, rules=rules)
    below = check_target(method=method, host=f"a.{host}", port=443, rules=rules)
    assert below.host == f"a.{host}"
    for other in (f"x{host}", f"{host}.evil", f"{host}x"):
        with pytest.raises(EgressRefused):
            check_target(method="GET", host=other, port=port, rules=rules)


@given(st.ip_addresses(v=4))
def test_no_spelling_of_an_address_is_a_name(address):
    number = int(address)
    octets = str(address).split(".")
    spellings = [
        str(address),
        f"{address}.",
        str(number),
        hex(number),
        hex(number).upper(),
        oct(number).replace("0o", "0"),
        ".".join(hex(int(octet)) for octet in octets),
        ".".join(f"0{int(octet):o}" for octet in octets),
        f"{octets[0]}.{number & 0xFFFFFF}",
        f"{octets[0]}.{octets[1]}.{number & 0xFFFF}",
        f"0x{int(octets[0]):x}.{number & 0xFFFFFF}",
        f"[::ffff:{address}]",
        f"::ffff:{address}",
        f"[64:ff9b::{number:x}]",
        str(address).replace(".", "。"),
        "".join(chr(ord(one) + 0xFEE0) for one in str(address)),
    ]
    rules = parse_rules("*.example.org")
    for spelling in spellings:
        with pytest.raises(EgressRefused, match="no host name"):
            check_target(method="GET", host=spelling, port=80, rules=rules)


@given(st.text(max_size=60))
def test_any_text_is_checked_or_refused(host):
    with pytest.raises(EgressRefused):
        check_target(method="GET", host=host, port=80, rules=RULES)


@given(st.ip_addresses())
def test_an_address_is_global_however_it_is_wrapped(address):
    assert is_global(str(address)) <= address.is_global
    if address.version == 4:
        assert is_global(f"::ffff:{address}") == is_global(str(address))


def test_a_bad_allowlist_refuses_to_start_and_names_the_entry():
    with pytest.raises(ValidationError, match=r"egress_allowlist(.|\n)*'api\.example\.org/path'"):
        ToolSettings(egress_allowlist="good.example.org, api.example.org/path")
