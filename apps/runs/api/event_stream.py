"""A run's events as server-sent events (https://html.spec.whatwg.org/#server-sent-events)."""

import json
from collections.abc import Iterator

from django.http import StreamingHttpResponse
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from agentplatform.api.streaming import PAUSE_SECONDS, stream
from agentplatform.core.clock import now
from agentplatform.core.drain import is_draining
from apps.runs.api.serializers import EventRead, TextDeltaRead
from apps.runs.models import Run
from apps.runs.services.follow_events import Heartbeat, Seen, follow_events
from apps.runs.services.hear_steps import StepText, hear_steps
from apps.tenants.facade import credential_check

EVENT_STREAM = "text/event-stream"
TEXT_DELTA = "completion.delta"
TEXT_PAUSE_SECONDS = 0.08
END = b"event: end\ndata: {}\n\n"


class EventStreamRenderer(JSONRenderer):
    """Lets a client ask for EVENT_STREAM; an error is JSON all the same."""

    media_type = EVENT_STREAM
    format = "sse"


def stream_events(request: Request, run: Run, *, after: int) -> StreamingHttpResponse:
    """Events past `after` as they come, with the text of streamed steps, then `end`. It ends within
    seconds of the credential, and with the process: then without `end`, and the client goes on at
    another."""
    is_valid = credential_check(request)
    hear = hear_steps(run)
    seen = follow_events(
        tenant_id=run.tenant_id,
        run_id=run.id,
        after=after,
        clock=now,
        may_go_on=lambda: not is_draining() and is_valid(),
        hear=hear,
    )
    pause = TEXT_PAUSE_SECONDS if hear else PAUSE_SECONDS
    response = stream(request, _lines(seen), content_type=EVENT_STREAM, pause_seconds=pause)
    response["X-Accel-Buffering"] = "no"
    return response


def _lines(seen: Iterator[Seen]) -> Iterator[bytes]:
    for one in seen:
        if one is None:
            yield b""
        elif isinstance(one, Heartbeat):
            yield b": heartbeat\n\n"
        elif isinstance(one, StepText):
            data = json.dumps(TextDeltaRead(one).data, default=str)
            yield f"event: {TEXT_DELTA}\ndata: {data}\n\n".encode()
        else:
            data = json.dumps(EventRead(one).data, default=str)
            yield f"id: {one.seq}\nevent: {one.kind}\ndata: {data}\n\n".encode()
    if not is_draining():
        yield END
