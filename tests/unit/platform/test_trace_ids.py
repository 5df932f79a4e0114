"""W3C trace context."""

import pytest

from agentplatform.telemetry.trace import new_trace_id, trace_id_of

TRACE = "0af7651916cd43dd8448eb211c80319c"


def test_a_traceparent_continues_its_trace():
    assert trace_id_of(f"00-{TRACE}-b7ad6b7169203331-01") == TRACE


@pytest.mark.parametrize(
    "header",
    [
        "",
        TRACE,
        f"00-{TRACE.upper()}-b7ad6b7169203331-01",
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-b7ad6b7169203331-01\n",
    ],
)
def test_a_malformed_traceparent_continues_nothing(header):
    assert trace_id_of(header) is None


def test_a_new_trace_has_the_shape_of_one():
    assert trace_id_of(f"00-{new_trace_id()}-b7ad6b7169203331-01")
