"""The HTTP server: the providers' endpoints, and its own under /_."""

import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from aiohttp import web

from tests.provider.anthropic_wire.errors import ANTHROPIC_ERRORS
from tests.provider.anthropic_wire.wires import COUNT_TOKENS, MESSAGES, pick_messages
from tests.provider.behaviour import DIRECTIVES, parse_behaviour
from tests.provider.bills import Bills
from tests.provider.delivery import deliver
from tests.provider.exchange import Exchange
from tests.provider.models import (
    render_anthropic_models,
    render_openai_model,
    render_openai_models,
)
from tests.provider.openai_wire.errors import OPENAI_ERRORS
from tests.provider.openai_wire.wires import CHAT, EMBEDDINGS, RESPONSES
from tests.provider.orders import fill_in, prepare_order, read_model
from tests.provider.refusal import Refusal
from tests.provider.state import State
from tests.provider.wire import Errors, Wire

LARGEST_REQUEST = 64 * 1024 * 1024
Pick = Callable[[Mapping[str, str]], Wire]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make_app(log: Path | None = None) -> web.Application:
    """The provider as an application; bills are appended to `log`."""
    state = State(Bills(log))
    app = web.Application(client_max_size=LARGEST_REQUEST)
    for wire in (CHAT, RESPONSES, EMBEDDINGS, COUNT_TOKENS):
        app.router.add_post(wire.path, _complete_with(state, _always(wire)))
    app.router.add_post(MESSAGES.path, _complete_with(state, pick_messages))
    app.router.add_get("/v1/models", _list_models)
    app.router.add_get("/v1/models/{model:.+}", _show_model)
    _add_controls(app, state)

    async def close(_: web.Application) -> None:
        state.bills.close()

    app.on_cleanup.append(close)
    return app


def _always(wire: Wire) -> Pick:
    return lambda headers: wire


def _complete_with(state: State, pick: Pick) -> Handler:
    async def complete(request: web.Request) -> web.StreamResponse:
        wire = pick(request.headers)
        state.begin(wire.path)
        status = 0
        try:
            response = await _answer(state, wire, request)
            status = response.status
            return response
        finally:
            state.end(status)

    return complete


async def _answer(state: State, wire: Wire, request: web.Request) -> web.StreamResponse:
    request_id = state.next_request_id()
    try:
        wire.errors.check_headers(request.headers)
        raw = await request.read()
        model = read_model(raw)
        behaviour, script = state.behaviour_of(wire.errors.provider, model)
        behaviour = behaviour.at_request(state.count_model(model))
        order = prepare_order(wire, raw, behaviour, script)
        exchange = Exchange(
            request=request,
            request_id=request_id,
            wire=wire,
            order=order,
            behaviour=behaviour,
            bills=state.bills,
            resets=state.bills.resets,
        )
        return await deliver(exchange)
    except Refusal as refusal:
        return _refuse(wire.errors, refusal, request_id)


def _refuse(errors: Errors, refusal: Refusal, request_id: str) -> web.Response:
    headers = {errors.request_id_header: request_id}
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    body = fill_in(json.dumps(errors.render(refusal)).encode(), request_id)
    return web.Response(
        status=refusal.status, body=body, content_type="application/json", headers=headers
    )


async def _list_models(request: web.Request) -> web.Response:
    errors = ANTHROPIC_ERRORS if "anthropic-version" in request.headers else OPENAI_ERRORS
    try:
        errors.check_headers(request.headers)
    except Refusal as refusal:
        return _refuse(errors, refusal, "models")
    is_anthropic = errors is ANTHROPIC_ERRORS
    return web.json_response(render_anthropic_models() if is_anthropic else render_openai_models())


async def _show_model(request: web.Request) -> web.Response:
    model = request.match_info["model"]
    try:
        OPENAI_ERRORS.check_headers(request.headers)
        parse_behaviour(model)
    except Refusal as refusal:
        return _refuse(OPENAI_ERRORS, refusal, "models")
    return web.json_response(render_openai_model(model))


def _add_controls(app: web.Application, state: State) -> None:
    async def billed(_: web.Request) -> web.Response:
        return web.json_response(state.bills.listed())

    async def requests(_: web.Request) -> web.Response:
        return web.json_response(state.counts())

    async def reset(_: web.Request) -> web.Response:
        state.forget()
        return web.json_response({})

    async def control(request: web.Request) -> web.Response:
        try:
            state.control(await request.json())
        except Refusal as refusal:
            return web.json_response({"error": refusal.message}, status=400)
        return web.json_response({})

    async def directives(_: web.Request) -> web.Response:
        return web.json_response({directive.name: directive.meaning for directive in DIRECTIVES})

    app.router.add_get("/_billed", billed)
    app.router.add_get("/_requests", requests)
    app.router.add_post("/_reset", reset)
    app.router.add_post("/_control", control)
    app.router.add_get("/_directives", directives)
