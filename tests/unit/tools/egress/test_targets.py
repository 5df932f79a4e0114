import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.tools.egress.errors import EgressRefused
from apps.tools.egress.pace import Pace
from apps.tools.egress.targets import (
    BadTarget,
    Target,
    direct_target,
    proxied_target,
    tunnel_target,
)


@pytest.mark.parametrize(
    ("target", "read"),
    [
        ("http://a.test/x?y=1", Target(host="a.test", port=80, path="/x?y=1")),
        ("HTTP://a.test:8080", Target(host="a.test", port=8080, path="/")),
        ("http://a.test?y", Target(host="a.test", port=80, path="/?y")),
        ("http://a.test/x@y:z", Target(host="a.test", port=80, path="/x@y:z")),
        ("http://[::1]:80/", Target(host="[::1]", port=80, path="/")),
    ],
)
def test_a_whole_address_is_read(target, read):
    assert proxied_target(target) == read


@pytest.mark.parametrize(
    "target",
    [
        "/x",
        "https://a.test/",
        "ftp://a.test/",
        "a.test:80",
        "http:/a.test/",
        "http://a.test:0/",
        "http://a.test:65536/",
        "http://a.test#x/",
    ],
)
def test_what_is_no_address_of_http_is_not_served(target):
    with pytest.raises(BadTarget):
        proxied_target(target)


@pytest.mark.parametrize(
    "target",
    [
        "http://a.test@evil.test/",
        "http://a.test:80@evil.test/",
        "http://a:b@a.test/",
        "http://a.test:80:80/",
        "http://a.test:80x/",
        "http://a.test:-80/",
        "http://[::1/",
        "http://[::1]x/",
    ],
)
def test_an_ambiguous_authority_is_refused(target):
    with pytest.raises(EgressRefused):
        proxied_target(target)


def test_a_tunnel_needs_a_port():
    assert tunnel_target("a.test:443") == Target(host="a.test", port=443)
    with pytest.raises(BadTarget):
        tunnel_target("a.test")


def test_a_direct_request_goes_where_its_host_header_says():
    assert direct_target("/x", "a.test:81") == Target(host="a.test", port=81, path="/x")
    assert direct_target("http://b.test/x", "a.test").host == "b.test"


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=80))
def test_whatever_is_sent_the_host_that_is_checked_is_the_one_that_is_asked(sent):
    for read in (proxied_target, tunnel_target, lambda text: direct_target("/", text)):
        for text in (sent, f"http://{sent}"):
            try:
                target = read(text)
            except EgressRefused:
                continue
            assert not set(target.host) & set("@/?#")
            assert ":" not in target.host or target.host.startswith("[")
            assert 0 < target.port < 65536


@given(st.lists(st.floats(0, 30), max_size=300), st.integers(1, 60))
def test_a_pace_lets_no_more_through_than_it_may(gaps, most):
    pace, at, taken = Pace(most), 0.0, []
    for gap in gaps:
        at += gap
        if pace.take(at):
            taken.append(at)
    for start in taken:
        within = [one for one in taken if start <= one <= start + 60]
        assert len(within) <= 2 * most


def test_a_pace_refills_evenly():
    pace = Pace(60)
    assert [pace.take(0.0) for _ in range(61)] == [True] * 60 + [False]
    assert not pace.take(0.5)
    assert pace.take(1.1)
