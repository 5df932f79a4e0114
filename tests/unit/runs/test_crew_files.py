"""CrewAI's files become a spec, and what cannot be converted is told."""

from typing import Any

import pytest
import yaml

from apps.runs.spec.check import Catalogue, parse_spec
from apps.runs.spec.crew_files import Conversion, InvalidCrewFile, convert_crew

AGENTS = """
researcher:
  role: >
    {topic} Senior Data Researcher
  goal: >
    Uncover cutting-edge developments in {topic}
  backstory: >
    You're a seasoned researcher who writes {{braces}}.
  llm: openai/gpt-4o
  tools: [http, SerperDevTool]
  max_iter: 7
  verbose: true
Reporting-Analyst:
  role: "{topic} Reporting Analyst"
  goal: Create reports
  backstory: Meticulous
  llm: ollama/llama3
"""
TASKS = """
research_task:
  description: >
    Conduct a thorough research about {topic} in {current-year}
  expected_output: >
    A list with 10 bullet points
  agent: researcher
reporting_task:
  description: Review the context you got
  expected_output: A fully fledged report
  agent: Reporting-Analyst
  context: [research_task]
  output_file: report.md
"""
TOOLS = frozenset({"code", "http"})


def convert(agents: str = AGENTS, tasks: str = TASKS, process: str = "sequential") -> Conversion:
    return convert_crew(
        yaml.safe_load(agents), yaml.safe_load(tasks), process=process, known_tools=TOOLS
    )


@pytest.mark.parametrize("process", ["sequential", "hierarchical"])
def test_the_spec_is_valid(process: str) -> None:
    catalogue = Catalogue(
        tools=TOOLS,
        graphs=frozenset({"react"}),
        is_known_model=lambda alias: ":" in alias or alias == "default",
        known_tasks=lambda names: (),
    )
    spec = parse_spec(convert(process=process).spec, catalogue=catalogue)
    assert spec.steps[0].kind == "crew"


def test_agents_and_tasks_keep_their_order_their_texts_and_their_context() -> None:
    (step,) = convert().spec["steps"]
    assert [agent["name"] for agent in step["agents"]] == ["researcher", "reporting_analyst"]
    assert step["agents"][0]["model"] == "openai:gpt-4o"
    assert step["agents"][0]["tools"] == ["http"]
    assert step["max_turns"] == 7
    first, second = step["tasks"]
    assert (first["agent"], second["agent"]) == ("researcher", "reporting_analyst")
    assert second["context"] == ["research_task"]
    assert "context" not in first


def test_placeholders_become_inputs_of_the_run() -> None:
    spec = convert().spec
    assert spec["inputs"]["required"] == ["current-year", "topic"]
    step = spec["steps"][0]
    assert step["agents"][0]["role"] == '{{ input."topic" }} Senior Data Researcher'
    assert step["tasks"][0]["description"].endswith('in {{ input."current-year" }}')


def test_braces_that_are_no_placeholder_stay_text() -> None:
    from apps.runs.spec.template import render

    story = convert().spec["steps"][0]["agents"][0]["backstory"]
    assert render(story, {"input": {}}) == "You're a seasoned researcher who writes {{braces}}."


def test_what_cannot_be_converted_is_told() -> None:
    assert convert().notes == [
        "agents.researcher: not converted: verbose",
        "agents.researcher.tools: there is no tool `SerperDevTool`; bind one in the spec",
        "agents.Reporting-Analyst.llm: no provider for `ollama/llama3`; the default model is used",
        "tasks.reporting_task: not converted: output_file",
    ]


@pytest.mark.parametrize("wrong", [None, [], "text", {"a": 5}])
def test_a_file_of_another_form_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidCrewFile):
        convert_crew(wrong, yaml.safe_load(TASKS), process="sequential", known_tools=TOOLS)
