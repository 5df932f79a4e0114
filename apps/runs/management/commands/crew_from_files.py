"""`manage.py crew_from_files agents.yaml tasks.yaml`: a spec made of CrewAI's files."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import yaml
from django.core.management.base import CommandError

from agentplatform.core.command import PlatformCommand
from apps.runs.services.save_task import check_spec
from apps.runs.spec.crew_files import convert_crew
from apps.tools import facade as tools


class Command(PlatformCommand):
    help = "Print the spec of a crew that CrewAI's agents.yaml and tasks.yaml describe."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("agents", type=Path)
        parser.add_argument("tasks", type=Path)
        parser.add_argument(
            "--process", choices=("sequential", "hierarchical"), default="sequential"
        )

    def handle(self, *_: Any, agents: Path, tasks: Path, process: str, **__: Any) -> None:
        made = convert_crew(
            _read(agents),
            _read(tasks),
            process=process,
            known_tools=tools.tool_names(tenant_id=None),
        )
        check_spec(made.spec, tenant_id=None)
        for note in made.notes:
            self.stderr.write(note)
        self.stdout.write(json.dumps(made.spec, indent=2, ensure_ascii=False))


def _read(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from error
