"""The header Range of HTTP: which part of a file is asked for."""

import re

_ONE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


class Unsatisfiable(Exception):
    """No byte of the file is in the range."""


def asked_range(header: str, *, size: int) -> range | None:
    """The bytes that `header` asks for; None for all of them: when it asks for nothing, for several
    parts, or in another way than bytes. Raises Unsatisfiable."""
    found = _ONE.fullmatch(header.strip())
    if found is None or found[0] == "bytes=-":
        return None
    first, last = found.groups()
    if first and last and int(last) < int(first):
        return None
    asked = _asked(first, last, size)
    if not asked:
        raise Unsatisfiable
    return asked


def _asked(first: str, last: str, size: int) -> range:
    if not first:
        return range(max(0, size - int(last)), size)
    return range(int(first), min(size, int(last) + 1 if last else size))
