"""Take secrets out of what comes back from whoever was sent them."""

import html
import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO
from urllib.parse import quote, quote_plus

from agentplatform.core.mask import MASK
from apps.tools.runners.secret import Secret

SHORTEST = 8
"""Shorter texts are found by chance too often to be masked."""

_CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True)
class Masking:
    """Replaces the values of `secrets` in every spelling that an honest server may echo them in:
    plain, percent-encoded, base64 at any offset, hexadecimal, escaped for JSON or HTML."""

    secrets: tuple[Secret, ...] = ()
    _pattern: re.Pattern[bytes] | None = field(init=False, repr=False, compare=False)
    _longest: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        forms = sorted(
            {form.encode() for secret in self.secrets for form in _forms(secret)}, key=len
        )
        pattern = re.compile(b"|".join(map(re.escape, reversed(forms)))) if forms else None
        object.__setattr__(self, "_pattern", pattern)
        object.__setattr__(self, "_longest", len(forms[-1]) if forms else 1)

    def is_in(self, text: str) -> bool:
        """Whether a secret can be read from `text`."""
        return self._pattern is not None and bool(self._pattern.search(_encode(text)))

    def text(self, text: str) -> str:
        """`text` without the secrets."""
        return self._replace(_encode(text)).decode("utf-8", "surrogatepass")

    def json(self, value: Any) -> Any:
        """The same for every text and key in a JSON value. Raises RecursionError for a deep one."""
        if self._pattern is None:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(key)): self.json(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.json(item) for item in value]
        return value

    def stream(self, content: BinaryIO) -> Iterator[bytes]:
        """The parts of `content` without the secrets, also where they lie across two parts."""
        held = b""
        while part := content.read(_CHUNK_BYTES):
            held += part
            # A match that begins before `sure` is whole, whatever comes.
            sure = len(held) - self._longest + 1
            if sure > 0:
                ready, held = self._split(held, sure)
                yield ready
        if held:
            yield self._replace(held)

    def _replace(self, content: bytes) -> bytes:
        return content if self._pattern is None else self._pattern.sub(MASK.encode(), content)

    def _split(self, content: bytes, sure: int) -> tuple[bytes, bytes]:
        if self._pattern is None:
            return content, b""
        done, ready = 0, b""
        for found in self._pattern.finditer(content):
            if found.start() >= sure:
                break
            ready += content[done : found.start()] + MASK.encode()
            done = found.end()
        rest = max(done, sure)
        return ready + content[done:rest], content[rest:]


def _forms(secret: Secret) -> Iterator[str]:
    for text in {secret.value, *secret.value.split()}:
        if len(text) >= SHORTEST:
            yield from _spellings(text)
    if secret.sent_as == "basic" and (header := secret.header()):
        yield header[1].partition(" ")[2]


def _spellings(text: str) -> Iterator[str]:
    yield text
    yield json.dumps(text)[1:-1]
    yield json.dumps(text)[1:-1].replace("/", "\\/")
    yield html.escape(text)
    for encoded in (quote(text, safe=""), quote(text), quote_plus(text)):
        yield encoded
        yield re.sub("%..", lambda found: found.group().lower(), encoded)
    yield text.encode().hex()
    yield text.encode().hex().upper()
    for inner in {text, quote(text, safe="")}:
        for encode in (b64encode, urlsafe_b64encode):
            for offset in range(3):
                yield _base64_core(inner.encode(), offset, encode)


def _base64_core(content: bytes, offset: int, encode: Any) -> str:
    """What is the same in the base64 of any text that has `content` at this offset modulo 3."""
    encoded: bytes = encode(bytes(offset) + content)
    return encoded[(0, 2, 3)[offset] : (offset + len(content)) * 8 // 6].decode()


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
