"""Task definitions: create one, add a version to it, archive it."""

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.db.models import Max

from agentplatform.core.errors import Conflict
from agentplatform.core.transactions import transaction
from apps.gateway import facade as gateway
from apps.runs.agents.registry import agent_graph_names
from apps.runs.contracts import OtherRelease
from apps.runs.models import TaskDefinition, TaskVersion
from apps.runs.selectors import (
    known_task_names,
    newest_version,
    newest_versions_named,
    spec_of_version,
)
from apps.runs.spec.check import parse_spec
from apps.runs.spec.check_catalogue import Catalogue
from apps.runs.spec.check_runs import run_warnings
from apps.runs.spec.document import Spec
from apps.tenants import facade as tenants
from apps.tools import facade as tools


def check_spec(document: Any, *, tenant_id: UUID | None) -> Spec:
    """The parsed spec. Raises InvalidSpec with every error that can be known beforehand. Without a
    tenant no task is known."""

    def known_tasks(names: frozenset[str]) -> set[str]:
        return known_task_names(tenant_id=tenant_id, names=names) if tenant_id else set()

    def find_parameters(names: frozenset[str]) -> dict[str, dict[str, Any]]:
        described = tools.describe_tools(tenant_id=tenant_id, names=names)
        return {tool.name: tool.parameters for tool in described}

    catalogue = Catalogue(
        tools=tools.tool_names(tenant_id=tenant_id),
        graphs=agent_graph_names(),
        is_known_model=partial(gateway.is_known_model, tenant_id=tenant_id),
        known_tasks=known_tasks,
        find_parameters=find_parameters,
    )
    return parse_spec(document, catalogue=catalogue)


def find_warnings(spec: Spec, *, tenant_id: UUID) -> dict[str, list[str]]:
    """What is no error of the spec and will fail steps of it all the same, as the tenant's tasks
    are now: sentences by path."""

    def find_inputs(names: frozenset[str]) -> dict[str, dict[str, Any]]:
        versions = newest_versions_named(tenant_id=tenant_id, names=names)
        return {name: version.spec.get("inputs", {}) for name, version in versions.items()}

    return run_warnings(spec, find_inputs)


def warnings_of(version: TaskVersion) -> dict[str, list[str]]:
    """The same of a saved version; that another release wrote it is told there, too."""
    try:
        spec = spec_of_version(version.id)
    except OtherRelease as error:
        return {"spec": [error.detail]}
    return find_warnings(spec, tenant_id=version.tenant_id)


def create_task(
    *,
    tenant_id: UUID,
    name: str,
    description: str,
    spec: Any,
    created_by: UUID | None,
    at: datetime,
) -> TaskDefinition:
    """A task definition with its first version. Raises InvalidSpec, or Conflict for a taken name.

    Opens a transaction.
    """
    check_spec(spec, tenant_id=tenant_id)
    try:
        with transaction():
            task = TaskDefinition.objects.create(
                tenant_id=tenant_id,
                name=name,
                description=description,
                created_at=at,
                updated_at=at,
            )
            version = _add_version(task, spec, created_by, at)
            tenants.record_change(
                tenant_id=tenant_id,
                action="task.created",
                target=("task", task.id),
                at=at,
                after=_describe(task, version),
            )
    except IntegrityError as error:
        raise Conflict(
            f"There is a task named `{name}`; PATCH it to add a version, or choose another name."
        ) from error
    return task


def change_task(
    *,
    task: TaskDefinition,
    at: datetime,
    created_by: UUID | None,
    name: str | None = None,
    description: str | None = None,
    spec: Any = None,
) -> TaskDefinition:
    """Rename or describe the task, and add a version when `spec` differs from the newest one.

    Runs in flight keep the version that they pinned. Raises as create_task; opens a transaction.
    """
    if spec is not None:
        check_spec(spec, tenant_id=task.tenant_id)
    try:
        with transaction():
            locked = TaskDefinition.objects.select_for_update().get(id=task.id)
            newest = newest_version(locked)
            before = _describe(locked, newest)
            locked.name = name if name is not None else locked.name
            locked.description = description if description is not None else locked.description
            if spec is not None and spec != newest.spec:
                newest = _add_version(locked, spec, created_by, at)
            after = _describe(locked, newest)
            if after == before:
                return locked
            locked.updated_at = at
            locked.save(update_fields=["name", "description", "updated_at"])
            tenants.record_change(
                tenant_id=locked.tenant_id,
                action="task.changed",
                target=("task", locked.id),
                at=at,
                before=before,
                after=after,
            )
    except IntegrityError as error:
        raise Conflict(f"There is another task named `{name}`; choose another name.") from error
    return locked


def archive_task(*, task: TaskDefinition, at: datetime) -> None:
    """Hide the task from lists and from new runs; its runs and versions stay.

    A second time changes nothing. Opens a transaction.
    """
    with transaction():
        active = TaskDefinition.objects.filter(id=task.id, is_active=True)
        if active.update(is_active=False, updated_at=at):
            tenants.record_change(
                tenant_id=task.tenant_id,
                action="task.archived",
                target=("task", task.id),
                at=at,
                before={"name": task.name},
            )


def _describe(task: TaskDefinition, newest: TaskVersion) -> dict[str, object]:
    """What the audit says of a task: its version's number, not the spec."""
    return {"name": task.name, "description": task.description, "version": newest.number}


def _add_version(
    task: TaskDefinition, spec: Any, created_by: UUID | None, at: datetime
) -> TaskVersion:
    newest = task.versions.aggregate(newest=Max("number"))["newest"] or 0
    return TaskVersion.objects.create(
        tenant_id=task.tenant_id,
        task=task,
        number=newest + 1,
        spec=spec,
        created_by_id=created_by,
        created_at=at,
    )
