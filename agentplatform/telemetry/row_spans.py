"""Work that is a row, as a span once it is over.

The span's id follows from the row's: what is done for it in another process, before anybody knows
how it ends, can be its child already.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from agentplatform.telemetry.tracing import given_ids, tracer

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Tracer

Attributes = Mapping[str, str | int | float | bool]


def is_tracing() -> bool:
    """Whether this process makes spans."""
    return tracer() is not None


def span_of_row(
    *,
    name: str,
    trace_id: str,
    row_id: UUID,
    parent_id: UUID | None,
    started_at: datetime,
    ended_at: datetime,
    attributes: Attributes,
    error: str | None = None,
) -> None:
    """Send the span of a row that is over, within the one of `parent_id`. `error` is a code.

    Nothing happens where nobody wants spans, and for work without a trace.
    """
    found = tracer()
    if found is None or not (trace := _number_of(trace_id)):
        return
    from opentelemetry.context import Context
    from opentelemetry.trace import StatusCode

    with given_ids(trace, _span_id(row_id)):
        span = found.start_span(
            name,
            context=parent_context(found, trace_id, parent_id) or Context(),
            attributes=attributes,
            start_time=_nanoseconds(started_at),
        )
    if error is not None:
        span.set_attribute("error.type", error)
        span.set_status(StatusCode.ERROR, error)
    span.end(_nanoseconds(ended_at))


def parent_context(found: "Tracer", trace_id: str | None, row_id: UUID | None) -> "Context | None":
    """What makes a span of this trace a child of the row's; None without trace or row. Whether it
    is kept is what the sampler says of the trace, whose beginning was in another process."""
    trace = _number_of(trace_id)
    if not trace or row_id is None:
        return None
    from opentelemetry.sdk.trace import Tracer as SamplingTracer
    from opentelemetry.sdk.trace.sampling import Decision
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

    is_kept = True
    if isinstance(found, SamplingTracer):
        kept = found.sampler.should_sample(None, trace, "run")
        is_kept = kept.decision is Decision.RECORD_AND_SAMPLE
    flags = TraceFlags(TraceFlags.SAMPLED if is_kept else TraceFlags.DEFAULT)
    context = SpanContext(trace, _span_id(row_id), is_remote=True, trace_flags=flags)
    return set_span_in_context(NonRecordingSpan(context))


def _number_of(trace_id: str | None) -> int:
    """0 for what is no trace's id."""
    try:
        return int(trace_id or "", 16)
    except ValueError:
        return 0


def _span_id(row_id: UUID) -> int:
    """The half of the id that is random, and never 0: its first bits are the variant's."""
    return row_id.int & (2**64 - 1)


def _nanoseconds(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000) * 1_000
