"""Where packages come from: uv is told what pip is configured with."""

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

SINGLE = {
    "index-url": "UV_DEFAULT_INDEX",
    "cert": "SSL_CERT_FILE",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "timeout": "UV_HTTP_TIMEOUT",
}
LISTS = {"extra-index-url": ("UV_INDEX", " "), "find-links": ("UV_FIND_LINKS", ",")}


def uv_environment(python: Path) -> dict[str, str]:
    """This process's environment, and pip's index, certificate and time limit for uv.

    What is already set for uv wins.
    """
    listing = subprocess.run(
        [python, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    return translate(read_listing(listing.stdout)) | os.environ


def read_listing(text: str) -> dict[str, str]:
    """`pip config list` as names and values: the environment beats [install] beats [global]."""
    values = {}
    for section in ("global.", "install.", ":env:."):
        for line in text.splitlines():
            name, separator, value = line.partition("=")
            if separator and name.startswith(section):
                values[name.removeprefix(section)] = " ".join(shlex.split(value))
    return values


def translate(pip: Mapping[str, str]) -> dict[str, str]:
    """pip's settings as uv's variables. As with pip, every index may hold the locked version."""
    uv = {"UV_INDEX_STRATEGY": "unsafe-best-match"}
    uv |= {variable: pip[name] for name, variable in SINGLE.items() if name in pip}
    for name, (variable, separator) in LISTS.items():
        if name in pip:
            uv[variable] = separator.join(pip[name].split())
    return uv
