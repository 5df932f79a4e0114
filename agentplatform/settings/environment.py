"""Every setting that the environment may give, typed and described; `.env.example` shows it."""

from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from agentplatform.core.key_ring import parse_keys
from agentplatform.settings.gateway_settings import GatewaySettings
from agentplatform.settings.queue_urls import parse_queue_urls
from agentplatform.settings.refuse import refuse
from agentplatform.settings.root import ROOT as ROOT
from agentplatform.settings.secrets_manager import SecretSource, SecretUnreadable
from agentplatform.settings.tool_settings import ToolSettings


class Environment(GatewaySettings, ToolSettings):
    """From the process environment, then the secret of AWS_SECRET_ID, then `.env`."""

    model_config = SettingsConfigDict(
        env_file=ROOT / ".env", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    secret_key: SecretStr = Field(
        SecretStr(""), description="Signs sessions. Required in production."
    )
    secret_key_fallbacks: SecretStr = Field(
        SecretStr(""), description="Earlier or coming secret keys, accepted too, by comma."
    )
    encryption_keys: SecretStr = Field(
        SecretStr(""),
        description="Keys for what is stored encrypted or hashed, id:base64 by comma: the first "
        "encrypts, all decrypt (`manage.py make_encryption_key`). Required in production; "
        "elsewhere one is derived from the secret key.",
    )
    aws_secret_id: str = Field(
        "",
        description="A secret in AWS Secrets Manager, a JSON object of settings by name; empty "
        "means none.",
    )
    secret_refresh_seconds: float = Field(
        60.0, gt=0, description="How often that secret is read again."
    )
    allowed_hosts: str = Field(
        "127.0.0.1,localhost", description="Host names that the web process answers to, by comma."
    )
    trusted_proxies: int = Field(
        0,
        ge=0,
        description="How many proxies in front of the web process append to X-Forwarded-For.",
    )
    cors_allowed_origins: str = Field(
        "",
        description="Origins whose pages may call the API and /v1 from a browser, by comma: https://a.b.",
    )
    service: str = Field("web", description="The name of this process in logs and metrics.")
    gateway_only: bool = Field(
        False,
        description="Whether a web process answers /v1, health and metrics alone, in less memory.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="The lowest level that is logged."
    )

    database_url: str = Field(
        "postgresql://agentplatform_app@127.0.0.1:5432/agentplatform",
        description="The PostgreSQL database, as the role that row-level security holds.",
    )
    admin_database_url: str = Field(
        "",
        description="The same as the role that sees every tenant; for web, steps and commands.",
    )
    migration_database_url: str = Field(
        "", description="The same as the role that may change the schema; for `migrate` alone."
    )
    database_pool_size: int = Field(
        8, ge=1, description="Connections that one process may hold at most."
    )
    redis_url: str = Field(
        "redis://127.0.0.1:6379/0", description="Valkey or Redis: chord joins, counters, events."
    )
    broker_url: str = Field(
        "", description="Celery's broker: redis://... or sqs://...; empty means redis_url."
    )
    broker_visibility_seconds: int = Field(
        900,
        ge=660,
        le=12 * 3600,
        description="After how long the broker delivers an unacknowledged message again; longer "
        "than any call may take, and on SQS what the queues are made with.",
    )
    sqs_queue_urls: str = Field(
        "",
        description="The addresses of the queues on SQS, steps=https://... by comma or a JSON "
        "object; empty finds them by their prefix, and creates what is missing.",
    )
    sqs_wait_seconds: int = Field(
        20, ge=0, le=20, description="How long a worker's question to SQS waits for a message."
    )
    drain_seconds: float = Field(
        25.0,
        ge=0,
        description="How long a process that is told to stop lets its calls and answers finish "
        "before it gives them up; some seconds less than what stops it waits before it kills.",
    )
    dead_letter_retention_days: int = Field(
        90,
        ge=1,
        le=3650,
        description="How long dead letters are kept: those of messages from when they came, the "
        "others from when they were replayed or discarded.",
    )
    sqs_queue_prefix: str = Field(
        "agentplatform-", description="Put before each queue's name on SQS."
    )
    aws_region: str = Field("us-east-1", description="The region of the queues and of the secret.")

    cognito_issuer: str = Field(
        "",
        pattern=r"^(https?://\S+)?$",
        description="The `iss` of the Cognito user pool whose tokens are taken; empty refuses all.",
    )
    cognito_jwks_url: str = Field(
        "",
        pattern=r"^(https?://\S+)?$",
        description="Where that pool's keys are; empty: /.well-known/jwks.json below the issuer.",
    )
    cognito_client_ids: str = Field(
        "", description="App clients of that pool whose tokens are taken, by comma."
    )
    cognito_tenant_claim: str = Field(
        "custom:tenant_id",
        description="The claim that names the tenant. No app client may be able to write it.",
    )
    cognito_role_claim: str = Field(
        "custom:role",
        description="The claim that names the role; without it, groups named like roles count.",
    )

    max_runs_in_flight: int = Field(
        0,
        ge=0,
        description="Runs of all tenants at work at the same time, and as many child runs at each "
        "depth; beyond it tenants take turns. 0: no limit.",
    )
    max_calls_in_flight: int = Field(
        0,
        ge=0,
        description="The same of model and tool calls. 0: no limit.",
    )

    run_children_limit: int = Field(
        10_000,
        ge=1,
        le=1_000_000,
        description="Child runs that one run may have, those of its child runs among them.",
    )
    run_output_limit_bytes: int = Field(
        50_000_000,
        ge=1_000_000,
        le=500_000_000,
        description="JSON that the outputs of one run's steps and the items of its maps may have "
        "together, and what one agent keeps between its turns; a worker has it in memory.",
    )

    prometheus_multiproc_dir: str = Field(
        "", description="A folder in which processes of one machine share their metrics."
    )
    otel_exporter_otlp_endpoint: str = Field(
        "",
        pattern=r"^(https?://\S+)?$",
        description="Where spans go, by OTLP over HTTP: http://collector:4318; empty sends none. "
        "OpenTelemetry's other OTEL_ variables count too.",
    )
    otel_exporter_otlp_headers: SecretStr = Field(
        SecretStr(""), description="Headers for it, name=value by comma."
    )
    trace_content: bool = Field(
        False, description="Puts what models are asked and answer on their spans."
    )

    @property
    def fallback_secret_keys(self) -> list[str]:
        """The keys of `secret_key_fallbacks`, each by itself."""
        given = self.secret_key_fallbacks.get_secret_value().split(",")
        return [key.strip() for key in given if key.strip()]

    @property
    def for_libraries(self) -> dict[str, str]:
        """What prometheus_client and OpenTelemetry are told, by the names of their variables."""
        told = {
            "PROMETHEUS_MULTIPROC_DIR": self.prometheus_multiproc_dir,
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.otel_exporter_otlp_endpoint,
            "OTEL_EXPORTER_OTLP_HEADERS": self.otel_exporter_otlp_headers.get_secret_value(),
        }
        return {name: value for name, value in told.items() if value}

    @property
    def queue_urls(self) -> dict[str, str]:
        """`sqs_queue_urls` by the queue's name."""
        return parse_queue_urls(self.sqs_queue_urls)

    @field_validator("sqs_queue_urls")
    @classmethod
    def _check_queue_urls(cls, urls: str) -> str:
        parse_queue_urls(urls)
        return urls

    @field_validator("encryption_keys")
    @classmethod
    def _check_keys(cls, keys: SecretStr) -> SecretStr:
        parse_keys(keys.get_secret_value())
        return keys

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The order of precedence, the strongest first."""
        secret = SecretSource(settings_cls, dotenv=dotenv_settings)
        return init_settings, env_settings, secret, dotenv_settings, file_secret_settings


def read_environment() -> Environment:
    """The settings of a process that starts; it ends, saying what to change, where one does not fit
    or the secret cannot be read."""
    try:
        return Environment()
    except SecretUnreadable as error:
        refuse(str(error))
    except ValidationError as error:
        refuse(*map(_in_words, error.errors(include_url=False, include_input=False)))


def _in_words(error: ErrorDetails) -> str:
    name, *within = map(str, error["loc"])
    return f"{'.'.join([name.upper(), *within])}: {error['msg'].removeprefix('Value error, ')}"
