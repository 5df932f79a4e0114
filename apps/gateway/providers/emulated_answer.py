"""The answer inside of an emulation's JSON, as it comes."""

import json
import re

from apps.gateway.providers.port import OnText

_OPENING = re.compile(r'\s*\{\s*"answer"\s*:\s*"')
_SAID = re.compile(r'(?:[^"\\]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*')


def answer_alone(on_text: OnText) -> OnText:
    """Hears {"answer": "..."} in pieces and passes on what is between the last quotes. Of tool
    calls, and of answers that are no text, it passes on nothing."""
    unread, is_open = "", False

    def hear(piece: str) -> None:
        nonlocal unread, is_open
        unread += piece
        if not is_open:
            opening = _OPENING.match(unread)
            if opening is None:
                return
            unread, is_open = unread[opening.end() :], True
        said = _SAID.match(unread)
        if said and said[0]:
            unread = unread[said.end() :]
            on_text(json.loads(f'"{said[0]}"', strict=False))

    return hear


def said_in(text: str) -> str:
    """The same of an emulation's whole JSON, which may have been cut."""
    pieces: list[str] = []
    answer_alone(pieces.append)(text)
    return "".join(pieces)
