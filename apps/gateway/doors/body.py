"""What the bodies of all requests have in common."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, TypeVar

from django.conf import settings

from agentplatform.core.json_schema import find_schema_problem
from agentplatform.settings.environment import Environment
from apps.gateway.doors.checks import mapping, name_of, required, text, wrong_value
from apps.gateway.doors.exchange import Exchange
from apps.gateway.doors.refusals import wrong
from apps.gateway.providers.json_body import decode_json, encode_json
from apps.gateway.services.beside import beside

Wish = TypeVar("Wish")


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What the operator allows."""

    image_bytes: int
    passes_unknown: bool


def bounds_of(platform: Environment) -> Bounds:
    """The bounds that the settings say."""
    return Bounds(
        image_bytes=platform.gateway_image_limit_bytes,
        passes_unknown=platform.gateway_unknown_parameters == "pass",
    )


async def read_request(exchange: Exchange, read: Callable[..., Wish]) -> Wish:
    """What the body of a request wishes, as `read` finds it in its bytes and `bounds`. Raises
    Refusal and ClientGone."""
    platform = settings.PLATFORM
    raw = await exchange.read_body(limit=platform.gateway_body_limit_bytes)
    return await beside(partial(read, raw, bounds=bounds_of(platform)), size=len(raw))


def decode_body(raw: bytes) -> dict[str, Any]:
    """The object that a body is. Raises Refusal."""
    try:
        body = decode_json(raw)
    except (ValueError, RecursionError) as error:
        told = str(error)[:200]
        raise wrong(None, f"The body is no JSON: {told}", code="invalid_json") from error
    if not isinstance(body, dict):
        raise wrong(None, f"The body must be a JSON object, not {name_of(body)}.")
    return body


def model_of(body: dict[str, Any]) -> str:
    """The model that a body names. Raises Refusal."""
    model = text(required(body, "model", "model"), "model")
    if not model or not model.isprintable():
        raise wrong_value("model", "it must be a name, without control characters.")
    return model


def schema_of(value: Any, param: str) -> dict[str, Any]:
    """A JSON schema of a body. Raises Refusal."""
    schema = mapping(value, param)
    if problem := _problem_of(encode_json(schema)):
        raise wrong_value(param, f"this is no JSON schema: {problem}")
    return schema


@lru_cache(maxsize=256)
def _problem_of(schema: bytes) -> str | None:
    """Kept, as programs send the same schemas again and again."""
    return find_schema_problem(decode_json(schema))
