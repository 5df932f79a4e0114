"""However a stream of events is cut into pieces, the events are the same."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from apps.gateway.providers.event_stream import EventParser

LINES = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=8)
EVENTS = st.lists(st.lists(LINES, min_size=1, max_size=3), max_size=5)


@given(
    events=EVENTS,
    noise=st.lists(st.sampled_from([": comment", "id: 1", "event: x", ": \U0001f642"]), max_size=2),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    cuts=st.lists(st.integers(0, 400), max_size=12),
)
def test_pieces_do_not_matter(
    events: list[list[str]], noise: list[str], end: str, cuts: list[int]
) -> None:
    lines = [[*noise, *(f"data: {line}" for line in event), ""] for event in events]
    stream = "".join(f"{line}{end}" for event in lines for line in event).encode()
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    parser = EventParser()
    heard = [data for start, stop in pairwise(edges) for data in parser.feed(stream[start:stop])]
    assert heard == ["\n".join(event).encode() for event in events]
    assert parser.rest() is None
