"""Programs in Python behind the way out of their sandbox."""

import ssl
from pathlib import Path

BUNDLES = [
    Path("/etc/ssl/certs/ca-certificates.crt"),
    Path("/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"),
    Path("/etc/ssl/cert.pem"),
]
"""Where distributions keep the authorities that they trust."""


def test_urllib_reaches_allowed_hosts_with_no_settings(program, internet, rows):
    source = """
plain = urllib.request.urlopen(given[0] + "/a?b=c", timeout=10).read()
secure = urllib.request.urlopen(given[1] + "/d", context=context, timeout=10).read()
print(json.dumps([json.loads(plain)["path"], json.loads(secure)["path"]]))
"""
    assert program(source, [internet.http, internet.https]) == ["/a?b=c", "/d"]
    assert [(row.method, row.host, row.refusal) for row in rows] == [
        ("GET", "plain.test", ""),
        ("CONNECT", "tls.test", ""),
    ]
    assert [row.address for row in rows] == ["127.0.0.1", "127.0.0.1"]
    assert [row.status for row in rows] == [200, None]
    assert all(row.sent_bytes > 50 and row.received_bytes > 50 for row in rows)


def test_a_client_that_knows_no_proxy_is_routed_by_name(program, internet, rows):
    source = """
direct = urllib.request.build_opener(
    urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
told = [json.loads(fetch(url + "/x", direct))["headers"]["host"] for url in given]
print(json.dumps(told))
"""
    allow = "plain.test:PLAIN, *.wild.test:TLS"
    wild = internet.https.replace("tls.test", "a.wild.test")
    assert program(source, [internet.http, wild], allow=allow) == [
        internet.http.removeprefix("http://"),
        wild.removeprefix("https://"),
    ]
    assert [row.host for row in rows] == ["plain.test", "a.wild.test"]


def test_a_program_without_a_way_out_reaches_nothing(code, make_egress, rows):
    source = """
import os, socket
print([os.environ.get("HTTP_PROXY"), socket.socket().connect_ex(("127.0.0.1", 3128))])
"""
    ran = code(source, egress=make_egress("plain.test"))
    assert ran.stdout.startswith("[None, 111]")
    assert rows == []


def test_large_bodies_pass_both_ways(program, internet, rows):
    source = """
sent = fetch(given[1] + "/a", data=b"y" * 300_000, method="POST")
print(json.dumps([len(fetch(given[0] + "/large/3000000")), len(json.loads(sent)["body"])]))
"""
    assert program(source, [internet.http, internet.https]) == [3_000_000, 300_000]
    assert rows[1].received_bytes > 3_000_000
    assert rows[0].sent_bytes > 300_000


def test_programs_find_the_authorities_that_the_machine_trusts(program):
    source = """
store = ssl.create_default_context()
print(json.dumps(sorted(one["serialNumber"] for one in store.get_ca_certs())))
"""
    bundle = next(path for path in BUNDLES if path.is_file())
    source = source.replace("context()", f"context(cafile={str(bundle)!r})")
    trusted = ssl.create_default_context(cafile=str(bundle)).get_ca_certs()
    assert program(source) == sorted(one["serialNumber"] for one in trusted)
