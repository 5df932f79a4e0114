"""What the way out of a sandbox refuses, however a program in it asks."""

import json
from ipaddress import ip_network

from agentplatform.settings.private_ranges import PrivateRange
from apps.tools.egress.network import Network
from apps.tools.egress.rules import make_rule
from apps.tools.egress.session import Egress

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


def test_a_private_address_is_reached_under_the_operators_rules_only(program, internet, rows):
    port = internet.plain.server_port
    names = [make_rule(host=f"{who}.test", port=port, is_operators=who == "operator")
             for who in ("operator", "tenant")]  # fmt: skip
    egress = Egress(
        rules=tuple(names),
        private=(PrivateRange(network=ip_network("127.0.0.1"), port=port),),
        network=Network(resolver=lambda *_: ["127.0.0.1"]),
    )
    source = """
print(json.dumps([fetch(f"http://{who}.test:{given}/a") for who in ("operator", "tenant")]))
"""
    reached, refused = program(source, port, egress=egress)
    assert json.loads(reached)["path"] == "/a"
    assert refused.startswith("403 The address is refused: tenant.test")


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
