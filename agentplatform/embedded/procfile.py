"""The processes of the platform, as Procfile lists them."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from string import Template

from agentplatform.embedded.errors import StackError


def read_procfile(path: Path, variables: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Each process's name and command, with $VARIABLES put in. No shell is involved."""
    commands = {}
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, separator, command = line.partition(":")
        if not separator or not command.strip():
            raise StackError(f"{path}, line {number}: write `name: command`.")
        words = shlex.split(command)
        commands[name.strip()] = tuple(Template(word).substitute(variables) for word in words)
    return commands
