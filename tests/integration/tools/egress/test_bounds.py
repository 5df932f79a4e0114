"""How much a call may send and fetch through the way out of its sandbox."""


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
