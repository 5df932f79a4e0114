"""The body of POST /v1/embeddings, as a request to the pipeline."""

from functools import partial
from typing import Any, Final

from apps.gateway.contracts import EmbeddingRequest
from apps.gateway.doors.body import Bounds, decode_body, model_of
from apps.gateway.doors.checks import (
    array,
    integer,
    one_of,
    optional,
    required,
    text,
    wrong_type,
    wrong_value,
)
from apps.gateway.doors.options import read_options
from apps.gateway.providers.estimate import bound_tokens
from apps.gateway.services.routes import DEFAULT

MOST_INPUTS: Final = 2048
_MOST_DIMENSIONS: Final = 100_000
_OWN: Final = frozenset({"model", "input", "encoding_format", "dimensions"})
_WANTED: Final = "a string, an array of strings, or an array of token ids or of arrays of them"


def read_embedding(raw: bytes, *, bounds: Bounds) -> EmbeddingRequest:
    """The wish that a body says. Raises Refusal, which names the parameter that is wrong."""
    body = decode_body(raw)
    inputs = _inputs(required(body, "input", "input"))
    form = optional(body, "encoding_format", partial(one_of, allowed=("float", "base64")))
    return EmbeddingRequest(
        model=_model(body),
        inputs=tuple(inputs),
        bound_tokens=_bound(inputs),
        dimensions=optional(body, "dimensions", partial(integer, least=1, most=_MOST_DIMENSIONS)),
        is_packed=form == "base64",
        options=read_options(
            body, known={"user": text}, own=_OWN, passes_unknown=bounds.passes_unknown
        ),
    )


def _model(body: dict[str, Any]) -> str:
    model = model_of(body)
    if model == DEFAULT:
        raise wrong_value(
            "model",
            "'default' stands for models that write; name one that embeds, like "
            "'text-embedding-3-small', or a route of such models.",
        )
    return model


def _inputs(value: Any) -> list[Any]:
    """Each a text or a list of token ids."""
    if isinstance(value, str):
        return [_text(value, "input")]
    if not isinstance(value, list):
        raise wrong_type("input", value, _WANTED)
    if not value:
        raise wrong_value("input", "it is empty; send at least one input.")
    if _are_ids(value):
        return [value]
    array(value, "input", most=MOST_INPUTS)
    read = _text if isinstance(value[0], str) else _ids
    return [read(one, f"input[{at}]") for at, one in enumerate(value)]


def _text(value: Any, param: str) -> str:
    if not text(value, param):
        raise wrong_value(param, "it is empty; leave it out, or send some text.")
    return str(value)


def _ids(value: Any, param: str) -> list[int]:
    if not isinstance(value, list):
        raise wrong_type(param, value, "an array of token ids")
    if not value or not _are_ids(value):
        raise wrong_value(param, "it must be an array of token ids, with at least one.")
    return value


def _are_ids(values: list[Any]) -> bool:
    return set(map(type, values)) == {int} and min(values) >= 0


def _bound(inputs: list[Any]) -> int:
    texts = [one for one in inputs if isinstance(one, str)]
    ids = sum(len(one) for one in inputs if isinstance(one, list))
    return ids + (bound_tokens("\n".join(texts)) + len(texts) if texts else 0)
