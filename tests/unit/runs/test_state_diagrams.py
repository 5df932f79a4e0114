"""The page of diagrams is made of the tables."""

from pathlib import Path

from agentplatform.core.state_diagram import render_diagram
from agentplatform.core.state_machine import StateMachine
from apps.runs.management.state_diagrams import render_states


def test_a_diagram_has_each_change_of_the_table_once_a_beginning_and_ends() -> None:
    machine = StateMachine("door", {"OPEN": frozenset({"SHUT"}), "SHUT": frozenset()})
    lines = render_diagram(machine).splitlines()
    assert [line.strip() for line in lines] == [
        "stateDiagram-v2",
        "[*] --> OPEN",
        "OPEN --> SHUT",
        "SHUT --> [*]",
    ]


def test_the_page_in_the_docs_is_what_the_tables_say() -> None:
    page = Path(__file__).parents[3] / "docs" / "states.md"
    assert page.read_text() == render_states(), "run make states"
