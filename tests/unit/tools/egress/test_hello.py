import ssl
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.tools.egress.errors import EgressRefused
from apps.tools.egress.hello import Hello


def make_hello(name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    outgoing = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


HELLO = make_hello("api.example.org")


def server_name(sent):
    return Hello().add(sent)


def split_into_records(hello, size):
    message = hello[5:]
    parts = [message[at : at + size] for at in range(0, len(message), size)]
    return b"".join(b"\x16\x03\x01" + len(part).to_bytes(2, "big") + part for part in parts)


def test_the_name_is_read_in_lower_case():
    assert server_name(make_hello("API.Example.org")) == "api.example.org"


@given(st.integers(1, len(HELLO) - 1))
def test_a_part_of_a_hello_is_not_decided_yet(size):
    assert server_name(HELLO[:size]) is None


@given(st.integers(1, 600))
def test_a_hello_in_many_records_is_joined(size):
    assert server_name(split_into_records(HELLO, size)) == "api.example.org"


@given(st.integers(1, 600), st.integers(1, 300))
def test_a_hello_may_come_in_any_pieces(record, piece):
    sent = split_into_records(HELLO, record)
    hello = Hello()
    told = [hello.add(sent[at : at + piece]) for at in range(0, len(sent), piece)]
    assert told == [None] * (len(told) - 1) + ["api.example.org"]
    assert hello.sent == sent


def test_what_follows_the_hello_does_not_matter():
    assert server_name(HELLO + b"\x17\x03\x03\x00\x05early") == "api.example.org"


@pytest.mark.parametrize("hello", [make_hello(None), make_hello("127.0.0.1")])
def test_a_hello_without_a_name_is_refused(hello):
    with pytest.raises(EgressRefused, match="SNI"):
        server_name(hello)


def test_a_hello_with_two_names_is_refused():
    name = b"\x00\x00\x0fapi.example.org"
    extension = b"\x00\x00" + (20).to_bytes(2, "big") + (18).to_bytes(2, "big") + name
    at = HELLO.index(extension)
    doubled = b"\x00\x00" + (38).to_bytes(2, "big") + (36).to_bytes(2, "big") + name + name
    message = HELLO[9:at] + doubled + HELLO[at + len(extension) :]
    cut = 2 + 32
    for length in (1, 2, 1):
        cut += length + int.from_bytes(message[cut : cut + length], "big")
    size = int.from_bytes(message[cut : cut + 2], "big") + 18
    message = message[:cut] + size.to_bytes(2, "big") + message[cut + 2 :]
    body = b"\x01" + len(message).to_bytes(3, "big") + message
    with pytest.raises(EgressRefused, match="one host"):
        server_name(b"\x16\x03\x01" + len(body).to_bytes(2, "big") + body)


@pytest.mark.parametrize(
    "sent",
    [b"GET / HTTP/1.1\r\n", b"SSH-2.0", b"\x16\x02\x00\x00\x05hello", b"\x16\x03\x01\x00\x01\x02"],
)
def test_anything_but_tls_is_refused(sent):
    with pytest.raises(EgressRefused, match="only TLS"):
        server_name(sent)


@given(st.binary(max_size=400))
def test_nothing_but_a_refusal_comes_of_any_bytes(sent):
    for start in (b"", HELLO[:50], b"\x16\x03\x01\x01\x00\x01\x00\x00\xfc"):
        with suppress(EgressRefused):
            server_name(start + sent)
