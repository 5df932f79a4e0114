"""A secret reaches the hosts that it is bound to, and nobody else."""

import json
from base64 import b64encode

import pytest

from apps.tools.runners.work import ToolFailure
from tests.integration.tools.http.conftest import VALUE

AWAY = "http://other.test:PORT/echo"


def shown(ran):
    """All that the result keeps."""
    files = b"".join(file.content.read() for file in ran.files).decode("latin-1")
    return json.dumps(ran.value) + ran.detail + ran.stdout + ran.stderr + files


def test_a_secret_goes_out_and_is_hidden_in_what_comes_back(call, server, make_secret):
    ran = call("/echo", secret=make_secret())
    assert server.seen[0].headers["X-Key"] == VALUE
    assert ran.value["body"]["headers"]["x-key"] == "[masked]"
    assert VALUE not in shown(ran)


@pytest.mark.parametrize(
    "how",
    [
        {"sent_as": "bearer"},
        {"sent_as": "basic", "parameter": "ann"},
        {"sent_as": "header", "parameter": "X-Key"},
        {"sent_as": "query", "parameter": "key"},
    ],
)
@pytest.mark.parametrize("path", ["/echo", "/spellings", "/bytes"])
def test_no_spelling_of_it_comes_back(call, server, make_secret, how, path):
    ran = call(path, secret=make_secret(**how))
    request = server.seen[0]
    assert "s3cr3t" in str(request.headers) + request.path or how["sent_as"] == "basic"
    kept = shown(ran)
    assert "s3cr3t" not in kept
    assert VALUE[:9] not in kept
    assert b64encode(VALUE.encode()).decode()[4:20] not in kept
    assert b64encode(f"ann:{VALUE}".encode()).decode()[8:20] not in kept
    assert "[masked]" in kept or (path == "/bytes" and how["sent_as"] == "query")


@pytest.mark.parametrize("depth", [400, 900, 100_000])
def test_it_is_hidden_in_json_however_deep(call, make_secret, depth):
    ran = call(f"/deep?depth={depth}", secret=make_secret())
    assert ran.status == "ok"
    text = str(ran.value["body"]) if depth > 400 else json.dumps(ran.value["body"])
    assert VALUE not in text
    assert "[masked]" in text


def test_it_is_sent_over_tls_unless_its_binding_says_otherwise(call, server, make_secret):
    ran = call("https://api.test:TLS/echo", secret=make_secret("api.test:TLS"))
    assert ran.value["body"]["headers"]["x-key"] == "[masked]"
    with pytest.raises(ToolFailure) as refusal:
        call("/echo", secret=make_secret("api.test:PORT"))
    assert refusal.value.detail.startswith("arguments.auth.secret: 'crm' is not bound to")
    assert server.seen == []


def test_it_does_not_follow_a_redirect_to_a_host_it_is_not_bound_to(call, server, make_secret):
    ran = call(f"/to?url={AWAY}", secret=make_secret())
    assert ran.value["status"] == 200
    first, last = server.seen
    assert first.headers["X-Key"] == VALUE
    assert "X-Key" not in last.headers


def test_it_follows_a_redirect_to_another_host_it_is_bound_to(call, server, make_secret):
    secret = make_secret("http://api.test:PORT", "http://other.test:PORT")
    call(f"/to?url={AWAY}", secret=secret)
    assert [request.headers["X-Key"] for request in server.seen] == [VALUE, VALUE]


def test_a_redirect_that_carries_it_elsewhere_is_refused(call, server, make_secret):
    with pytest.raises(ToolFailure) as refusal:
        call("/leak", secret=make_secret())
    assert refusal.value.code == "egress_refused"
    assert "would carry the secret to other.test" in refusal.value.detail
    assert VALUE not in refusal.value.detail
    assert len(server.seen) == 1


def test_it_is_hidden_in_messages_about_answers(call, make_secret):
    with pytest.raises(ToolFailure) as failure:
        call("/garbage", secret=make_secret(), retries=0)
    assert "SSH-2.0 [masked]" in failure.value.detail


def test_a_header_of_the_callers_does_not_take_its_place(call, make_secret):
    with pytest.raises(ToolFailure, match="leave out x-key; the secret sets it"):
        call("/echo", secret=make_secret(), headers={"x-key": "other"})
