"""The browser tool behind the way out: what it reaches, and which call pays for it."""

import base64
import dataclasses
import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from apps.tools.runners.browser import running
from apps.tools.runners.browser.show import close_warm_browsers
from apps.tools.runners.browser.tool import BROWSER
from apps.tools.runners.work import ToolFailure
from tests.integration.tools.works import make_work

ALLOW = "plain.test:PLAIN, tls.test:TLS"


UNTRUSTING = running.ARGUMENTS


@pytest.fixture(autouse=True)
def trust(servers, monkeypatch):
    """Chromium believes the certificate of the test's own server, by its key."""
    certificate = x509.load_pem_x509_certificate(servers.certificate.read_bytes())
    key = certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    pin = base64.b64encode(hashlib.sha256(key).digest()).decode()
    argument = f"--ignore-certificate-errors-spki-list={pin}"
    monkeypatch.setattr(running, "ARGUMENTS", (*running.ARGUMENTS, argument))


@pytest.fixture
def warm(settings):
    """Browsers that stay for the next call of their run."""
    settings.PLATFORM = settings.PLATFORM.model_copy(update={"browser_warm_seconds": 30})
    yield
    close_warm_browsers()


@pytest.fixture
def surf(keep):
    """`surf(egress, caller=None, **arguments)`: a call of the browser tool with a way out."""

    def run(egress, *, caller=None, **arguments):
        work = make_work(arguments, timeout_seconds=30, egress=egress)
        return keep(BROWSER.run(dataclasses.replace(work, caller=caller or work.caller)))

    return run


def told(rows):
    return {(row.method, row.host, bool(row.refusal)) for row in rows}


def test_an_address_is_visited_over_tls_and_plainly(surf, internet, make_egress, rows):
    ran = surf(
        make_egress(ALLOW),
        url=f"{internet.https}/page",
        actions=[
            {"action": "extract", "selector": "h1"},
            {"action": "goto", "url": f"{internet.http}/page"},
            {"action": "extract", "selector": "h1"},
        ],
    )
    assert ran.status == "ok", ran.detail
    assert [found["texts"] for found in ran.value["extracted"]] == [["hello"], ["hello"]]
    assert [page["status"] for page in ran.value["visited"]] == [200, 200]
    assert {row.host for row in rows} == {"tls.test", "plain.test"}
    assert not any(row.refusal for row in rows)


def test_a_host_that_is_not_allowed_is_refused_in_words(surf, internet, make_egress, rows):
    ran = surf(make_egress("other.test"), url=f"{internet.https}/page")
    assert ran.status == "error"
    assert ran.detail.startswith("arguments.url: ")
    assert "tls.test is not on the allowlist" in ran.detail
    assert told(rows) == {("CONNECT", "tls.test", True)}


def test_a_certificate_that_is_not_trusted_is_all_that_is_told(
    surf, internet, make_egress, rows, monkeypatch
):
    monkeypatch.setattr(running, "ARGUMENTS", UNTRUSTING)
    ran = surf(make_egress(ALLOW), url=f"{internet.https}/page")
    assert "ERR_CERT_AUTHORITY_INVALID" in ran.detail
    assert told(rows) == {("CONNECT", "tls.test", False)}


def test_a_plain_page_of_the_proxy_is_no_page(surf, internet, make_egress, rows):
    ran = surf(make_egress("other.test"), url=f"{internet.http}/page")
    assert ran.status == "error"
    assert "plain.test is not on the allowlist" in ran.detail
    assert told(rows) == {("GET", "plain.test", True)}


def test_what_a_page_may_not_reach_is_reported(surf, internet, make_egress, rows):
    ran = surf(
        make_egress(ALLOW),
        html="""<p></p><script>
        Promise.allSettled([
          fetch("https://evil.test/"), fetch("http://127.0.0.1:3128/"), fetch("http://localhost/"),
          fetch("http://169.254.169.254/"), fetch("http://[::ffff:169.254.169.254]/"),
        ]).then(all => document.querySelector("p").textContent =
          all.map(one => one.status).join(" "))
        </script>""",
        actions=[
            {"action": "wait_for", "selector": "p:has-text('rejected')"},
            {"action": "extract", "selector": "p"},
        ],
    )
    assert ran.value["extracted"][0]["texts"] == [" ".join(["rejected"] * 5)]
    assert any("evil.test is not on the allowlist" in line for line in ran.value["failed_requests"])
    assert rows
    assert all(row.refusal for row in rows)


@pytest.mark.usefixtures("warm")
def test_each_call_of_a_warm_browser_has_its_own_way_out(surf, internet, make_egress):
    caller = make_work({}, timeout_seconds=1).caller
    first, second = [], []
    egress = dataclasses.replace(make_egress(ALLOW), record=first.append)
    visit = {"url": f"{internet.https}/page", "actions": [{"action": "links"}]}
    assert surf(egress, caller=caller, **visit).status == "ok"
    egress = dataclasses.replace(make_egress("plain.test:PLAIN"), record=second.append)
    assert surf(egress, caller=caller, **visit).status == "error"
    assert told(first) == {("CONNECT", "tls.test", False)}
    assert told(second) == {("CONNECT", "tls.test", True)}


@pytest.mark.usefixtures("warm")
def test_a_warm_browser_without_rules_has_no_network(surf, internet, make_egress):
    caller = make_work({}, timeout_seconds=1).caller
    egress = make_egress(ALLOW)
    assert surf(egress, caller=caller, url=f"{internet.http}/page").status == "ok"
    ran = surf(
        dataclasses.replace(egress, rules=()),
        caller=caller,
        html=f"<img src='{internet.http}/a.png'>",
        actions=[{"action": "wait_for", "selector": "img", "state": "attached"}],
    )
    assert ran.value["failed_requests"] == [
        f"GET {internet.http}/a.png: net::ERR_PROXY_CONNECTION_FAILED"
    ]
    with pytest.raises(ToolFailure, match="no network, as no host is allowed"):
        surf(dataclasses.replace(egress, rules=()), url=f"{internet.http}/page")


def test_a_download_comes_from_an_allowed_host(surf, internet, make_egress):
    ran = surf(
        make_egress(ALLOW),
        actions=[
            {"action": "download", "url": f"{internet.https}/large/100000"},
            {"action": "download", "url": f"{internet.https}/saved/rows.bin"},
        ],
    )
    assert ran.status == "ok", ran.detail
    assert ran.value["failed_requests"] == []
    assert [(file.name, file.size_bytes) for file in ran.files] == [
        ("100000", 100_000),
        ("rows.bin", 8),
    ]


@pytest.mark.usefixtures("warm")
def test_cookies_do_not_pass_from_call_to_call(surf, internet, make_egress):
    caller = make_work({}, timeout_seconds=1).caller
    egress = make_egress(ALLOW)
    visits = [{"action": "goto", "url": f"{internet.http}/{name}"} for name in ("cookie", "x")]
    assert surf(egress, caller=caller, actions=visits).status == "ok"
    assert internet.plain.seen[-1]["headers"]["cookie"] == "left=1"
    assert surf(egress, caller=caller, actions=visits[1:]).status == "ok"
    assert "cookie" not in internet.plain.seen[-1]["headers"]


def test_a_script_has_the_same_way_out(surf, internet, make_egress, rows):
    ran = surf(
        make_egress(ALLOW),
        script=f"""
page.goto("{internet.https}/page")
print('"' + page.inner_text("h1") + '"')
try:
    page.goto("https://evil.test/")
except Exception as error:
    print(str(error).splitlines()[0], file=__import__("sys").stderr)
""",
    )
    assert ran.status == "ok", ran.stderr
    assert ran.value == "hello"
    assert "ERR_TUNNEL_CONNECTION_FAILED" in ran.stderr
    assert told(rows) == {("CONNECT", "tls.test", False), ("CONNECT", "evil.test", True)}
