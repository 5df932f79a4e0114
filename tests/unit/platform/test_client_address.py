"""Whom X-Forwarded-For is believed about."""

import pytest
from django.conf import settings
from django.test import RequestFactory, override_settings

from agentplatform.api.address import client_address, client_site


def request(remote="10.0.0.1", forwarded=None):
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return RequestFactory().get("/", headers=headers, REMOTE_ADDR=remote)


def behind(proxies):
    platform = settings.PLATFORM.model_copy(update={"trusted_proxies": proxies})
    return override_settings(PLATFORM=platform)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, None, "10.0.0.1"),
        (0, "6.6.6.6", "10.0.0.1"),
        (1, None, "10.0.0.1"),
        (1, "1.1.1.1", "1.1.1.1"),
        (1, "6.6.6.6, 1.1.1.1", "1.1.1.1"),
        (2, "6.6.6.6, 1.1.1.1, 10.0.0.2", "1.1.1.1"),
        (2, "1.1.1.1", "1.1.1.1"),
        (1, "6.6.6.6, 1.1.1.1:5023", "1.1.1.1"),
        (1, "6.6.6.6, [2001:db8::1]:443", "2001:db8::1"),
        (1, "6.6.6.6, 2001:DB8:0::1", "2001:db8::1"),
        (1, "6.6.6.6, ::ffff:1.1.1.1", "1.1.1.1"),
        (1, " , ,1.1.1.1", "1.1.1.1"),
        (1, "6.6.6.6, unknown", ""),
        (1, "6.6.6.6, ' OR 1=1", ""),
    ],
)
def test_only_what_trusted_proxies_wrote_is_believed(proxies, forwarded, address):
    with behind(proxies):
        assert client_address(request(forwarded=forwarded)) == address


def test_a_unix_socket_has_no_address():
    assert client_address(request(remote="")) == ""


@pytest.mark.parametrize(
    ("remote", "site"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", ""),
    ],
)
def test_a_network_that_one_client_holds_counts_as_one(remote, site):
    assert client_site(request(remote=remote)) == site
