# Uses the language: data classes, patterns, generators, contexts, types, regular expressions.
# says: Point(x=1, y=2) axis [0, 1, 1, 2, 3] 2026
import itertools
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Point:
    x: int
    y: int


def place(point):
    match point:
        case Point(x=0) | Point(y=0):
            return "axis"
        case _:
            return "plane"


def fibonacci():
    a, b = 0, 1
    while True:
        yield a
        a, b = b, a + b


print(
    Point(1, 2),
    place(Point(0, 3)),
    list(itertools.islice(fibonacci(), 5)),
    re.search(r"\d{4}", "in 2026")[0],
)
