"""What a letter keeps of a message."""

from agentplatform.dead_letters.payload import LIMIT, bound_payload


def test_secrets_are_masked():
    payload = {"kwargs": {"api_key": "x"}, "text": "redis://user:pass@host sk-abcdefghijklmnop"}
    kept = str(bound_payload(payload))
    assert "pass" not in kept
    assert "sk-abc" not in kept
    assert kept.count("[masked]") == 3


def test_a_long_one_is_cut():
    kept = bound_payload({"text": "x" * (2 * LIMIT)})
    assert kept["is_cut"]
    assert len(kept["text"]) == LIMIT


def test_what_jsonb_refuses_is_cleaned():
    assert bound_payload({"text": "a\x00b\ud800", "n": float("nan")}) == {
        "text": "ab\ufffd",
        "n": None,
    }
