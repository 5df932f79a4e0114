"""The programs of the battery, and what their first comment says must hold.

# What it tries, in a sentence or more.
# status: timeout killed        the statuses it may end with; `ok` without this line
# says: held: mount             what it must print, to show that it tried; for a hostile
#                               program that ends ok at least `held:`
# files: a.txt, deep/b.txt      exactly these artifacts, x? perhaps; none without this
# limits: wall_seconds=1 memory_megabytes=96
# unjailed: reaches             outside a sandbox it does reach what it wants
# only: bubblewrap              the one backend where it is run
# at: lite-ordinary             where it is run in any case, for there it bites most
"""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from apps.tools.runners.limits import MEGABYTE, Limits

FOLDER = Path(__file__).parent
REACHED, HELD = "REACHED", "held:"
LANGUAGES = {".py": "python", ".js": "node"}
_COMMENTS = {".py": "# ", ".js": "// "}
_USUAL = Limits(wall_seconds=10.0)
_KEYS = {"status", "says", "files", "limits", "unjailed", "only", "at"}
_MEGABYTES = "_megabytes"


@dataclass(frozen=True, kw_only=True)
class Program:
    """A program and what must hold when it has run."""

    path: Path
    number: int
    kind: Literal["hostile", "useful"]
    sentence: str
    statuses: frozenset[str]
    says: str
    files: tuple[str, ...]
    limits: Limits
    reaches_unjailed: bool
    only: str
    at: str

    @property
    def name(self) -> str:
        return str(self.path.relative_to(FOLDER))

    @property
    def has_usual_limits(self) -> bool:
        return replace(self.limits, wall_seconds=_USUAL.wall_seconds) == _USUAL

    @property
    def language(self) -> str:
        return LANGUAGES[self.path.suffix]

    def allows_files(self, names: list[str]) -> bool:
        """Whether these are the artifacts that it may leave."""
        certain = {name for name in self.files if not name.endswith("?")}
        return certain <= set(names) <= {name.removesuffix("?") for name in self.files}

    @property
    def source(self) -> str:
        """What is run: a hostile program has a beginning in common with the others."""
        if self.kind == "useful":
            return self.path.read_text()
        return (FOLDER / f"attempt{self.path.suffix}").read_text() + self.path.read_text()


def find_programs(kind: Literal["hostile", "useful"]) -> list[Program]:
    paths = [path for path in (FOLDER / kind).iterdir() if path.suffix in LANGUAGES]
    return [read_program(path, number) for number, path in enumerate(sorted(paths))]


def read_program(path: Path, number: int = 0) -> Program:
    """Raises ValueError when the first comment is no header."""
    kind = path.parent.name
    assert kind in {"hostile", "useful"}
    sentence, told = _header(path)
    statuses = frozenset(told.get("status", "ok").split())
    says = told.get("says", HELD if kind == "hostile" and statuses == {"ok"} else "")
    return Program(
        path=path,
        number=number,
        kind=kind,
        sentence=sentence,
        statuses=statuses,
        says=says,
        files=tuple(name for name in told.get("files", "").split(", ") if name),
        limits=_limits(told.get("limits", "")),
        reaches_unjailed=told.get("unjailed") == "reaches",
        only=told.get("only", ""),
        at=told.get("at", ""),
    )


def _header(path: Path) -> tuple[str, dict[str, str]]:
    mark = _COMMENTS[path.suffix]
    words: list[str] = []
    told: dict[str, str] = {}
    for line in path.read_text().splitlines():
        if not line.startswith(mark):
            break
        key, colon, value = line.removeprefix(mark).partition(": ")
        if colon and key in _KEYS:
            told[key] = value
        elif told:
            raise ValueError(f"{path}: {line!r} is no line of a header")
        else:
            words.append(line.removeprefix(mark))
    if not words:
        raise ValueError(f"{path}: it begins without a comment that says what it does")
    return " ".join(words), told


def _limits(text: str) -> Limits:
    changes: dict[str, float] = {}
    for name, value in re.findall(r"(\w+)=([\d.]+)", text):
        if name.endswith(_MEGABYTES):
            changes[name.removesuffix(_MEGABYTES) + "_bytes"] = int(value) * MEGABYTE
        else:
            changes[name] = float(value) if "seconds" in name else int(value)
    return replace(_USUAL, **changes)  # type: ignore[arg-type]
