"""Copy content piece by piece, counted, bounded and hashed."""

import hashlib
import io
import shutil
from contextlib import closing
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import BinaryIO, Protocol, cast

from agentplatform.core.errors import TooLarge

CHUNK_BYTES = 256 * 1024
HEAD_BYTES = 4096


class Target(Protocol):
    """Where a copy goes."""

    def write(self, data: bytes, /) -> object: ...


@dataclass(frozen=True, kw_only=True)
class Copied:
    """What a copy was found to be; `head` are its first HEAD_BYTES bytes at most."""

    sha256: str
    size_bytes: int
    head: bytes


def copy_bounded(content: BinaryIO, target: Target, *, limit_bytes: int) -> Copied:
    """Copy all of `content`. Raises TooLarge once more than `limit_bytes` have been read."""
    digest = hashlib.sha256()
    head = b""
    size = 0
    while chunk := content.read(CHUNK_BYTES):
        size += len(chunk)
        if size > limit_bytes:
            raise TooLarge(f"The file is larger than {limit_bytes} bytes; send a smaller one.")
        if len(head) < HEAD_BYTES:
            head += chunk[: HEAD_BYTES - len(head)]
        digest.update(chunk)
        target.write(chunk)
    return Copied(sha256=digest.hexdigest(), size_bytes=size, head=head)


def as_file(content: BinaryIO) -> BinaryIO:
    """`content` as an open file that a child process can be given: itself, or where it comes over
    the network a copy on disk, in place of which it is closed."""
    if isinstance(content, io.BufferedReader):
        return content
    copy = cast(BinaryIO, TemporaryFile())  # noqa: SIM115  the caller closes it
    with closing(content):
        shutil.copyfileobj(content, copy, CHUNK_BYTES)
    copy.seek(0)
    return copy
