"""GET /v1/models, in OpenAI's form or, for its clients, in Anthropic's."""

from typing import Any, Final

from apps.gateway.doors.exchange import Exchange
from apps.gateway.doors.refusals import Meaning, Refusal

_CREATED: Final = 1_700_000_000
_CREATED_AT: Final = "2023-11-14T22:13:20Z"


async def list_models(exchange: Exchange, names: list[str]) -> None:
    """The names that the caller's requests may use."""
    if exchange.is_anthropic:
        await exchange.reply(_page_of(names))
    else:
        await exchange.reply({"object": "list", "data": [_model(name) for name in names]})


async def show_model(exchange: Exchange, name: str, names: list[str]) -> None:
    """One of them."""
    if name not in names:
        meaning = Meaning(404, "invalid_request_error", "model_not_found")
        raise Refusal(f"There is no model '{name[:200]}'; GET /v1/models lists them.", meaning)
    await exchange.reply(_info(name) if exchange.is_anthropic else _model(name))


def _model(name: str) -> dict[str, Any]:
    owner = name.partition(":")[0] if ":" in name else "agentplatform"
    return {"id": name, "object": "model", "created": _CREATED, "owned_by": owner}


def _info(name: str) -> dict[str, Any]:
    return {"type": "model", "id": name, "display_name": name, "created_at": _CREATED_AT}


def _page_of(names: list[str]) -> dict[str, Any]:
    return {
        "data": [_info(name) for name in names],
        "has_more": False,
        "first_id": names[0] if names else None,
        "last_id": names[-1] if names else None,
    }
