"""Each attempt to have a provider answer is a span, where somebody wants spans."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
import structlog

from agentplatform.telemetry.tracing import stop_tracing
from apps.gateway.contracts import Message, ToolSpec
from apps.gateway.models import LlmEvent
from tests.collector import Collector, attributes, traced
from tests.integration.gateway.calls import start_work
from tests.provider import Provider

pytestmark = pytest.mark.django_db(transaction=True)
Gateway = Callable[..., None]

CLIENT = 3
ERROR = 2
TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with traced(monkeypatch) as running:
        yield running


def spans(collector: Collector) -> list[Any]:
    """Those of this process so far, in the order of their beginnings."""
    stop_tracing()
    return sorted(collector.spans, key=lambda one: one.start_time_unix_nano)


def test_an_answer_is_a_span_by_the_conventions(
    gateway: Gateway, provider: Provider, collector: Collector
) -> None:
    gateway(openai_model="gpt-4o-mini")
    work = start_work()
    call_id = work.complete(temperature=0.5).call_id
    [span] = spans(collector)
    [bill] = provider.billed()
    assert (span.name, span.kind) == ("chat gpt-4o-mini", CLIENT)
    assert span.status.code == 0
    told = attributes(span)
    assert told.pop("server.port") > 0
    assert told == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o-mini",
        "gen_ai.request.max_tokens": 1024,
        "gen_ai.request.temperature": 0.5,
        "gen_ai.output.type": "text",
        "gen_ai.response.model": "gpt-4o-mini",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": bill["prompt_tokens"],
        "gen_ai.usage.output_tokens": bill["completion_tokens"],
        "server.address": "127.0.0.1",
        "agentplatform.tenant_id": str(work.tenant_id),
        "agentplatform.run_id": str(work.run_id),
        "agentplatform.step_id": str(work.step_id),
        "agentplatform.call_id": str(call_id),
        "agentplatform.attempt_id": str(LlmEvent.objects.get().attempt_id),
    }
    assert collector.resources[0]["service.name"] == "agentplatform-web"


def test_a_span_belongs_to_the_trace_that_is_in_the_log_and_to_its_step(
    gateway: Gateway, collector: Collector
) -> None:
    gateway(openai_model="gpt-4o-mini-fail-first-1")
    with structlog.contextvars.bound_contextvars(trace_id=TRACE):
        work = start_work()
        work.complete()
    within = (TRACE, work.step_id.bytes[8:])
    assert [(one.trace_id.hex(), one.parent_span_id) for one in spans(collector)] == [within] * 2


@pytest.mark.parametrize(("share", "count"), [("0.0", 0), ("1.0", 1)])
def test_a_step_whose_trace_is_not_kept_has_no_spans_of_calls(
    gateway: Gateway, collector: Collector, monkeypatch: pytest.MonkeyPatch, share: str, count: int
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", share)
    gateway(openai_model="gpt-4o-mini")
    with structlog.contextvars.bound_contextvars(trace_id=TRACE):
        start_work().complete()
    assert len(spans(collector)) == count


def test_each_failed_attempt_is_a_span_with_its_code_and_none_of_its_words(
    gateway: Gateway, collector: Collector
) -> None:
    model = f"gpt-4o-mini-error-401-tag-{uuid4().hex}"
    gateway(openai_model=model, anthropic_model="claude-haiku-4-5")
    start_work().complete()
    first, second = spans(collector)
    assert (first.name, second.name) == (f"chat {model}", "chat claude-haiku-4-5")
    assert attributes(first)["error.type"] == "authentication_failed"
    assert (first.status.code, first.status.message) == (ERROR, "authentication_failed")
    assert not first.events
    assert attributes(second)["gen_ai.provider.name"] == "anthropic"


def test_a_streamed_answer_says_when_its_text_began(gateway: Gateway, collector: Collector) -> None:
    gateway(openai_model="gpt-4o-mini")
    start_work().complete(is_streamed=True)
    [span] = spans(collector)
    told = attributes(span)
    assert told["gen_ai.request.stream"] is True
    assert 0 < told["gen_ai.response.time_to_first_chunk"] < 10


ASKED: dict[str, Any] = {
    "messages": (
        Message(role="system", content="Be brief about the zebra."),
        Message(role="user", content="What of the okapi?"),
    ),
    "tools": (ToolSpec(name="look", description="Looks.", parameters={"type": "object"}),),
}


def test_what_is_asked_and_answered_is_on_no_span(gateway: Gateway, collector: Collector) -> None:
    gateway(openai_model="gpt-4o-mini")
    outcome = start_work().complete(**ASKED)
    [span] = spans(collector)
    assert outcome.output is not None
    for word in ("zebra", "okapi", "look", outcome.output["text"][:20] or "Looks"):
        assert word not in str(span)


def test_a_setting_puts_it_there(gateway: Gateway, collector: Collector) -> None:
    gateway(openai_model="gpt-4o-mini", trace_content=True)
    outcome = start_work().complete(**ASKED)
    [span] = spans(collector)
    told = {
        name: json.loads(value)
        for name, value in attributes(span).items()
        if name.endswith((".messages", ".system_instructions", ".definitions"))
    }
    assert outcome.output is not None
    assert told["gen_ai.system_instructions"] == [
        {"type": "text", "content": "Be brief about the zebra."}
    ]
    assert told["gen_ai.input.messages"] == [
        {"role": "user", "parts": [{"type": "text", "content": "What of the okapi?"}]}
    ]
    assert told["gen_ai.tool.definitions"][0]["name"] == "look"
    [answer] = told["gen_ai.output.messages"]
    assert answer["role"] == "assistant"
    assert answer["parts"][-1]["type"] in ("text", "tool_call")
