"""Ask an MCP server for its tools, and keep what it lists."""

from dataclasses import replace
from urllib.parse import urlsplit
from uuid import UUID

from django.utils.module_loading import import_string

from agentplatform.core.connections import brief_connection
from agentplatform.core.errors import InvalidInput, NotFound
from agentplatform.core.transactions import refuse_transaction, require_transaction
from apps.tools.egress.session import EgressRequest
from apps.tools.models import McpServer, McpTool
from apps.tools.runners.masking import Masking
from apps.tools.runners.mcp.target import Listing, Server
from apps.tools.runners.secret import Secret
from apps.tools.runners.work import ToolFailure
from apps.tools.services.find_tool_secret import find_tool_secret
from apps.tools.services.find_way_out import way_out_of_tenant
from apps.tools.services.request_log import record_requests

LISTING_SECONDS = 15.0


def read_mcp_server(*, tenant_id: UUID, name: str, server: Server) -> Listing:
    """What the server of this name lists now. Raises InvalidInput, which says why it does not. Each
    request to it is recorded.

    Waits for the server, at most LISTING_SECONDS. Raises OpenTransaction inside a transaction.
    """
    refuse_transaction()
    _check_url(server.url)
    requests: list[EgressRequest] = []
    with brief_connection():
        secret = find_server_secret(tenant_id=tenant_id, server=server)
        egress = way_out_of_tenant(tenant_id, record=requests.append)
    list_tools = import_string("apps.tools.runners.mcp.listing.list_tools")
    masking = Masking((secret,) if secret else ())
    try:
        listing: Listing = list_tools(
            server,
            name=name,
            egress=egress,
            secret=secret,
            seconds=LISTING_SECONDS,
        )
    except ToolFailure as failure:
        raise InvalidInput(
            "The server's tools cannot be read.", errors={"url": [masking.text(failure.detail)]}
        ) from failure
    finally:
        record_requests(tenant_id=tenant_id, requests=requests)
    return _masked(listing, masking)


def keep_listing(server: McpServer, listing: Listing) -> None:
    """Put these tools in the place of those that the server had. Requires a transaction."""
    require_transaction()
    server.tools.all().delete()
    McpTool.objects.bulk_create(
        McpTool(
            tenant_id=server.tenant_id,
            server=server,
            name=tool.name,
            called=tool.called,
            description=tool.description,
            parameters=tool.parameters,
            result=tool.result,
            is_repeatable=tool.is_repeatable,
        )
        for tool in listing.tools
    )


def _masked(listing: Listing, masking: Masking) -> Listing:
    """The listing without the secret that the server was sent."""
    tools = tuple(
        replace(
            tool,
            description=masking.text(tool.description),
            parameters=masking.json(tool.parameters),
            result=masking.json(tool.result),
        )
        for tool in listing.tools
    )
    return replace(listing, tools=tools, left_out=tuple(map(masking.text, listing.left_out)))


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018
    except ValueError as error:
        raise InvalidInput("This is no address.", errors={"url": [f"{error}."]}) from error
    problem = None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        problem = "Use an address like https://mcp.example.org/mcp."
    elif parts.username or parts.password:
        problem = "Leave out user and password; use a secret."
    elif parts.fragment:
        problem = "Leave out the part after #."
    if problem:
        raise InvalidInput("This is no address of a server.", errors={"url": [problem]})


def find_server_secret(*, tenant_id: UUID, server: Server) -> Secret | None:
    """The secret that the server is sent, if any. Raises InvalidInput when there is none of its
    name, or it is bound to other hosts."""
    if not server.secret:
        return None
    try:
        secret = find_tool_secret(tenant_id=tenant_id, name=server.secret)
    except (NotFound, ToolFailure) as error:
        raise _unusable_secret(error.detail) from error
    url = urlsplit(server.url)
    if not secret.is_for(url):
        raise _unusable_secret(
            f"The secret {server.secret!r} is not bound to {url.scheme}://{url.netloc}; add the "
            "host to it, or name another."
        )
    return secret


def _unusable_secret(detail: str) -> InvalidInput:
    return InvalidInput("The secret cannot be used.", errors={"secret": [detail]})
