"""Tools as an operator installs them: a package with an entry point."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from apps.tools.runners.operator.installed import GROUP, forget_installed
from apps.tools.runners.operator.process import IDLE

InstallTool = Callable[..., None]

PROGRAM = """
import os
import time
from pathlib import Path
from uuid import UUID

from apps.tools.extension import OperatorTool, ToolContext, ToolError

def run(arguments, context: ToolContext):
{body}

TOOL = OperatorTool(
    description="Doubles.",
    parameters={{"type": "object", "properties": {{"n": {{}}}}, "additionalProperties": False}},
    run=run,
    {fields}
)
"""


@pytest.fixture
def install_tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InstallTool]:
    """`install_tool(name, body, fields)`: a tool whose run has this body; or another `program`."""

    def install(
        name: str, body: str = "return 2", fields: str = "", *, program: str = PROGRAM
    ) -> None:
        module = f"operator_{uuid4().hex}"
        folder = tmp_path / module
        info = folder / f"{module}-1.dist-info"
        info.mkdir(parents=True)
        indented = "\n".join(f"    {line}" for line in body.strip().splitlines())
        text = program.format(body=indented, fields=fields)
        (folder / f"{module}.py").write_text(text)
        (info / "METADATA").write_text(f"Name: {module}\nVersion: 1\n")
        (info / "entry_points.txt").write_text(f"[{GROUP}]\n{name} = {module}:TOOL\n")
        monkeypatch.syspath_prepend(folder)
        forget_installed()

    yield install
    monkeypatch.undo()
    forget_installed()
    IDLE.end()
