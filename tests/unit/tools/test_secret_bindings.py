"""Where a secret may be sent, and how it is written into a request."""

from urllib.parse import urlsplit

import pytest

from apps.tools.runners.secret import Binding, Secret


def secret(*hosts, **changes):
    fields = {"name": "api", "value": "s3cr3t-value", "sent_as": "bearer", **changes}
    return Secret(bindings=tuple(Binding.parse(host) for host in hosts), **fields)


@pytest.mark.parametrize(
    ("host", "url", "expected"),
    [
        ("api.example.org", "https://api.example.org/x", True),
        ("api.example.org", "https://API.example.org./x", True),
        ("api.example.org", "https://api.example.org:443/x", True),
        ("api.example.org", "https://api.example.org:8443/x", False),
        ("api.example.org", "http://api.example.org/x", False),
        ("api.example.org", "http://api.example.org:443/x", False),
        ("api.example.org", "https://example.org/", False),
        ("api.example.org", "https://api.example.org.evil.example/", False),
        ("api.example.org", "https://evil.example/?api.example.org", False),
        ("API.example.org:8443", "https://api.example.org:8443/x", True),
        ("*.example.org", "https://a.b.example.org/", True),
        ("*.example.org", "https://example.org/", False),
        ("*.example.org", "https://evilexample.org/", False),
        ("http://api.example.org", "http://api.example.org/", True),
        ("http://api.example.org", "https://api.example.org/", False),
        ("http://mcp:8080", "http://mcp:8080/mcp", True),
        ("mcp", "https://mcp.evil.example/", False),
    ],
)
def test_a_secret_is_for_the_places_it_is_bound_to(host, url, expected):
    assert secret(host).is_for(urlsplit(url)) is expected


@pytest.mark.parametrize(
    "host",
    [
        "", "*", "*.org", "10.0.0.1", "[::1]", "0x7f.1", "a..b", "a.b:0", "a.b:99999",
        "ftp://a.b", "https://a.b/path", "a.b.", "user@a.b", "a b.c", "x.*.org", "a.b,c.d", "é.org",
    ],
)  # fmt: skip
def test_what_is_no_host_is_no_binding(host):
    with pytest.raises(ValueError, match="is no host"):
        Binding.parse(host)


@pytest.mark.parametrize(
    ("changes", "query", "headers"),
    [
        ({}, "a=1", {"authorization": "Bearer s3cr3t-value"}),
        (
            {"sent_as": "basic", "parameter": "ann"},
            "a=1",
            {"authorization": "Basic YW5uOnMzY3IzdC12YWx1ZQ=="},
        ),
        ({"sent_as": "header", "parameter": "X-Api-Key"}, "a=1", {"x-api-key": "s3cr3t-value"}),
        ({"sent_as": "query", "parameter": "k&", "value": "a/b &c=d+"},
         "a=1&k%26=a%2Fb%20%26c%3Dd%2B", {}),
    ],
)  # fmt: skip
def test_a_secret_is_written_into_the_request(changes, query, headers):
    url, signed = secret("a.test", **changes).sign(urlsplit("https://a.test/?a=1"), {"b": "2"})
    assert (url.query, signed) == (query, {"b": "2", **headers})


def test_a_secret_does_not_show_its_value():
    assert "s3cr3t" not in repr(secret("a.test"))
