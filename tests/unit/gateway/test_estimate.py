# ruff: noqa: E501
"""Token bounds, held against counts of a real tokenizer (SmolLM2, 49,152 pieces)."""

import pytest

from apps.gateway.providers.estimate import bound_tokens

# (text, its tokens)
RECORDED = (
    (
        "The quick brown fox jumps over the lazy dog, and nobody knows why it does so again and again.",
        21,
    ),
    (
        'def mean(values: list[float]) -> float:\n    """The arithmetic mean."""\n    return sum(values) / len(values)\n',
        30,
    ),
    (
        '{"type": "object", "properties": {"title": {"type": "string", "maxLength": 80}}, "required": ["title"]}',
        34,
    ),
    ("name,year,price\nFord Torino,1970,3449.00\nDatsun 510,1971,2130.50\n", 45),
    ("01a2069c-11c5-7797-b92b-569ba5bb1560 970ffb84-8578-4589-a2ae-ea5715ac0e59", 67),
    ("aGVsbG8gd29ybGQsIHRoaXMgaXMgYSB0ZXN0IG9mIGJhc2U2NA==", 41),
    (
        "Die Wirtschaftlichkeitsberechnung der Straßenbahnhaltestelle überprüft größtmögliche Änderungen.",
        40,
    ),
    ("Платформа запускает агентов надёжно и безопасно.", 36),
    ("人工智能平台可靠地运行代理工作流。", 28),
    ("😀🎉🚀 done", 10),
    ("HELLO WORLD THIS IS SHOUTING", 10),
    ("SELECT id, COUNT(*) FROM llm_calls WHERE status = 'RUNNING' GROUP BY 1;", 25),
)


@pytest.mark.parametrize(("text", "tokens"), RECORDED)
def test_the_bound_is_above_the_count_and_near_it(text: str, tokens: int) -> None:
    assert tokens <= bound_tokens(text) <= 2.2 * tokens + 10


def test_nothing_is_next_to_nothing() -> None:
    assert bound_tokens("") <= 1
