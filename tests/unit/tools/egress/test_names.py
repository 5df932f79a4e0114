import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.tools.egress.names import answer_lookup


def make_query(name, kind=1, family=1):
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    head = b"\xab\xcd\x01\x00\x00\x01" + bytes(6)
    return head + labels + b"\x00" + kind.to_bytes(2, "big") + family.to_bytes(2, "big")


def knows(name):
    return name == "api.example.org"


def test_a_known_name_is_the_loopback():
    query = make_query("API.example.org")
    answer = answer_lookup(query, knows)
    assert answer[:8] == b"\xab\xcd\x81\x80\x00\x01\x00\x01"
    assert answer[12 : len(query)] == query[12:]
    assert answer.endswith(b"\x00\x04\x7f\x00\x00\x01")


def test_a_known_name_has_no_other_records():
    answer = answer_lookup(make_query("api.example.org", kind=28), knows)
    assert answer[2:8] == b"\x81\x80\x00\x01\x00\x00"


def test_another_name_does_not_exist():
    assert answer_lookup(make_query("secret.evil.example"), knows)[3] & 15 == 3


def test_other_classes_are_not_served():
    assert answer_lookup(make_query("api.example.org", family=3), knows)[3] & 15 == 4


@pytest.mark.parametrize("query", [b"", b"short", make_query("a.b")[:-1], b"\xc0" * 20])
def test_what_is_no_query_gets_no_answer(query):
    assert answer_lookup(query, knows) == b""


@given(st.binary(max_size=300))
def test_any_bytes_are_survived(sent):
    answer_lookup(sent, knows)
    answer_lookup(make_query("x")[:12] + sent, knows)
