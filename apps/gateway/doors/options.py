"""The parameters of a request that are handed on to a provider that has them."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from apps.gateway.doors.checks import Check, mapping, number, one_of, text, wrong_value
from apps.gateway.doors.refusals import Refusal, wrong

EFFORTS: Final = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_DEARER_TIERS: Final = ("fast", "priority")
_NOTHING: Final[Mapping[str, str]] = {}


def metadata(value: Any, param: str) -> Any:
    if len(mapping(value, param)) > 16:
        raise wrong_value(param, "it has more than 16 keys.")
    return {name: text(one, f"{param}.{name}") for name, one in value.items()}


def service_tier(value: Any, param: str) -> str:
    """One that costs no more than the prices that are known."""
    if text(value, param) in _DEARER_TIERS:
        raise wrong_value(
            param,
            f"'{value}' costs more than the prices that calls are held and charged at; send "
            "'default' or 'flex', or leave it out.",
        )
    return str(value)


COMMON: Final[dict[str, Check]] = {
    "top_p": partial(number, least=0, most=1),
    "user": text,
    "safety_identifier": text,
    "service_tier": service_tier,
    "prompt_cache_key": text,
    "prompt_cache_retention": text,
    "prompt_cache_options": mapping,
}
"""What requests for answers have in common, whatever their form."""

effort: Final = partial(one_of, allowed=EFFORTS)
verbosity: Final = partial(one_of, allowed=("low", "medium", "high"))


def read_options(
    body: dict[str, Any],
    *,
    known: Mapping[str, Check],
    own: frozenset[str],
    passes_unknown: bool,
    refused: Mapping[str, str] = _NOTHING,
) -> dict[str, Any]:
    """The checked parameters of a body, but for its `own` ones, which are read elsewhere. Raises
    Refusal, for those that are `refused` with what to do instead."""
    options: dict[str, Any] = {}
    for name, value in body.items():
        if name in own:
            continue
        if name in refused:
            if value is not None:
                raise unsupported(name, refused[name])
        elif (check := known.get(name)) is not None:
            if value is not None:
                options[name] = check(value, name)
        elif passes_unknown:
            options[name] = value
        elif value is not None:
            message = f"Unknown parameter: '{name[:100]}'; remove it."
            raise wrong(name[:100], message, code="unknown_parameter")
    return options


def unsupported(param: str, instead: str) -> Refusal:
    """The refusal of a parameter that the gateway does not have, with what to do instead."""
    return wrong(param, f"'{param}' is not supported: {instead}", code="unsupported")
