"""How many tokens a text may be: an upper bound for what people and programs write, without a
tokenizer. Text made to defeat it can pass it by a few times; what it really used is then charged.
"""

import math
import re
from collections.abc import Callable
from functools import lru_cache

_PIECE = re.compile(r" ?[A-Za-z0-9]+|\s+|[^\x00-\x7f]+|.", re.DOTALL)
_SPACES_PER_TOKEN = 3
TOKENS_PER_IMAGE = 3_000
"""More than what most models count for the largest image; image_tokens.py knows it of each."""
_MARGIN = 1.1
LONGEST_READ = 200_000
LONGEST_KNOWN = 16
"""Pieces of this length are the same again and again: their bounds are kept."""
_SAMPLES = 32
_SAMPLE = 4_096


def bound_tokens(text: str) -> int:
    """At most this many tokens, for byte-pair vocabularies of 50,000 and more. A text beyond
    LONGEST_READ is judged by samples of it."""
    if len(text) > LONGEST_READ:
        step = len(text) // _SAMPLES
        read = "".join(text[n * step : n * step + _SAMPLE] for n in range(_SAMPLES))
        return math.ceil(bound_tokens(read) * len(text) / len(read) * _MARGIN)
    return math.ceil(sum(map(_bound, _PIECE.findall(text))) * _MARGIN) + 1


def _bound(piece: str) -> float:
    return _known_bound(piece) if len(piece) <= LONGEST_KNOWN else _find_bound(piece)


def _find_bound(piece: str) -> float:
    for fits, bound in _RULES:
        if fits(piece):
            return bound(piece)
    return _of_other_scripts(piece)


_known_bound = lru_cache(maxsize=8192)(_find_bound)


def _of_word(word: str) -> float:
    """One token for a short word, more for a long one; shouting and camelCase break often."""
    word = word.lstrip()
    if not (word.islower() or word[1:].islower() or len(word) == 1):
        return max(2.0, len(word) * 0.7)
    return 1 + (len(word) - 3) // 4 if len(word) <= 16 else len(word) * 0.7


def _of_other_scripts(text: str) -> float:
    return sum(3 if ord(letter) > 0xFFFF else 2 if ord(letter) > 0x7FF else 1.5 for letter in text)


_RULES: tuple[tuple[Callable[[str], bool], Callable[[str], float]], ...] = (
    (str.isspace, lambda piece: 1 + len(piece) // _SPACES_PER_TOKEN),
    (lambda piece: piece.isascii() and piece.lstrip().isalpha(), _of_word),
    (str.isascii, len),
)
