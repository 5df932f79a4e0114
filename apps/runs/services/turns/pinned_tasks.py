"""The tasks that an agent's step offers as tools, as it keeps to them."""

from dataclasses import dataclass

from apps.runs.contracts import NoSuchTask
from apps.runs.models import TaskVersion
from apps.runs.selectors import newest_versions_named
from apps.runs.services.turns.turn import Turn
from apps.runs.spec.crew_steps import CrewStep
from apps.runs.spec.steps import AgentStep
from apps.runs.spec.tools import task_names


@dataclass(frozen=True, kw_only=True)
class PinnedTask:
    """`description` is the definition's, of when the version was pinned: it speaks of that one."""

    version: TaskVersion
    description: str


PinnedTasks = dict[str, PinnedTask]
"""By the name that the spec calls the task by."""


def pinned_tasks(step: AgentStep | CrewStep, turn: Turn) -> PinnedTasks:
    """The tasks as they are for a first turn; what that one pinned for all that follow, whatever
    has become of the tasks meanwhile. Raises NoSuchTask."""
    names = task_names(step.all_tools)
    if not names:
        return {}
    if turn.checkpoint is not None:
        pinned = turn.checkpoint.task_versions
        rows = TaskVersion.objects.filter(id__in=pinned.values()).select_related("task")
        versions = {str(version.id): version for version in rows}
        said = turn.checkpoint.task_descriptions
        return {
            name: _pinned(versions[version_id], said.get(name))
            for name, version_id in pinned.items()
        }
    found = newest_versions_named(tenant_id=turn.run.tenant_id, names=names)
    for name in sorted(names - found.keys()):
        raise NoSuchTask(f"There is no task named `{name}`, which the step offers as a tool.")
    return {name: _pinned(version) for name, version in found.items()}


def _pinned(version: TaskVersion, description: str | None = None) -> PinnedTask:
    """An earlier release pinned no description."""
    said = version.task.description if description is None else description
    return PinnedTask(version=version, description=said)
