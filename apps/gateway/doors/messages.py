"""POST /v1/messages and /v1/messages/count_tokens, for Anthropic's clients."""

from functools import partial

from apps.gateway.doors.body import read_request
from apps.gateway.doors.exchange import Exchange
from apps.gateway.doors.message_answer import MessageTeller, message_of
from apps.gateway.doors.message_request import read_message
from apps.gateway.doors.serving import Serving
from apps.gateway.services.reception import Reception
from apps.tenants.contracts import Principal


async def create_message(exchange: Exchange, caller: Principal, reception: Reception) -> None:
    """Answer a messages request, whole or as a stream. Raises what Serving raises."""
    serving = Serving(exchange, reception)
    wish = await read_request(exchange, read_message)
    job = await serving.open(caller, wish.request)
    if wish.is_streamed:
        await serving.stream(job, MessageTeller(job))
    else:
        await serving.reply(job, message_of)


async def count_tokens(exchange: Exchange, caller: Principal, reception: Reception) -> None:
    """At most how many tokens a request's prompt has. No provider is asked."""
    wish = await read_request(exchange, partial(read_message, needs_bound=False))
    counted = await reception.count_tokens(caller, wish.request)
    await exchange.reply({"input_tokens": counted})
