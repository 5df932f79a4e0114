"""Programs in Python behind the way out of their sandbox."""

import json
import ssl
from pathlib import Path

import pytest

BUNDLES = [
    Path("/etc/ssl/certs/ca-certificates.crt"),
    Path("/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"),
    Path("/etc/ssl/cert.pem"),
]
"""Where distributions keep the authorities that they trust."""
OPEN = """
import http.client, json, socket, ssl, sys, time, urllib.request
context = ssl.create_default_context(cafile="/box/inputs/authority.pem")
proxied = urllib.request.build_opener(
    urllib.request.ProxyHandler({name: "http://127.0.0.1:3128" for name in ("http", "https")}),
    urllib.request.HTTPSHandler(context=context),
)
def fetch(url, opener=proxied, **how):
    try:
        with opener.open(urllib.request.Request(url, **how), timeout=10) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        return f"{error.code} {error.reason} {error.headers['X-Egress-Refused']} {error.read()}"
    except OSError as error:
        return f"failed: {error}"
given = json.load(sys.stdin)
"""


@pytest.fixture
def program(code, internet, make_egress):
    """`program(source, input, allow=...)`: the JSON in the last line of a program that has a way
    out and the functions of OPEN."""

    def run(source, given=None, *, allow="plain.test:PLAIN, tls.test:TLS", egress=None, **how):
        ran = code(
            OPEN + source,
            input=given,
            network=True,
            egress=egress or make_egress(allow),
            files={"authority.pem": "00000000-0000-0000-0000-000000000000"},
            open_input=lambda _: open(internet.authority, "rb"),  # noqa: PTH123, SIM115
            timeout_seconds=20,
            **how,
        )
        assert ran.status == "ok", ran.stderr
        return ran.value

    return run


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


OTHERS = [
    "evil.test",
    "plain.test.evil.test",
    "evilplain.test",
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "017700000001",
    "0177.0.0.1",
    "127.0.0.1.",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[fe80::1%25lo]",
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "[::ffff:a9fe:a9fe]",
    "[fd00:ec2::254]",
    "plain.test..",
    "plain.test@evil.test",
    "ⓟlain.test",
    "plaın.test",
    "127。0。0。1",
]


def test_no_spelling_of_another_host_leaves(program, internet, rows):
    source = """
def say(line):
    with socket.create_connection(("127.0.0.1", 3128), 10) as raw:
        raw.sendall(line.encode() + b"\\r\\nHost: plain.test\\r\\n\\r\\n")
        return raw.makefile("rb").readline().decode().split()[1]
told = {}
for host in given:
    told[host] = say(f"GET http://{host}/ HTTP/1.1"), say(f"CONNECT {host}:443 HTTP/1.1")
print(json.dumps(told))
"""
    told = program(source, OTHERS, allow="plain.test:PLAIN, plain.test:80, plain.test:443")
    assert {host: codes for host, codes in told.items() if set(codes) - {"400", "403"}} == {}
    assert all(row.refusal for row in rows)
    assert internet.plain.seen == internet.tls.seen == []


def test_names_with_any_address_that_is_not_public_are_refused(program, rows):
    source = """
print(json.dumps([fetch(f"{scheme}://{host}.test/") for host in given[0] for scheme in given[1]]))
"""
    told = program(
        source,
        [["private", "metadata", "mapped", "empty"], ["http", "https"]],
        allow="private.test, metadata.test, mapped.test, empty.test",
    )
    assert [answer[:3] for answer in told[::2]] == ["403"] * 4
    assert all("public addresses only" in answer for answer in told)


def test_a_name_that_changes_its_address_is_dialled_where_it_was_vetted(
    program, internet, rows, make_egress
):
    asked = []

    def rebinding(host, port):
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    egress = make_egress("plain.test:PLAIN", resolver=rebinding)
    source = "print(json.dumps([fetch(given + '/a'), fetch(given + '/b')]))"
    first, second = program(source, internet.http, egress=egress)
    assert json.loads(first)["path"] == "/a"
    assert second.startswith("403 ")
    assert asked == ["plain.test", "plain.test"]
    assert [row.address for row in rows] == ["127.0.0.1", ""]


def test_a_refusal_says_what_to_change(program, internet, rows):
    source = """
print(json.dumps([fetch("http://evil.test/a"), fetch("https://evil.test/a")]))
"""
    plain, tunnel = program(source)
    detail = (
        "The address is refused: evil.test is not on the allowlist; a rule for it may be added."
    )
    assert plain.startswith(f"403 {detail} {detail} ")
    assert '"code": "egress_refused"' in plain
    assert detail in tunnel
    assert [(row.method, row.host, row.port, row.refusal) for row in rows] == [
        ("GET", "evil.test", 80, detail),
        ("CONNECT", "evil.test", 443, detail),
    ]


def test_a_rule_is_about_its_port_and_its_methods(program, internet, rows):
    source = """
told = [fetch(given[0] + "/a", method=method, data=b"x" if method == "POST" else None)
    for method in ("GET", "HEAD", "POST", "DELETE")]
print(json.dumps([*told, fetch("http://plain.test:81/"), fetch(given[1])]))
"""
    told = program(
        source, [internet.http, internet.https], allow="GET|HEAD plain.test:PLAIN, GET tls.test:TLS"
    )
    assert json.loads(told[0])["method"] == "GET"
    assert told[1] == ""
    assert all("not allowed on plain.test" in answer for answer in told[2:4])
    assert "port 81 of plain.test is not on the allowlist" in told[4]
    assert "those inside a tunnel cannot be seen" in told[5]


def test_each_request_of_a_kept_connection_is_checked(program, internet, rows):
    source = """
kept = http.client.HTTPConnection("127.0.0.1", 3128, timeout=10)
told = []
for url in (given + "/a", given + "/b", "http://evil.test/c"):
    kept.request("GET", url, headers={"Host": "plain.test"})
    if not told:
        first = kept.sock
    assert kept.sock is first
    answer = kept.getresponse()
    told.append([answer.status, len(answer.read())])
print(json.dumps(told))
"""
    told = program(source, internet.http)
    assert [status for status, _ in told] == [200, 200, 403]
    assert [row.host for row in rows] == ["plain.test", "plain.test", "evil.test"]


def test_one_request_cannot_hide_another(program, internet, rows):
    source = """
def send(head, body=b""):
    with socket.create_connection(("127.0.0.1", 3128), 10) as raw:
        raw.sendall(head.replace("|", "\\r\\n").encode() + body)
        raw.shutdown(socket.SHUT_WR)
        return raw.makefile("rb").readline().decode().split()[1:2]
host = given + "/a HTTP/1.1|Host: plain.test|"
print(json.dumps([
    send("POST " + host + "Content-Length: 5|Transfer-Encoding: chunked||", b"0\\r\\n\\r\\nGET /"),
    send("POST " + host + "Content-Length: 5|Content-Length: 6||", b"hello!"),
    send("GET " + host + "X: a|| GET /hidden HTTP/1.1||"),
    send("GET " + given + "/a\\u0000 HTTP/1.1|Host: plain.test||"),
    send("GET " + given + "/a b HTTP/1.1|Host: plain.test||"),
]))
"""
    told = program(source, internet.http)
    assert all(answer in (["200"], ["400"], []) for answer in told), told
    assert not [seen for seen in internet.plain.seen if "hidden" in seen["path"]]


def test_the_name_in_tls_must_be_the_one_of_the_tunnel(program, internet, rows):
    source = """
def tunnel(name, first=b""):
    with socket.create_connection(("127.0.0.1", 3128), 10) as raw:
        raw.sendall(f"CONNECT {given} HTTP/1.1\\r\\nHost: {given}\\r\\n\\r\\n".encode())
        head = raw.recv(4096).split(b"\\r\\n")[0].decode()
        if first:
            raw.sendall(first)
            raw.shutdown(socket.SHUT_WR)
            return raw.recv(4096).hex()
        loose = ssl._create_unverified_context()
        try:
            with loose.wrap_socket(raw, server_hostname=name) as secure:
                return secure.version()
        except OSError as error:
            return str(error)
names = ("tls.test", "TLS.test", "other.test", None, "127.0.0.1")
print(json.dumps([tunnel(name) for name in names] + [tunnel("", b"SSH-2.0-x\\r\\n")]))
"""
    target = internet.https.removeprefix("https://")
    told = program(source, target, allow="tls.test:TLS, other.test:TLS")
    assert told[:2] == ["TLSv1.3", "TLSv1.3"]
    assert all("alert access denied" in answer for answer in told[2:5])
    assert told[5] == "15030300020231"
    assert ["other.test" in rows[2].refusal, "SNI" in rows[3].refusal] == [True, True]
    assert "only TLS" in rows[5].refusal
    assert [bool(row.refusal) for row in rows] == [False, False, True, True, True, True]


def test_names_are_answered_by_the_proxy_alone(program, rows):
    source = """
def look(name):
    try:
        return sorted({answer[4][0] for answer in socket.getaddrinfo(name, 443)})
    except OSError as error:
        return str(error)
print(json.dumps([look(name) for name in given]))
"""
    names = ["plain.test", "a.wild.test", "localhost", "secret.evil.test", "wild.test"]
    told = program(source, names, allow="plain.test, *.wild.test")
    assert told[:3] == [["127.0.0.1"]] * 3
    assert all("not known" in answer for answer in told[3:])
    assert [(row.method, row.host) for row in rows] == [
        ("DNS", "secret.evil.test"),
        ("DNS", "wild.test"),
    ]


def test_a_call_moves_no_more_bytes_than_it_may(program, internet, rows, make_egress):
    egress = make_egress("plain.test:PLAIN, tls.test:TLS", total_bytes=100_000)
    source = """
print(json.dumps([len(fetch(given[0] + "/large/60000")), fetch(given[1] + "/large/60000")[:40],
    fetch(given[0] + "/a")[:40]]))
"""
    whole, cut, later = program(source, [internet.http, internet.https], egress=egress)
    assert whole == 60_000
    assert cut.startswith("failed") or len(cut) < 60_000
    assert later.startswith("403 The request was cut")
    assert "a call may move 100000 bytes" in rows[1].refusal


def test_a_call_makes_no_more_requests_than_it_may(program, internet, rows, make_egress):
    egress = make_egress("plain.test:PLAIN", requests_per_minute=3)
    source = "print(json.dumps([fetch(given + '/a')[:3] for _ in range(6)]))"
    told = program(source, internet.http, egress=egress)
    assert told[3:] == ["429", "429", "429"]
    assert [bool(row.refusal) for row in rows] == [False, False, False, True]


def test_a_silent_host_is_given_up(program, internet, rows, make_egress):
    egress = make_egress("plain.test:PLAIN, tls.test:TLS", idle_seconds=0.3)
    source = "print(json.dumps([fetch(url + '/silent')[:40] for url in given]))"
    plain, tunnel = program(source, [internet.http, internet.https], egress=egress)
    assert plain.startswith("504 ")
    assert tunnel.startswith("failed")
    assert all("took too long" in row.refusal for row in rows)


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


def test_a_flood_of_lookups_ends_them_and_nothing_else(program, internet, rows):
    source = """
query = b"..\\x01\\x00\\x00\\x01" + bytes(6) + b"\\x04evil\\x04test\\x00\\x00\\x01\\x00\\x01"
asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asking.connect(("127.0.0.1", 53))
asking.settimeout(0.5)
try:
    for _ in range(50_000):
        asking.send(query)
        asking.recv(512)
    ended = None
except OSError as error:
    ended = type(error).__name__
print(json.dumps([ended, json.loads(fetch(given + "/a"))["path"]]))
"""
    assert program(source, internet.http) in (
        ["ConnectionRefusedError", "/a"],
        ["TimeoutError", "/a"],
    )
    assert [(row.method, row.host) for row in rows] == [("DNS", "evil.test"), ("GET", "plain.test")]
