"""POST /v1/responses."""

from functools import partial

from apps.gateway.doors.body import read_request
from apps.gateway.doors.exchange import Exchange
from apps.gateway.doors.response_answer import response_of
from apps.gateway.doors.response_request import read_response
from apps.gateway.doors.response_stream import ResponseTeller
from apps.gateway.doors.serving import Serving
from apps.gateway.services.reception import Reception
from apps.tenants.contracts import Principal


async def create_response(exchange: Exchange, caller: Principal, reception: Reception) -> None:
    """Answer a responses request, whole or as a stream. Raises what Serving raises."""
    serving = Serving(exchange, reception)
    wish = await read_request(exchange, read_response)
    job = await serving.open(caller, wish.request)
    if wish.is_streamed:
        await serving.stream(job, ResponseTeller(job, told=wish.told))
    else:
        await serving.reply(job, partial(response_of, told=wish.told))
