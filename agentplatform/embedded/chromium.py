"""Finds Chromium for the browser tool, or gets it without root."""

import os
import shutil
import subprocess
from pathlib import Path

from agentplatform.embedded import packages

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
DOWNLOAD_SECONDS = 90
UNPACKED = "root/usr/lib/chromium/chromium"
FONT = "fonts-dejavu-core"
"""Without any font a page is drawn without its text."""


def find(folder: Path) -> str:
    """The path of a Chromium that starts, or an empty string. `folder` holds what `get` got."""
    given = os.environ.get("CHROMIUM_PATH", "")
    if given:
        return given
    on_path = [path for name in NAMES if (path := shutil.which(name))]
    playwright = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or "~/.cache/ms-playwright")
    downloaded = [
        str(path)
        for base in (folder, playwright.expanduser())
        for pattern in ("chromium_headless_shell-*/*/headless_shell", "chromium-*/*/chrome")
        for path in sorted(base.glob(pattern), reverse=True)
    ]
    unpacked = [str(path) for path in [folder / UNPACKED] if path.exists()]
    return next((path for path in (*on_path, *downloaded, *unpacked) if starts(path, folder)), "")


def starts(program: str, folder: Path) -> bool:
    """Whether the program can print its version."""
    return packages.starts(program, library_path(program, folder))


def library_path(program: str, folder: Path) -> dict[str, str]:
    """What an unpacked Chromium needs to find the libraries unpacked beside it."""
    return packages.library_path(folder / "root") if Path(program) == folder / UNPACKED else {}


def get(*, folder: Path, python: Path, log: Path) -> str:
    """Get Chromium without root: Playwright's own download, else the distribution's packages
    unpacked into `folder`. Returns its path, or an empty string."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with log.open("a") as output:
            subprocess.run(
                [python, "-m", "playwright", "install", "--only-shell", "chromium"],
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=DOWNLOAD_SECONDS,
                env=os.environ
                | {
                    "PLAYWRIGHT_BROWSERS_PATH": str(folder),
                    "PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": "10000",
                },
            )
    except (OSError, subprocess.TimeoutExpired):
        shutil.rmtree(folder / "__dirlock", ignore_errors=True)
    if not find(folder):
        packages.unpack(["chromium", FONT], into=folder, log=log)
    return find(folder)
