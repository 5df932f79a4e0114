"""The gateway's HTTP door: it answers /v1/*, ahead of whatever answers the rest."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from django.conf import settings

from agentplatform.core.clock import now
from agentplatform.core.errors import PlatformError
from agentplatform.telemetry.metrics import HTTP_DURATION, HTTP_REQUESTS
from agentplatform.telemetry.requests import METHODS
from apps.gateway.doors.callers import Callers
from apps.gateway.doors.chat import complete_chat
from apps.gateway.doors.cors import is_preflight, origin_headers, preflight_headers
from apps.gateway.doors.embeddings import create_embeddings
from apps.gateway.doors.exchange import JSON, ClientGone, Exchange, Receive, Scope, Send
from apps.gateway.doors.messages import count_tokens, create_message
from apps.gateway.doors.model_list import list_models, show_model
from apps.gateway.doors.once import REFUSED_BY_PROVIDER, Repeated, kept_answer
from apps.gateway.doors.refusals import (
    Refusal,
    not_found,
    refusal_of_error,
    stopping,
    wrong_method,
)
from apps.gateway.doors.responses import create_response
from apps.gateway.doors.telling_headers import id_headers
from apps.gateway.rates.headers import rate_headers
from apps.gateway.services.kept_answer import KeptAnswer
from apps.gateway.services.reception import RateLimitReached, Reception
from apps.tenants.contracts import Principal

log = structlog.get_logger("http")

PREFIX: Final = "/v1/"
_MODEL: Final = re.compile(r"/v1/models/(.+)")
_REPEATED: Final = re.compile(r"\A(?:/v1)+/")
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Endpoint = Callable[[Exchange, Principal, Reception], Awaitable[None]]


async def _list_models(exchange: Exchange, caller: Principal, reception: Reception) -> None:
    await list_models(exchange, await reception.model_names(caller))


async def _show_model(exchange: Exchange, caller: Principal, reception: Reception) -> None:
    found = _MODEL.fullmatch(exchange.path)
    assert found is not None
    await show_model(exchange, found[1], await reception.model_names(caller))


ENDPOINTS: Final[dict[str, tuple[str, Endpoint]]] = {
    "/v1/chat/completions": ("POST", complete_chat),
    "/v1/embeddings": ("POST", create_embeddings),
    "/v1/messages": ("POST", create_message),
    "/v1/messages/count_tokens": ("POST", count_tokens),
    "/v1/responses": ("POST", create_response),
    "/v1/models": ("GET", _list_models),
    "/v1/models/{model}": ("GET", _show_model),
}
"""By address template: the method, and what answers."""


class Door:
    """Belongs to the event loop of the process's server. What it holds is made with the first
    request."""

    def __init__(self, beyond: Application) -> None:
        self._beyond = beyond
        self._wait_seconds: float = settings.PLATFORM.gateway_wait_seconds
        self._callers = Callers(wait_seconds=self._wait_seconds)
        self._reception: Reception | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._beyond(scope, receive, send)
            return
        began = time.perf_counter()
        exchange = Exchange(scope, receive, send)
        template = "unmatched"
        try:
            if origin := origin_headers(exchange):
                exchange.always = [*exchange.always, *origin]
            template, method, endpoint = _find(exchange.path)
            if origin and is_preflight(exchange):
                allowed = preflight_headers(exchange, method=method)
                await exchange.send_whole(b"", status=200, headers=allowed)
                return
            if exchange.method != method:
                raise wrong_method(exchange.method, method)
            caller = await self._callers.find(exchange.credential())
            await endpoint(exchange, caller, self._open_reception())
            self._end_claim(exchange)
        except ClientGone:
            return
        except Repeated as found:
            await exchange.replay(found.answer)
        except asyncio.CancelledError:  # by the end of the process, and nothing else
            await self._give_up(exchange, stopping())
        except Exception as error:
            await self._refuse(exchange, error)
        finally:
            _count(exchange, template, began)

    async def close(self) -> None:
        """Give up every connection; the next request makes new ones."""
        await self._callers.close()
        held, self._reception = self._reception, None
        if held is not None:
            await held.close()

    async def _refuse(self, exchange: Exchange, error: Exception) -> None:
        if isinstance(error, Refusal | PlatformError | RateLimitReached):
            self._end_claim(exchange, await _refuse(exchange, error))
            return
        log.exception("request.crashed", path=exchange.path[:200])
        await self._give_up(exchange, error)

    async def _give_up(self, exchange: Exchange, error: Exception) -> None:
        """Refuse what may have cost nobody knows what."""
        if exchange.claim is not None:
            self._open_reception().keyed.lapse(exchange.claim)
        await _refuse(exchange, error)

    def _end_claim(self, exchange: Exchange, answer: KeptAnswer | None = None) -> None:
        """What came of the claim's call is known; without an answer to keep, the key is free."""
        if exchange.claim is not None and not exchange.claim.is_ended:
            self._open_reception().keyed.end(exchange.claim, answer)

    def _open_reception(self) -> Reception:
        if self._reception is None:
            self._reception = Reception(clock=now, wait_seconds=self._wait_seconds)
        return self._reception


def _find(path: str) -> tuple[str, str, Endpoint]:
    template = path if path in ENDPOINTS else ""
    if not template and _MODEL.fullmatch(path):
        template = "/v1/models/{model}"
    if not template:
        meant = _REPEATED.sub("/v1/", path.rstrip("/"))
        raise not_found(path[:200], meant=meant if meant in ENDPOINTS else None)
    return template, *ENDPOINTS[template]


async def _refuse(exchange: Exchange, error: Exception) -> KeptAnswer | None:
    """Answer with the error; returns it if a repetition of the request is to get it too."""
    if exchange.status:  # the answer has begun: its end without an end mark tells the client
        return None
    headers = id_headers(exchange.call_id) if exchange.call_id else []
    if isinstance(error, RateLimitReached):
        headers += rate_headers(error.decision)
    refusal = refusal_of_error(error)
    log.info(
        "request.refused",
        path=exchange.path[:200],
        status=refusal.meaning.status,
        code=refusal.meaning.code,
        param=refusal.param,
        call_id=str(exchange.call_id or ""),
    )
    body = await exchange.refuse(refusal, headers=headers)
    if exchange.claim is None or refusal.meaning.status != REFUSED_BY_PROVIDER:
        return None
    return kept_answer(REFUSED_BY_PROVIDER, [JSON, *headers], body)


def _count(exchange: Exchange, template: str, began: float) -> None:
    """An answer, by the time until it began; a client that left before has had none."""
    if exchange.answered_at is None:
        return
    service = settings.PLATFORM.service
    method = exchange.method if exchange.method in METHODS else "OTHER"
    HTTP_REQUESTS.labels(service, method, str(exchange.status)).inc()
    HTTP_DURATION.labels(service, template).observe(exchange.answered_at - began)
