"""Node's fetch, which heeds no proxy variable, behind the way out of its sandbox."""

import pytest

FETCH = """
process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
process.removeAllListeners("warning");
const urls = JSON.parse(require("fs").readFileSync(0, "utf8"));
const ask = async (url) => {
  try {
    const answer = await fetch(url, {method: url.includes("#post") ? "POST" : "GET"});
    const text = await answer.text();
    return answer.ok ? JSON.parse(text).headers.host : `${answer.status} ${text}`;
  } catch (error) {
    return `failed: ${error.cause ? error.cause.code : error}`;
  }
};
(async () => {
  const told = [];
  for (const url of urls) told.push(await ask(url));
  console.log(JSON.stringify(told));
})();
"""


@pytest.fixture
def fetch(code, make_egress):
    """`fetch(urls, allow=...)`: what Node's fetch says of each."""

    def run(urls, *, allow="plain.test:PLAIN, tls.test:TLS", egress=None):
        ran = code(
            FETCH,
            language="node",
            input=urls,
            network=True,
            egress=egress or make_egress(allow),
            timeout_seconds=20,
        )
        assert ran.status == "ok", ran.stderr
        return ran.value

    return run


def test_fetch_reaches_allowed_hosts_with_no_settings(fetch, internet, rows):
    wild = internet.https.replace("tls.test", "a.wild.test")
    told = fetch(
        [internet.http + "/a", internet.https + "/b", wild + "/c"],
        allow="plain.test:PLAIN, tls.test:TLS, *.wild.test:TLS",
    )
    assert told == [url.partition("//")[2] for url in (internet.http, internet.https, wild)]
    assert [(row.method, row.host, row.refusal) for row in rows] == [
        ("GET", "plain.test", ""),
        ("CONNECT", "tls.test", ""),
        ("CONNECT", "a.wild.test", ""),
    ]


def test_fetch_finds_no_other_host(fetch, internet, rows):
    names = ["http://evil.test/", "https://evil.test/", "https://wild.test/", "http://a.localhost/"]
    told = fetch(names, allow="plain.test:PLAIN, *.wild.test")
    assert told == ["failed: ENOTFOUND"] * 3 + [told[3]]
    assert told[3].startswith("failed: ")
    assert {"evil.test", "wild.test"} <= {row.host for row in rows}
    assert all(row.refusal for row in rows)


ADDRESSES = [
    "127.0.0.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.1",
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:a9fe:a9fe]",
    "[fd00:ec2::254]",
    "127。0。0。1",
    "①②⑦.0.0.1",
]


def test_fetch_reaches_no_address_however_it_is_spelt(fetch, internet, rows):
    told = fetch([f"http://{address}/" for address in ADDRESSES], allow="plain.test")
    for address, answer in zip(ADDRESSES, told, strict=True):
        assert answer.startswith(("failed: ", "403 ")), (address, answer)
    assert all(row.refusal for row in rows)
    assert internet.plain.seen == internet.tls.seen == []


def test_names_with_private_addresses_are_refused_to_fetch(fetch, rows):
    hosts = ["private.test", "metadata.test", "mapped.test"]
    told = fetch([f"http://{host}/" for host in hosts], allow=", ".join(hosts))
    assert all(answer.startswith("403 ") for answer in told)
    assert all("public addresses only" in row.refusal for row in rows)


def test_a_rebinding_name_is_refused_to_fetch(fetch, internet, rows, make_egress):
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])
    egress = make_egress("plain.test:PLAIN", resolver=lambda *_: next(answers))
    first, second = fetch([internet.http + "/a", internet.http + "/b"], egress=egress)
    assert first.startswith("plain.test:")
    assert second.startswith("403 ")


def test_methods_and_tunnels_are_held_to_the_rules_for_fetch(fetch, internet, rows):
    allow = "GET plain.test:PLAIN, GET tls.test:TLS"
    told = fetch([internet.http + "/a", internet.http + "/a#post", internet.https], allow=allow)
    assert told[0].startswith("plain.test:")
    assert told[1].startswith("403 ")
    assert told[2].startswith("failed: ")
    assert "those inside a tunnel cannot be seen" in rows[2].refusal


def test_the_name_in_tls_decides_whatever_the_address_says(code, internet, rows, make_egress):
    """What connects by address must still name an allowed host, and one with another name fails."""
    program = """
const tls = require("tls");
const ask = (servername) => new Promise((done) => {
  const how = {host: "127.0.0.1", port: PORT, servername, rejectUnauthorized: false};
  const socket = tls.connect(how);
  socket.on("secureConnect", () => { done("open"); socket.destroy(); });
  socket.on("error", (error) => done(error.code));
});
(async () => console.log(JSON.stringify([
  await ask("tls.test"), await ask("evil.test"), await ask("")])))();
"""
    ran = code(
        program.replace("PORT", str(internet.tls.server_port)),
        language="node",
        network=True,
        egress=make_egress("tls.test:TLS"),
        timeout_seconds=20,
    )
    assert ran.value[0] == "open", ran.stderr
    assert ran.value[1] == ran.value[2] == "ERR_SSL_TLSV1_ALERT_ACCESS_DENIED"
    assert [row.host for row in rows] == ["tls.test", "evil.test", ""]
