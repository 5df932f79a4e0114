"""Server-sent events, put together from pieces that are cut anywhere."""

from collections.abc import Iterator

_LINE_ENDS = (b"\n", b"\r")


class EventParser:
    """Gives the data of each event, as bytes, once the blank line after it has come. Comments,
    events without data and all other fields are passed over."""

    def __init__(self) -> None:
        self._unfinished: list[bytes] = []
        self._data: list[bytes] = []
        self._is_after_cr = False

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The data of the events that end in this piece."""
        if not piece:
            return
        if self._is_after_cr and piece.startswith(b"\n"):
            piece = piece[1:]
        self._is_after_cr = piece.endswith(b"\r")
        lines = piece.splitlines(keepends=True)
        rest = lines.pop() if lines and not lines[-1].endswith(_LINE_ENDS) else b""
        if lines and self._unfinished:
            lines[0] = b"".join([*self._unfinished, lines[0]])
            self._unfinished.clear()
        if rest:
            self._unfinished.append(rest)
        for line in lines:
            if (data := self._take(line.rstrip(b"\r\n"))) is not None:
                yield data

    def rest(self) -> bytes | None:
        """What has come of an event that was cut by the end of the stream; None if none was."""
        line = b"".join(self._unfinished)
        if line:
            self._take(line)
        return b"\n".join(self._data) if line or self._data else None

    def _take(self, line: bytes) -> bytes | None:
        """The data of the event that this line ends."""
        if line:
            if line.startswith(b"data"):
                self._add(line)
            return None
        if not self._data:
            return None
        data = b"\n".join(self._data)
        self._data.clear()
        return data

    def _add(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
