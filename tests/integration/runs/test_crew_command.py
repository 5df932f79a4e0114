"""`manage.py crew_from_files` prints a spec that can be saved."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.runs.services.save_task import check_spec

AGENTS = "ann:\n  role: A writer of {topic}\n  goal: Write.\n  backstory: Old.\n  verbose: true\n"
TASKS = "write:\n  description: Write.\n  expected_output: A page.\n  agent: ann\n"


def files(folder: Path, *, agents: str = AGENTS, tasks: str = TASKS) -> tuple[str, str]:
    (folder / "agents.yaml").write_text(agents)
    (folder / "tasks.yaml").write_text(tasks)
    return str(folder / "agents.yaml"), str(folder / "tasks.yaml")


def test_it_prints_a_spec_and_tells_what_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("crew_from_files", *files(tmp_path), "--process", "hierarchical")
    printed = capsys.readouterr()
    spec = check_spec(json.loads(printed.out), tenant_id=None)
    assert spec.steps[0].name == "crew"
    assert printed.err == "agents.ann: not converted: verbose\n"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"agents": "ann: [\n"}, "cannot be read"),
        ({"agents": "- ann\n"}, "holds no names"),
        ({"tasks": TASKS.replace("ann", "bob")}, "there is no agent `bob`"),
    ],
)
def test_files_that_make_no_crew_are_refused(
    tmp_path: Path, wrong: dict[str, str], said: str
) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("crew_from_files", *files(tmp_path, **wrong))
