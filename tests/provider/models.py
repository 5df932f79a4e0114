"""GET /v1/models, for both providers."""

from typing import Any

from tests.provider.values import CREATED

OPENAI_MODELS = (
    "gpt-4o-mini", "gpt-4o", "gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano", "o4-mini", "gpt-5-mini",
    "text-embedding-3-small", "ok",
)  # fmt: skip
ANTHROPIC_MODELS = ("claude-haiku-4-5", "claude-sonnet-4-5", "claude-opus-4-5")


def render_openai_model(model: str) -> dict[str, Any]:
    """A model in OpenAI's words."""
    return {"id": model, "object": "model", "created": CREATED, "owned_by": "test"}


def render_openai_models() -> dict[str, Any]:
    """The list of models in OpenAI's words."""
    return {"object": "list", "data": [render_openai_model(model) for model in OPENAI_MODELS]}


def render_anthropic_models() -> dict[str, Any]:
    """The list of models in Anthropic's words."""
    data = [
        {"type": "model", "id": m, "display_name": m, "created_at": "2026-01-01T00:00:00Z"}
        for m in ANTHROPIC_MODELS
    ]
    return {
        "data": data,
        "has_more": False,
        "first_id": ANTHROPIC_MODELS[0],
        "last_id": ANTHROPIC_MODELS[-1],
    }
