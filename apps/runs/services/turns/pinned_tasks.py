"""The tasks that an agent's step offers as tools, in the versions that it keeps to."""

from apps.runs.contracts import NoSuchTask
from apps.runs.models import TaskVersion
from apps.runs.selectors import newest_versions_named
from apps.runs.services.turns.turn import Turn
from apps.runs.spec.crew_steps import CrewStep
from apps.runs.spec.steps import AgentStep
from apps.runs.spec.tools import task_names

PinnedTasks = dict[str, TaskVersion]
"""By the name that the spec calls the task by."""


def pinned_tasks(step: AgentStep | CrewStep, turn: Turn) -> PinnedTasks:
    """The newest versions for a first turn; what that one pinned for all that follow, whatever has
    become of the tasks meanwhile. Raises NoSuchTask."""
    names = task_names(step.all_tools)
    if not names:
        return {}
    if turn.checkpoint is not None:
        pinned = turn.checkpoint.task_versions
        rows = TaskVersion.objects.filter(id__in=pinned.values()).select_related("task")
        versions = {str(version.id): version for version in rows}
        return {name: versions[version_id] for name, version_id in pinned.items()}
    found = newest_versions_named(tenant_id=turn.run.tenant_id, names=names)
    for name in sorted(names - found.keys()):
        raise NoSuchTask(f"There is no task named `{name}`, which the step offers as a tool.")
    return found
