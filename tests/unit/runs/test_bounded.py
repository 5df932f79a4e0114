"""Numbers as a checkpoint can hold them."""

from apps.runs.agents.bounded import bounded


def test_integers_beyond_64_bits_become_floats() -> None:
    kept = [2**64 - 1, -(2**63), True, "x", 1.5, None]
    assert bounded({"a": kept}) == {"a": kept}
    assert bounded([2**64, -(2**63) - 1]) == [2.0**64, -(2.0**63)]
    assert bounded({"a": {"b": 10**400}}) == {"a": {"b": None}}
