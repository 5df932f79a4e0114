"""Graphs are found by entry point, and a step keeps to the version that began."""

from pathlib import Path

import pytest

from apps.runs.agents.registry import GraphMissing, agent_graph_names, find_graph
from tests.installed_graph import InstallGraph


def test_an_installed_graph_may_be_named(install_graph: InstallGraph) -> None:
    install_graph("triage", version="7")
    assert {"react", "triage"} <= agent_graph_names()
    assert find_graph("triage", version=None).version == "7"
    assert find_graph("triage", version="7").graph.nodes


def test_another_version_than_the_one_that_is_needed_is_missing(
    install_graph: InstallGraph,
) -> None:
    install_graph("triage", version="7")
    with pytest.raises(GraphMissing, match=r"version 7 of the graph `triage`.* version 6"):
        find_graph("triage", version="6")


def test_a_graph_that_is_not_installed_is_missing() -> None:
    with pytest.raises(GraphMissing, match="no graph `triage`"):
        find_graph("triage", version=None)


def test_nobody_can_take_the_place_of_our_own_graphs(install_graph: InstallGraph) -> None:
    install_graph("react", version="7")
    assert find_graph("react", version=None).version != "7"


def test_a_crew_is_a_step_of_its_own_kind() -> None:
    assert "crew" not in agent_graph_names()


def test_the_example_of_the_documentation_can_be_installed(tmp_path: Path) -> None:
    from agentplatform.settings.environment import ROOT

    text = (ROOT / "docs/agents.md").read_text(encoding="utf-8")
    program = text.split("```python\n")[1].split("```")[0]
    namespace: dict[str, object] = {}
    exec(program, namespace)
    graph = namespace["Triage"]
    assert graph.version  # type: ignore[attr-defined]
    assert graph.build().compile()  # type: ignore[attr-defined]
