"""POST /v1/chat/completions."""

from apps.gateway.doors.body import read_request
from apps.gateway.doors.chat_answer import completion_of
from apps.gateway.doors.chat_request import read_chat
from apps.gateway.doors.chat_stream import ChunkTeller
from apps.gateway.doors.exchange import Exchange
from apps.gateway.doors.serving import Serving
from apps.gateway.services.reception import Reception
from apps.tenants.contracts import Principal


async def complete_chat(exchange: Exchange, caller: Principal, reception: Reception) -> None:
    """Answer a chat request, as it asks for: whole or as a stream. Raises what Serving raises."""
    serving = Serving(exchange, reception)
    wish = await read_request(exchange, read_chat)
    job = await serving.open(caller, wish.request)
    if wish.is_streamed:
        await serving.stream(job, ChunkTeller(job, has_usage=wish.has_usage))
    else:
        await serving.reply(job, completion_of)
