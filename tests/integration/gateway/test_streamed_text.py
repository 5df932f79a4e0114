"""The text of a running call reaches whoever follows its run, and never holds up the call."""

import asyncio
import contextvars
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

import pytest
import redis
from django.conf import settings
from django.test import override_settings

from agentplatform.core.clock import now
from agentplatform.core.wait import wait_for
from agentplatform.telemetry.metrics import render_metrics
from apps.gateway.contracts import TextDelta
from apps.gateway.facade import DeltaEar
from apps.gateway.models import LlmCall
from apps.gateway.services import delta_store, hear_deltas, tell_deltas
from apps.gateway.services.attempt import CallOwner
from apps.gateway.services.complete_calls import complete_calls
from tests.integration.gateway.calls import Work, assert_settled, events, start_work
from tests.provider import Provider

pytestmark = pytest.mark.django_db
Gateway = Callable[..., None]
SLOW = "openai:gpt-tokens-60-pace-25"


class Listener:
    """Gathers what it hears of a run as a client does: an offset of 0 begins anew."""

    def __init__(self, work: Work) -> None:
        self.ear = DeltaEar(tenant_id=work.tenant_id, run_id=work.run_id)
        self.deltas: list[TextDelta] = []
        self.texts: dict[UUID, str] = {}

    def listen(self) -> "Listener":
        for delta in self.ear.listen(now()):
            self.deltas.append(delta)
            before = self.texts.get(delta.call_id, "") if delta.offset else ""
            assert len(before) == delta.offset
            self.texts[delta.call_id] = before + delta.text
        return self

    @property
    def text(self) -> str:
        (text,) = self.texts.values()
        return text


@contextmanager
def running(call_id: UUID) -> Iterator[threading.Thread]:
    """The call completes in a thread of its own."""
    context = contextvars.copy_context()
    complete = lambda: complete_calls(call_ids=[call_id], clock=now)  # noqa: E731
    thread = threading.Thread(target=context.run, args=(complete,))
    thread.start()
    yield thread
    thread.join(timeout=30)
    assert not thread.is_alive()


def listen_until(listener: Listener, condition: Callable[[], bool]) -> None:
    wait_for(lambda: listener.listen() and condition(), timeout_seconds=20, what="the text")


def test_text_comes_while_the_call_runs_and_is_the_answers(gateway: Gateway) -> None:
    gateway()
    work = start_work()
    listener = Listener(work).listen()
    call_id = work.plan(model=SLOW, is_streamed=True)
    with running(call_id) as thread:
        listen_until(listener, lambda: bool(listener.texts))
        assert thread.is_alive()
        listen_until(listener, lambda: not thread.is_alive())
    output = work.outcome(call_id).output
    assert output is not None
    assert listener.listen().text == output["text"]
    assert len(listener.deltas) > 3
    assert {(delta.call_id, delta.step_id) for delta in listener.deltas} == {
        (call_id, work.step_id)
    }
    assert_settled(work)


def test_the_wait_for_the_first_text_is_measured(gateway: Gateway) -> None:
    gateway()
    work = start_work()
    work.complete(model="openai:gpt-tokens-20-latency-100-pace-20-tag-first", is_streamed=True)
    labels = 'model="gpt-tokens-20-latency-100-pace-20-tag-first",provider="openai"'
    found = {
        line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
        for line in render_metrics().decode().splitlines()
        if labels in line
    }
    assert found[f"llm_first_text_seconds_count{{{labels}}}"] == 1
    first = found[f"llm_first_text_seconds_sum{{{labels}}}"]
    assert 0.1 < first < found[f"llm_latency_seconds_sum{{{labels}}}"] - 0.2


def test_what_a_lost_worker_told_is_void_once_another_has_the_call(gateway: Gateway) -> None:
    gateway()
    work = start_work()
    listener = Listener(work).listen()
    call_id = work.plan(model="openai:gpt-tokens-60", is_streamed=True)

    async def tell_and_die() -> None:
        tellers = tell_deltas.DeltaTellers(settings.REDIS_URL)
        owner = CallOwner(
            call_id=call_id, tenant_id=work.tenant_id, run_id=work.run_id, step_id=work.step_id
        )
        tellers.teller(owner).on_text("half of an ans")
        await asyncio.to_thread(listen_until, listener, lambda: bool(listener.texts))
        await tellers.close()

    asyncio.run(tell_and_die())
    late = Listener(work).listen()
    assert late.text == listener.text == "half of an ans"
    complete_calls(call_ids=[call_id], clock=now)
    output = work.outcome(call_id).output
    assert output is not None
    assert late.listen().text == listener.listen().text == output["text"]


def test_who_comes_late_hears_what_was_said_so_far(gateway: Gateway) -> None:
    gateway()
    work = start_work()
    early, late = Listener(work).listen(), Listener(work)
    call_id = work.plan(model=SLOW, is_streamed=True)
    with running(call_id):
        listen_until(early, lambda: len(early.deltas) > 2)
        late.listen()
        assert late.text.startswith(early.text)
        assert len(late.deltas) == 1
    assert late.listen().text == early.listen().text


def test_a_call_that_is_over_is_not_heard_by_who_comes_then(gateway: Gateway) -> None:
    gateway()
    work = start_work()
    work.complete(model="openai:gpt-tokens-60", is_streamed=True)
    assert Listener(work).listen().listen().deltas == []


def test_calls_at_the_same_time_are_told_apart(gateway: Gateway) -> None:
    gateway()
    work = start_work()
    listener = Listener(work).listen()
    calls = {
        work.plan(index=index, model=f"openai:gpt-tokens-{20 + index}-pace-5", is_streamed=True)
        for index in range(3)
    }
    first, second, third = calls
    with running(first), running(second), running(third):
        pass
    listener.listen()
    for call_id in calls:
        output = work.outcome(call_id).output
        assert output is not None
        assert listener.texts[call_id] == output["text"]


def test_what_a_failed_attempt_said_is_void(gateway: Gateway, provider: Provider) -> None:
    gateway(openai_model="gpt-tokens-60-pace-20-stream-cut", anthropic_model="claude-tokens-40")
    work = start_work()
    listener = Listener(work).listen()
    call_id = work.plan(is_streamed=True)
    with running(call_id):
        listen_until(listener, lambda: bool(listener.texts))
        listen_until(listener, lambda: listener.text == "")
    output = work.outcome(call_id).output
    assert output is not None
    assert output["provider"] == "anthropic"
    assert listener.listen().text == output["text"]
    assert [status for _, status, _ in events(work)] == ["unknown"] * 3 + ["success"]
    assert_settled(work)


def test_a_call_that_fails_leaves_no_text(gateway: Gateway) -> None:
    gateway(on="openai", openai_model="gpt-tokens-60-stream-cut")
    work = start_work()
    listener = Listener(work).listen()
    outcome = work.complete(is_streamed=True)
    assert outcome.failure is not None
    assert set(listener.listen().texts.values()) <= {""}


def test_nothing_is_told_of_a_call_that_is_not_streamed(gateway: Gateway) -> None:
    gateway()
    work = start_work()
    listener = Listener(work).listen()
    work.complete(model="openai:gpt-tokens-60")
    assert listener.listen().deltas == []
    assert "is_streamed" not in LlmCall.objects.get().request, "an older worker would refuse it"


def test_the_run_of_another_tenant_is_not_heard(gateway: Gateway) -> None:
    gateway()
    work = start_work()
    stranger = DeltaEar(tenant_id=uuid4(), run_id=work.run_id)
    stranger.listen(now())
    work.complete(model="openai:gpt-tokens-60", is_streamed=True)
    assert stranger.listen(now()) == []


def test_text_that_valkey_has_forgotten_is_told_again(gateway: Gateway) -> None:
    gateway()
    work = start_work()
    listener = Listener(work).listen()
    call_id = work.plan(model=SLOW, is_streamed=True)
    with running(call_id):
        listen_until(listener, lambda: len(listener.deltas) > 2)
        redis.Redis.from_url(settings.REDIS_URL).flushdb()
    output = work.outcome(call_id).output
    assert output is not None
    assert listener.listen().text == output["text"]


def test_long_text_comes_in_bounded_pieces_and_ends_at_the_bound(
    gateway: Gateway, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tell_deltas, "MAX_BYTES", 100_000)
    gateway()
    work = start_work()
    listener = Listener(work).listen()
    call_id = work.plan(model="openai:gpt-body-1mb", is_streamed=True)
    with running(call_id):
        pass
    output = work.outcome(call_id).output
    assert output is not None
    assert len(output["text"]) > delta_store.MAX_BYTES
    listener.listen()
    assert 100_000 <= len(listener.text) < 110_000
    assert output["text"].startswith(listener.text)
    assert max(len(delta.text) for delta in listener.deltas) == hear_deltas.MAX_CHARACTERS


@pytest.fixture
def silent_address() -> Iterator[str]:
    """Somebody who listens and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


@pytest.mark.parametrize("is_silent", [False, True])
def test_without_valkey_the_text_is_lost_and_the_call_is_not(
    gateway: Gateway, silent_address: str, is_silent: bool
) -> None:
    address = silent_address if is_silent else "redis://127.0.0.1:1/0"
    gateway()
    with override_settings(REDIS_URL=address):
        work = start_work()
        listener = Listener(work).listen()
        began = now()
        outcome = work.complete(model="openai:gpt-tokens-60-pace-5", is_streamed=True)
        assert outcome.output is not None
        assert (now() - began).total_seconds() < 2
        assert listener.listen().deltas == []
        assert_settled(work)


def test_text_cut_within_a_pair_is_put_together(gateway: Gateway, provider: Provider) -> None:
    said = "שלום 🙂🙂" * 30
    provider.control(model="local-tag-pairs", script=[{"text": json.dumps({"answer": said})}])
    gateway(on="local")
    work = start_work()
    listener = Listener(work).listen()
    tool = {"name": "a", "description": "", "parameters": {"type": "object"}}
    call_id = work.plan(model="local:local-tag-pairs", tools=[tool], is_streamed=True)
    with running(call_id):
        pass
    assert listener.listen().text == said
