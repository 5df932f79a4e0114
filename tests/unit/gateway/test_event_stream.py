"""Server-sent events, put together from pieces."""

import pytest

from apps.gateway.providers.event_stream import EventParser


def parse(*pieces: bytes) -> tuple[list[bytes], bytes | None]:
    """The data of the events, and what was cut."""
    parser = EventParser()
    events = [data for piece in pieces for data in parser.feed(piece)]
    return events, parser.rest()


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: a\n\n", [b"a"]),
        (b"data:a\n\n", [b"a"]),
        (b"data:  a\n\n", [b" a"]),
        (b"data: a\r\n\r\n", [b"a"]),
        (b"data: a\r\r", [b"a"]),
        (b"data: a\n\ndata: b\n\n", [b"a", b"b"]),
        (b"data: a\ndata: b\n\n", [b"a\nb"]),
        (b"data: a\ndata\ndata: b\n\n", [b"a\n\nb"]),
        (b": comment\n\ndata: a\n: another\n\n", [b"a"]),
        (b"event: x\nid: 1\nretry: 2\ndata: a\n\n", [b"a"]),
        (b"event: ping\n\ndata: a\n\n", [b"a"]),
        (b"database: no\ndata: a\n\n", [b"a"]),
        (b"data: a: b\n\n", [b"a: b"]),
        (b"data: \xe2\x80\xa8 is no line end\n\n", [b"\xe2\x80\xa8 is no line end"]),
        (b"\n\n\ndata: a\n\n\n", [b"a"]),
        (b"", []),
    ],
)
def test_events_are_what_the_standard_says(stream: bytes, events: list[bytes]) -> None:
    assert parse(stream) == (events, None)


@pytest.mark.parametrize(
    ("stream", "rest"),
    [
        (b"data: a\n\ndata: b\n", b"b"),
        (b"data: a\n\ndata: b", b"b"),
        (b"data: a\n\ndata: b\ndata: c", b"b\nc"),
        (b"data: a\n\nda", b""),
        (b"data: a\n\n: comment\n", None),
        (b"data: a\n\nevent: x\n", None),
    ],
)
def test_an_event_without_its_end_is_no_event(stream: bytes, rest: bytes | None) -> None:
    assert parse(stream) == ([b"a"], rest)


@pytest.mark.parametrize("between", [(), (b"",)], ids=["at once", "after nothing"])
def test_a_line_end_may_be_cut_in_two(between: tuple[bytes, ...]) -> None:
    stream = b"data: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n"
    pieces = [piece for at in range(len(stream)) for piece in (stream[at : at + 1], *between)]
    assert parse(*pieces) == ([b"a\nb", b"c"], None)


def test_a_long_line_takes_time_in_proportion() -> None:
    pieces = [b"x" * 1000] * 20_000
    [data], _ = parse(b"data: ", *pieces, b"\n\n")
    assert len(data) == 20_000_000
