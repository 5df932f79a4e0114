"""The body of an answer: text up to a size, or a file."""

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from apps.tools.runners.limits import MEGABYTE

# What else a codec of Python's may be called is no charset, and may unpack more than it is given.
_CHARSET = re.compile(
    r"charset=[\"']?(us-ascii|utf-?(?:16|32)(?:[lb]e)?|iso-?8859-\d{1,2}|latin-?1|windows-125\d"
    r"|koi8-[ru]|shift_jis|euc-(?:jp|kr)|gbk|gb2312|gb18030|big5)\b",
    re.IGNORECASE,
)


def spool() -> BinaryIO:
    """A file in memory, on disk above a megabyte. Whoever asks for it closes it."""
    return cast(BinaryIO, SpooledTemporaryFile(max_size=MEGABYTE))


@dataclass(kw_only=True)
class Content:
    """Takes a body piece by piece. More than `text_bytes` of it, or what is no text, is kept as a
    file of at most `file_bytes`, if it is no text or `is_file` says so; a longer one is cut."""

    media_type: str
    text_bytes: int
    file_bytes: int
    is_file: bool
    is_cut: bool = False
    size_bytes: int = 0
    file: BinaryIO = field(default_factory=spool)

    def fill(self, pieces: Iterable[bytes]) -> None:
        """Take pieces until the body ends or is too long."""
        for piece in pieces:
            self.file.write(piece)
            self.size_bytes += len(piece)
            if not self.is_file and self.size_bytes > self.text_bytes:
                self.is_file = self.text() is None
            most = self.file_bytes if self.is_file else self.text_bytes
            if self.size_bytes > most:
                self.is_cut = True
                self.size_bytes = most
                self.file.truncate(most)
                break
        if not self.is_file:
            self.is_file = self.text() is None

    def text(self) -> str | None:
        """The beginning of the body as text, in its charset or UTF-8; None when it is none."""
        self.file.seek(0)
        content = self.file.read(self.text_bytes)
        self.file.seek(0, 2)
        is_whole = self.size_bytes <= self.text_bytes and not self.is_cut
        try:
            return codecs.getincrementaldecoder(self._charset())().decode(content, final=is_whole)
        except (LookupError, UnicodeError):
            return None

    def close(self) -> None:
        self.file.close()

    @property
    def is_json(self) -> bool:
        return "json" in self.media_type.partition(";")[0].lower()

    def _charset(self) -> str:
        named = _CHARSET.search(self.media_type)
        return named[1] if named else "utf-8-sig"
