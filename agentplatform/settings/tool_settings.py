"""The settings of tools and artifacts."""

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings

from agentplatform.settings.host_rules import parse_rules
from agentplatform.settings.private_ranges import parse_ranges
from agentplatform.settings.root import ROOT
from agentplatform.settings.tool_limits import MostLimits, parse_most


class ToolSettings(BaseSettings):
    """A part of Environment, which says where values come from."""

    artifact_store: Literal["folder", "s3"] = Field(
        "folder", description="Where artifacts are kept: a folder that every process sees, or S3."
    )
    artifact_folder: Path = Field(
        ROOT / ".data" / "artifacts", description="Where the folder store keeps artifacts."
    )
    artifact_bucket: str = Field(
        "",
        validate_default=True,
        description="The bucket of the S3 store, in the region AWS_REGION.",
    )
    artifact_prefix: str = Field(
        "",
        pattern=r"^([A-Za-z0-9][A-Za-z0-9._/-]*/)?$",
        description="Put before each key in that bucket; ends with a slash.",
    )
    artifact_endpoint_url: str = Field(
        "",
        pattern=r"^(https?://\S+)?$",
        description="A server that speaks S3's protocol; empty means AWS.",
    )
    artifact_upload_limit_bytes: int = Field(
        25 * 1024 * 1024, ge=1, description="The largest file that can be uploaded."
    )
    artifact_link_seconds: int = Field(
        3600,
        ge=1,
        le=7 * 24 * 3600,
        description="The longest that a link to an artifact may work.",
    )
    artifact_thumbnails: bool = Field(
        True, description="Whether small pictures of images are made, in the sandbox."
    )
    tool_limits_most: str = Field(
        "",
        description="The most that staff may set limits of tools to, as JSON: "
        '{"memory_bytes": 4294967296, "cpus": 2}; see docs/tools.md.',
    )
    sandbox_backend: Literal["bubblewrap", "lite", "fargate"] = Field(
        "bubblewrap",
        description="What holds untrusted code: bubblewrap; lite in a container that has no "
        "namespaces to give; fargate, a one-off task of Amazon ECS for each call.",
    )
    sandbox_required_guarantees: str = Field(
        "",
        description="What the sandbox must promise before code runs, by comma, as manage.py doctor "
        "names it; empty: everything.",
    )
    sandbox_lite_folder: Path = Field(
        Path("/tmp/agentplatform-lite"),  # noqa: S108
        description="Where lite makes the work folders of programs.",
    )
    sandbox_lite_users: str = Field(
        "64100-64199",
        pattern=r"^\d+-\d+$",
        description="The user ids that lite gives to programs, one each, when the worker is root; "
        "nothing else may have them.",
    )
    fargate_cluster: str = Field("", description="The ECS cluster of one-off tasks.")
    fargate_task_definition: str = Field(
        "", description="Their task definition: a family, a family:revision or an ARN."
    )
    fargate_container: str = Field("sandbox", description="The container in it that runs programs.")
    fargate_subnets: str = Field("", description="Private subnets for them, by comma.")
    fargate_security_group: str = Field("", description="Their security group.")
    fargate_bucket: str = Field("", description="The bucket of their jobs and outcomes.")
    fargate_prefix: str = Field("calls/", description="Put before each key in that bucket.")
    fargate_log_group: str = Field(
        "", description="Their log group; what they say last explains a failure. Empty: none."
    )
    fargate_log_prefix: str = Field("sandbox", description="Their awslogs-stream-prefix.")
    fargate_start_seconds: float = Field(
        240.0, gt=0, description="How long a task may take to start."
    )
    fargate_endpoint_url: str = Field(
        "",
        pattern=r"^(https?://\S+)?$",
        description="A server that speaks the protocols of ECS, S3 and Logs; empty means AWS.",
    )
    bubblewrap_path: str = Field("", description="The bwrap program; empty looks it up.")
    sandbox_python: str = Field(
        "", description="The Python of the code tool; empty picks one the sandbox can read."
    )
    sandbox_node: str = Field(
        "", description="The Node of the code tool; empty picks one the sandbox can read."
    )
    sandbox_cgroup: str = Field(
        "",
        description="A control group (v2) that the tools worker may manage, without processes of "
        "its own, for the limits of calls; empty looks for one.",
    )
    sandbox_pool_size: int = Field(
        2,
        ge=0,
        le=64,
        description="Started interpreters that wait for a program, for each language, in each "
        "tools worker. 0: none.",
    )
    sandbox_packages: Path = Field(
        ROOT / ".data" / "sandbox-packages",
        description="What programs may import beside the standard library: a folder that has one "
        "for each version of Python, python3.11 and so on.",
    )
    chromium_path: str = Field("", description="Chromium for the browser tool; empty looks it up.")
    browser_warm_seconds: float = Field(
        30.0,
        ge=0,
        description="How long a browser waits for the next call of its run. 0: each call has its "
        "own.",
    )
    egress_allowlist: str = Field(
        "",
        description="Hosts that the tool calls of every tenant may reach, by comma: "
        "api.example.org, *.example.com:8443, GET|HEAD data.example.net.",
    )
    egress_tenant_rules: Literal["admins", "staff"] = Field(
        "admins",
        description="Who adds hosts for one tenant: its admins and the platform's staff, or staff "
        "alone; then rules that admins have made do not count.",
    )
    egress_private_addresses: str = Field(
        "",
        description="Private addresses that tool calls may reach under a name that "
        "EGRESS_ALLOWLIST or the platform's staff allows, by comma: 10.4.0.7:8080, 10.8.0.0/24, "
        "[fd12:3456::/48]:8443.",
    )
    egress_call_limit_bytes: int = Field(
        100 * 1024 * 1024,
        ge=1,
        description="What the programs and pages of one tool call may send and receive together.",
    )
    egress_requests_per_minute: int = Field(
        600, ge=1, description="How many requests they may make."
    )

    @property
    def most_tool_limits(self) -> MostLimits:
        """`tool_limits_most` over what it is without."""
        return parse_most(self.tool_limits_most)

    @field_validator("sandbox_lite_users")
    @classmethod
    def _check_users(cls, users: str) -> str:
        first, last = map(int, users.split("-"))
        if not 0 < first <= last:
            raise ValueError("write the first and the last user id, such as 64100-64199")
        return users

    @field_validator("tool_limits_most")
    @classmethod
    def _check_most(cls, text: str) -> str:
        parse_most(text)
        return text

    @field_validator("artifact_bucket")
    @classmethod
    def _check_bucket(cls, bucket: str, given: ValidationInfo) -> str:
        if given.data.get("artifact_store") == "s3" and not bucket:
            raise ValueError("name the bucket of the artifact store, or set ARTIFACT_STORE=folder")
        return bucket

    @field_validator("egress_allowlist")
    @classmethod
    def _check_allowlist(cls, allowlist: str) -> str:
        parse_rules(allowlist)
        return allowlist

    @field_validator("egress_private_addresses")
    @classmethod
    def _check_private_addresses(cls, addresses: str) -> str:
        parse_ranges(addresses)
        return addresses
