"""A spec made of CrewAI's two files, agents.yaml and tasks.yaml, decoded."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from agentplatform.core.errors import InvalidInput

_PLACEHOLDER = re.compile(r"(?<!\{)\{([A-Za-z_][A-Za-z0-9_-]*)\}(?!\})")
_AGENT_FIELDS = frozenset({"role", "goal", "backstory", "llm", "tools", "max_iter"})
_TASK_FIELDS = frozenset({"description", "expected_output", "agent", "context"})
_PROVIDERS = {"openai": "openai", "anthropic": "anthropic", "claude": "anthropic"}


class InvalidCrewFile(InvalidInput):
    """A file that is not of CrewAI's form; `errors` maps a place to a sentence."""

    code = "invalid_crew_file"


@dataclass(kw_only=True)
class Conversion:
    """`notes` tell what the files say and the spec cannot."""

    spec: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def convert_crew(
    agents: Any, tasks: Any, *, process: str, known_tools: frozenset[str]
) -> Conversion:
    """A spec with one crew step. `{topic}` in the texts becomes the run's input `topic`.

    Raises InvalidCrewFile.
    """
    made = Conversion()
    told_agents, told_tasks = _entries(agents, "agents"), _entries(tasks, "tasks")
    step = {
        "name": "crew",
        "kind": "crew",
        "process": process,
        "agents": [_agent(name, given, known_tools, made) for name, given in told_agents],
        "tasks": [_task(name, given, made) for name, given in told_tasks],
    }
    turns = [
        given["max_iter"] for _, given in told_agents if isinstance(given.get("max_iter"), int)
    ]
    if turns:
        step["max_turns"] = min(100, max(turns))
    inputs = sorted({name for _, given in (*told_agents, *told_tasks) for name in _inputs(given)})
    made.spec = {
        "inputs": {
            "type": "object",
            "properties": {name: {"type": "string"} for name in inputs},
            "required": inputs,
        },
        "steps": [step],
        "output": "{{ steps.crew.output }}",
    }
    return made


def _entries(document: Any, file: str) -> list[tuple[str, dict[str, Any]]]:
    if not isinstance(document, Mapping) or not document:
        raise InvalidCrewFile(f"The {file} file holds no names; each {file[:-1]} goes by a name.")
    wrong = {
        f"{file}.{name}": ["is not a set of fields"]
        for name, given in document.items()
        if not isinstance(given, Mapping)
    }
    if wrong:
        raise InvalidCrewFile(f"In the {file} file some entries are wrong.", errors=wrong)
    return [(str(name), dict(given)) for name, given in document.items()]


def _agent(
    name: str, given: dict[str, Any], known_tools: frozenset[str], made: Conversion
) -> dict[str, Any]:
    where = f"agents.{name}"
    _note_unused(where, given, _AGENT_FIELDS, made)
    agent = {"name": _name(name), **_texts(given, ("role", "goal", "backstory"))}
    wanted = [str(tool) for tool in given.get("tools") or ()]
    if tools := [tool for tool in wanted if tool in known_tools]:
        agent["tools"] = tools
    for tool in wanted:
        if tool not in known_tools:
            made.notes.append(f"{where}.tools: there is no tool `{tool}`; bind one in the spec")
    if llm := given.get("llm"):
        if model := _model(str(llm)):
            agent["model"] = model
        else:
            made.notes.append(f"{where}.llm: no provider for `{llm}`; the default model is used")
    return agent


def _task(name: str, given: dict[str, Any], made: Conversion) -> dict[str, Any]:
    _note_unused(f"tasks.{name}", given, _TASK_FIELDS, made)
    task = {"name": _name(name), **_texts(given, ("description", "expected_output"))}
    if agent := given.get("agent"):
        task["agent"] = _name(str(agent))
    if isinstance(context := given.get("context"), list | tuple):
        task["context"] = [_name(str(one)) for one in context]
    return task


def _texts(given: dict[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    return {name: _template(str(given[name])) for name in fields if given.get(name) is not None}


def _template(text: str) -> str:
    """CrewAI's placeholders as ours; braces that would be ours by chance are kept as text."""
    escaped = text.strip().replace("{{", r"\{{")
    return _PLACEHOLDER.sub(lambda match: f'{{{{ input."{match[1]}" }}}}', escaped)


def _inputs(given: dict[str, Any]) -> Iterator[str]:
    for name in ("role", "goal", "backstory", "description", "expected_output"):
        yield from _PLACEHOLDER.findall(str(given.get(name) or ""))


def _name(name: str) -> str:
    """A step's name: lower-case letters, digits and underscores, a letter first."""
    plain = re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_")
    return (plain if plain[:1].isalpha() else f"a_{plain}")[:63]


def _model(llm: str) -> str | None:
    provider, separator, model = llm.partition("/")
    if separator:
        return f"{_PROVIDERS[provider]}:{model}" if provider in _PROVIDERS else None
    if llm.startswith(("gpt", "o1", "o3", "o4", "chatgpt")):
        return f"openai:{llm}"
    return f"anthropic:{llm}" if llm.startswith("claude") else None


def _note_unused(where: str, given: dict[str, Any], used: frozenset[str], made: Conversion) -> None:
    if unused := sorted(str(name) for name in given if name not in used):
        made.notes.append(f"{where}: not converted: {', '.join(unused)}")
