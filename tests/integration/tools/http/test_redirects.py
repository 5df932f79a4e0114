"""Where the http tool lets a server lead it."""

import pytest

from apps.tools.runners.work import ToolFailure

AWAY = "http://other.test:PORT/echo"


def lead(url, code=302):
    return f"/to?code={code}&url={url}"


def test_redirects_are_followed_up_to_five(call, server):
    ran = call(lead("/echo"))
    assert (ran.value["body"]["path"], ran.value["attempts"]) == ("/echo", 2)
    assert ran.value["url"] == f"http://api.test:{server.server_port}/echo"
    with pytest.raises(ToolFailure, match="More than 5 redirects"):
        call("/loop")


def test_a_redirect_is_not_followed_when_that_is_not_wanted(call):
    ran = call(lead("/echo"), follow_redirects=False)
    assert (ran.value["status"], ran.value["headers"]["location"]) == (302, "/echo")


@pytest.mark.parametrize(
    ("code", "method", "expected"),
    [
        (301, "POST", "GET"), (302, "POST", "GET"), (303, "POST", "GET"), (303, "PUT", "GET"),
        (302, "PUT", "PUT"), (307, "POST", "POST"), (308, "PATCH", "PATCH"), (303, "HEAD", "HEAD"),
    ],
)  # fmt: skip
def test_the_method_and_the_body_follow_the_status(call, server, code, method, expected):
    call(lead("/echo", code), method=method, json={"a": 1})
    last = server.seen[-1]
    assert last.command == expected
    assert last.sent == (b"" if expected == "GET" else b'{"a": 1}')
    assert ("Content-Type" in last.headers) is (expected != "GET")


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://169.254.169.254/latest/meta-data", "egress_refused"),
        ("http://nobody.test/", "egress_refused"),
        ("http://other.test:1/", "egress_refused"),
        ("file:///etc/passwd", "invalid_arguments"),
        ("http://user:pw@api.test/", "invalid_arguments"),
    ],
)
def test_a_redirect_is_checked_like_the_first_address(call, url, code):
    with pytest.raises(ToolFailure) as refusal:
        call(lead(url))
    assert refusal.value.code == code


def test_what_is_secret_does_not_follow_to_another_origin(call, server):
    headers = {"Authorization": "Bearer s", "X-Api-Key": "k", "Cookie": "c=1", "X-Other": "1"}
    call(lead(AWAY, 307), method="POST", body="x", headers=headers)
    last = server.seen[-1]
    assert (last.command, last.sent, last.headers["X-Other"]) == ("POST", b"x", "1")
    assert not {"Authorization", "X-Api-Key", "Cookie"} & set(last.headers)
    call(lead("/echo"), headers=headers)
    assert server.seen[-1].headers["Authorization"] == "Bearer s"


def test_cookies_are_kept_within_one_call_and_for_their_host(call, server):
    call(lead("/echo") + "&cookie=sid%3D1", headers={"Cookie": "own=2"})
    assert server.seen[-1].headers["Cookie"] == "own=2; sid=1"
    call(lead(AWAY) + "&cookie=sid%3D1")
    assert "Cookie" not in server.seen[-1].headers
    call("/echo")
    assert "Cookie" not in server.seen[-1].headers
