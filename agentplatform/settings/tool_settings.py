"""The settings of tools and artifacts."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings

from agentplatform.settings.root import ROOT


class ToolSettings(BaseSettings):
    """A part of Environment, which says where values come from."""

    artifact_folder: Path = Field(
        ROOT / ".data" / "artifacts", description="Where the folder store keeps artifacts."
    )
    artifact_upload_limit_bytes: int = Field(
        25 * 1024 * 1024, ge=1, description="The largest file that can be uploaded."
    )
    sandbox_backend: Literal["bubblewrap"] = Field(
        "bubblewrap", description="What holds untrusted code."
    )
    bubblewrap_path: str = Field("", description="The bwrap program; empty looks it up.")
    sandbox_python: str = Field(
        "", description="The Python of the code tool; empty picks one the sandbox can read."
    )
    chromium_path: str = Field("", description="Chromium for the browser tool; empty looks it up.")
    egress_allowlist: str = Field(
        "", description="Hosts that the http tool may call, by comma; *.example.org for subdomains."
    )
