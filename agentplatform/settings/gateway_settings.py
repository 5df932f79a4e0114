"""The settings of the model gateway: providers, routes, breakers, rate limits, the HTTP door."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from agentplatform.settings.model_routes import Route, parse_routes


class GatewaySettings(BaseSettings):
    """A part of Environment, which says where values come from."""

    openai_api_key: SecretStr = Field(SecretStr(""), description="Turns the OpenAI provider on.")
    openai_base_url: str = Field(
        "https://api.openai.com/v1", description="Where the OpenAI provider calls."
    )
    openai_model: str = Field(
        "gpt-4o-mini", description="What the alias `default` means at OpenAI."
    )
    anthropic_api_key: SecretStr = Field(
        SecretStr(""), description="Turns the Anthropic provider on."
    )
    anthropic_base_url: str = Field(
        "https://api.anthropic.com", description="Where the Anthropic provider calls."
    )
    anthropic_model: str = Field(
        "claude-haiku-4-5", description="What the alias `default` means at Anthropic."
    )
    local_llm_base_url: str = Field(
        "", description="An OpenAI-compatible server (llama.cpp, vLLM, Ollama); empty turns it off."
    )
    local_llm_api_key: SecretStr = Field(SecretStr("local"), description="The local server's key.")
    local_llm_model: str = Field(
        "smollm2-135m-instruct", description="What the alias `default` means at the local server."
    )
    local_llm_context_tokens: int = Field(
        4096, ge=512, description="The local server's window for one call: prompt and answer."
    )
    call_deadline_seconds: float = Field(
        120.0,
        gt=0,
        le=600,
        description="How long one model call may take, retries and failover included.",
    )
    stream_idle_seconds: float = Field(
        30.0,
        gt=0,
        le=600,
        description="How long a streamed answer may be silent once it has begun.",
    )
    own_key_private_hosts: str = Field(
        "",
        description="Hosts that the base URL of a tenant's own provider may name though they are "
        "not public, by comma.",
    )
    model_routes: str = Field(
        "",
        description="Names of models that stand for several, as JSON: "
        '{"smart": ["openai:gpt-4o", "anthropic:claude-sonnet-4-5"]}; see docs/gateway.md.',
    )
    breaker_window_seconds: float = Field(
        30.0,
        ge=1,
        le=3600,
        description="Over how long the calls of a provider's model are counted that failed.",
    )
    breaker_least_calls: int = Field(
        10, ge=1, description="Of fewer calls within it, no share opens the breaker."
    )
    breaker_failure_rate: float = Field(
        0.5, gt=0, le=1, description="The share of failed calls that opens the breaker."
    )
    breaker_open_seconds: float = Field(
        15.0,
        gt=0,
        le=3600,
        description="How long an open breaker lets no call through; then a single one probes.",
    )

    tenant_requests_per_minute: int = Field(
        100,
        ge=0,
        description="Model calls a minute of a tenant that has no rate limit of its own. 0: no "
        "limit.",
    )
    user_requests_per_minute: int = Field(
        20, ge=0, description="The same of each user of a tenant. 0: no limit."
    )
    rate_limit_local_share: float = Field(
        0.25,
        gt=0,
        le=1,
        description="The share of each rate limit that one process gives out while Valkey is away "
        "and it has never heard how many processes there are.",
    )

    gateway_body_limit_bytes: int = Field(
        32 * 1024 * 1024, ge=1024, description="The largest request body that /v1 takes."
    )
    gateway_image_limit_bytes: int = Field(
        20 * 1024 * 1024,
        ge=1024,
        description="The largest image or PDF in a request to /v1, as its data URL is long.",
    )
    gateway_kept_answer_limit_bytes: int = Field(
        4 * 1024 * 1024,
        ge=0,
        description="The largest answer of /v1 that is kept for a repeated Idempotency-Key.",
    )
    gateway_unknown_parameters: Literal["refuse", "pass"] = Field(
        "refuse",
        description="Whether /v1 refuses parameters that it does not know, or passes them on to "
        "providers that speak OpenAI's format.",
    )
    gateway_wait_seconds: float = Field(
        0.2,
        ge=0.05,
        le=10,
        description="How long a request to /v1 waits for a PostgreSQL that does not answer; it is "
        "refused with 503 then.",
    )

    @property
    def routes(self) -> Mapping[str, Route]:
        """`model_routes` by alias."""
        return parse_routes(self.model_routes)

    @field_validator("model_routes")
    @classmethod
    def _check_routes(cls, routes: str) -> str:
        parse_routes(routes)
        return routes
