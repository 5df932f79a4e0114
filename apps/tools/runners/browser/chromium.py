"""Where Chromium lies on this machine, and what it needs beside the system's folders."""

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from apps.tools.runners.work import ToolFailure

_COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Distributions put a script on PATH that reads the user's settings; the program is behind it.
_PROGRAMS = (
    "/usr/lib/chromium/chromium",
    "/usr/lib/chromium-browser/chromium-browser",
    "/usr/lib64/chromium-browser/chromium-browser",
    "/opt/google/chrome/chrome",
)
_DOWNLOADS = (
    "chromium-*/chrome-linux*/chrome",
    "chromium_headless_shell-*/chrome-linux*/headless_shell",
    "chromium_headless_shell-*/chrome-headless-shell-linux*/chrome-headless-shell",
)
_LIBRARY_FOLDERS = ("usr/lib", "lib")
_SYSTEM_FOLDERS = ("/usr/", "/bin/", "/lib/")


@dataclass(frozen=True, kw_only=True)
class Chromium:
    """The program, the folders outside the system's that it needs, and its environment.
    `font_folders` are named to fontconfig when the system has no settings for it."""

    path: str
    readable: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    font_folders: tuple[str, ...] = ()


class BrowserUnavailable(ToolFailure):
    """This machine has no Chromium that can be jailed; the sentence says what to install."""

    def __init__(self, detail: str) -> None:
        super().__init__("browser_unavailable", detail)


def find_chromium(configured: str) -> Chromium:
    """The configured Chromium, else the first one found. Raises BrowserUnavailable."""
    for path in [configured] if configured else _candidates():
        if Path(path).is_file() and os.access(path, os.X_OK):
            return _chromium(_program(Path(path).resolve()))
    if configured:
        raise BrowserUnavailable(f"CHROMIUM_PATH names {configured}, which is no program.")
    raise BrowserUnavailable(
        "The browser tool needs Chromium: install the package chromium, run "
        "`playwright install chromium`, or name its program in CHROMIUM_PATH."
    )


def _candidates() -> Iterator[str]:
    yield from _PROGRAMS
    yield from (found for command in _COMMANDS if (found := shutil.which(command)))
    downloads = os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache/ms-playwright"
    for pattern in _DOWNLOADS:
        yield from (str(path) for path in sorted(Path(downloads).glob(pattern), reverse=True))


def _program(path: Path) -> Path:
    """What a start script is for: the program itself, which the jail can run without it."""
    with path.open("rb") as file:
        is_script = file.read(2) == b"#!"
    installed = (Path(program) for program in _PROGRAMS if Path(program).is_file())
    return next(installed, path) if is_script else path


def _chromium(path: Path) -> Chromium:
    if str(path).startswith(_SYSTEM_FOLDERS):
        return Chromium(path=str(path))
    root = _unpacked_root(path)
    if root is None:
        return Chromium(path=str(path), readable=(str(path.parent),))
    return Chromium(
        path=str(path),
        readable=(str(root),),
        environment={"LD_LIBRARY_PATH": ":".join([str(path.parent), *_library_folders(root)])},
        font_folders=(str(root / "usr/share/fonts"), "/usr/share/fonts"),
    )


def _unpacked_root(path: Path) -> Path | None:
    """The folder into which a distribution's packages were unpacked, if `path` lies in one."""
    root, separator, _ = str(path).partition("/usr/lib")
    return Path(root) if separator else None


def _has_libraries(folder: Path) -> bool:
    return any(folder.glob("lib*.so*"))


def _library_folders(root: Path) -> list[str]:
    """The library folders of unpacked packages, with those of single packages below them."""
    folders = [root / name for name in _LIBRARY_FOLDERS]
    folders += [inner for folder in folders for inner in folder.glob("*-linux-gnu*")]
    folders += [inner for folder in folders for inner in folder.glob("*/") if _has_libraries(inner)]
    return [str(folder) for folder in folders if folder.is_dir()]
