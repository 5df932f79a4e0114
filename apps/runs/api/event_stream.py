"""A run's events as server-sent events (https://html.spec.whatwg.org/#server-sent-events)."""

import json
from collections.abc import Iterator
from uuid import UUID

from django.http import StreamingHttpResponse
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from agentplatform.api.streaming import stream
from agentplatform.core.clock import now
from apps.runs.api.serializers import EventRead
from apps.runs.services.follow_events import Heartbeat, Seen, follow_events
from apps.tenants.facade import credential_check, principal_of

EVENT_STREAM = "text/event-stream"
END = b"event: end\ndata: {}\n\n"


class EventStreamRenderer(JSONRenderer):
    """Lets a client ask for EVENT_STREAM; an error is JSON all the same."""

    media_type = EVENT_STREAM
    format = "sse"


def stream_events(request: Request, *, run_id: UUID, after: int) -> StreamingHttpResponse:
    """Events past `after` as they come, then `end`. It ends within seconds of the credential."""
    seen = follow_events(
        tenant_id=principal_of(request).tenant_id,
        run_id=run_id,
        after=after,
        clock=now,
        may_go_on=credential_check(request),
    )
    response = stream(request, _lines(seen), content_type=EVENT_STREAM)
    response["X-Accel-Buffering"] = "no"
    return response


def _lines(seen: Iterator[Seen]) -> Iterator[bytes]:
    for one in seen:
        if one is None:
            yield b""
        elif isinstance(one, Heartbeat):
            yield b": heartbeat\n\n"
        else:
            data = json.dumps(EventRead(one).data, default=str)
            yield f"id: {one.seq}\nevent: {one.kind}\ndata: {data}\n\n".encode()
    yield END
