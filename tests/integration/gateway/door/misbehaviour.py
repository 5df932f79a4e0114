"""Each way in which a provider misbehaves, asked for through every form of the HTTP door, all at
once: what the client, the rows and the provider's bills say of it afterwards."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
from django.conf import settings
from django.test import override_settings
from pydantic import SecretStr

from agentplatform.core.clock import now
from apps.gateway.models import LlmEvent
from apps.tenants.models import LedgerEntry, Tenant
from apps.tenants.services.create_api_key import create_api_key
from tests.integration.gateway.door.serving import Caller, Server
from tests.provider import Provider

HELLO = [{"role": "user", "content": "Hello."}]
MAX_TOKENS = 50
ATTEMPT = "x-client-request-id"


@dataclass(frozen=True, kw_only=True)
class Form:
    """How a client asks, and of whom: the provider that misbehaves is first, `backup` after it."""

    name: str
    path: str
    model: str
    primary: str
    backup: str
    is_streamed: bool
    has_backup: bool = True

    @property
    def end(self) -> str:
        """What a whole stream ends with."""
        return "data: [DONE]" if self.primary == "openai" else 'data: {"type":"message_stop"}'


def _forms() -> Iterator[Form]:
    openai, anthropic = "openai:gpt-4o-mini", "anthropic:claude-haiku-4-5"
    doors = {
        "chat": ("/v1/chat/completions", openai, anthropic),
        "messages": ("/v1/messages", anthropic, openai),
    }
    for door, (path, first, second) in doors.items():
        for kind in ("plain", "streamed", "alone"):
            yield Form(
                name=f"{door}-{kind}",
                path=path,
                model=first,
                primary=first.partition(":")[0],
                backup=second,
                is_streamed=kind == "streamed",
                has_backup=kind != "alone",
            )


FORMS = [*_forms()]
"""`alone` is plain, of a provider that nobody backs up."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What came of one request. `attempts` are its rows by age, `charges` the ledger's entries by
    attempt, `bills` the provider's."""

    status: int
    headers: Mapping[str, str]
    text: str
    seconds: float
    attempts: Sequence[LlmEvent] = ()
    charges: Mapping[UUID, LedgerEntry] = field(default_factory=dict)
    bills: Mapping[UUID, int] = field(default_factory=dict)


@contextmanager
def door(provider: Provider, faults: Sequence[str], **more: Any) -> Iterator[Caller]:
    """A running door with a route for each fault and form, and a caller of it."""
    routes = {
        f"{fault}_{form.name}": [f"{form.model}-tokens-40-{fault}-tag-{form.primary}"]
        + [form.backup] * form.has_backup
        for fault in faults
        for form in FORMS
    }
    changes: dict[str, Any] = {
        "openai_api_key": SecretStr("k"),
        "anthropic_api_key": SecretStr("k"),
        "openai_base_url": provider.openai_base_url,
        "anthropic_base_url": provider.anthropic_base_url,
        "local_llm_base_url": "",
        "model_routes": json.dumps(routes),
        "breaker_least_calls": 1000,
    }
    with having(**changes | more):
        provider.reset()
        tenant = Tenant.objects.create(name="Acme", slug="misbehaviour")
        key = create_api_key(tenant_id=tenant.id, name="key", at=now(), scopes=("gateway",))
        server = Server()
        server.start()
        try:
            yield Caller(tenant.id, key.api_key_id, key.secret, server.address)
        finally:
            server.stop()


@contextmanager
def having(**changes: Any) -> Iterator[None]:
    """The platform's settings with these changes, for calls that begin inside the block."""
    with override_settings(PLATFORM=settings.PLATFORM.model_copy(update=changes)):
        yield


def ask_all(
    caller: Caller, faults: Sequence[str], forms: Sequence[Form], *, at_once: int
) -> dict[tuple[str, Form], Seen]:
    """What comes of every fault in each of the forms."""
    wanted = [(fault, form) for fault in faults for form in forms]
    with httpx.Client(timeout=60) as client, ThreadPoolExecutor(at_once) as pool:
        asked = [pool.submit(ask, client, caller, fault, form) for fault, form in wanted]
        return {case: one.result() for case, one in zip(wanted, asked, strict=True)}


def ask(client: httpx.Client, caller: Caller, fault: str, form: Form) -> Seen:
    body = {
        "model": f"{fault}_{form.name}",
        "messages": HELLO,
        "max_tokens": MAX_TOKENS,
        "stream": form.is_streamed,
    }
    headers = {"authorization": f"Bearer {caller.secret}"}
    began = time.monotonic()
    answer = client.post(caller.address + form.path, json=body, headers=headers)
    return Seen(
        status=answer.status_code,
        headers=answer.headers,
        text=answer.text,
        seconds=time.monotonic() - began,
    )


def with_rows(seen: Seen, bills: Mapping[UUID, int]) -> Seen:
    """The same with what the rows say of its call."""
    call_id = seen.headers.get("x-agentplatform-call-id")
    if call_id is None:
        return seen
    entries = LedgerEntry.objects.filter(call_id=call_id)
    attempts = list(LlmEvent.objects.filter(call_id=call_id).order_by("id"))
    return Seen(
        status=seen.status,
        headers=seen.headers,
        text=seen.text,
        seconds=seen.seconds,
        attempts=attempts,
        charges={entry.attempt_id: entry for entry in entries},
        bills={
            one.attempt_id: bills[one.attempt_id] for one in attempts if one.attempt_id in bills
        },
    )


def billed(provider: Provider) -> dict[UUID, int]:
    """Tokens by attempt. No attempt was billed twice."""
    bills = provider.billed()
    found = {
        UUID(bill["headers"][ATTEMPT]): bill["prompt_tokens"] + bill["completion_tokens"]
        for bill in bills
    }
    assert len(found) == len(bills)
    return found
