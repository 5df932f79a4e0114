"""Several writes in one round trip."""

from uuid import uuid4

import pytest

from agentplatform.core.clock import now
from agentplatform.core.postgresql.batch import ONE_ROW_OF, Batch, RowMissing, missing_rows
from agentplatform.core.tenancy import platform_scope, tenant_scope
from agentplatform.core.transactions import before_commit, begin_with, transaction
from apps.runs.models import TaskDefinition, TaskVersion
from apps.tenants.models import Tenant
from apps.tenants.services.create_tenant import create_tenant


@pytest.fixture
def tenant(transactional_db: None) -> Tenant:
    with platform_scope():
        return create_tenant(name="Acme", at=now())


@pytest.fixture
def task(tenant: Tenant) -> TaskDefinition:
    at = now()
    with tenant_scope(tenant.id):
        return TaskDefinition.objects.create(
            tenant=tenant, name="Task", description="-", created_at=at, updated_at=at
        )


@pytest.mark.parametrize(
    "text",
    [
        "%s and %(name)s",
        "100 %",
        "it's",
        "a \\ and a \\' too",
        "naïve 日本 🙂",
        "'; drop table runs; --",
    ],
)
def test_a_value_is_written_as_it_is(task: TaskDefinition, text: str) -> None:
    with tenant_scope(task.tenant_id):
        with transaction():
            batch = Batch()
            batch.update(TaskDefinition, {"description": text}, where={"id": task.id})
            where = {"id": task.id, "description": text}
            batch.update(TaskDefinition, {"name": "Found"}, where=where)
            batch.execute()
        task.refresh_from_db()
    assert (task.description, task.name) == (text, "Found")


def test_rows_are_inserted_with_their_values(task: TaskDefinition) -> None:
    specs = {1: {"n": 1.5, "text": "it's 5 %"}, 2: {}}
    same = {"tenant": task.tenant_id, "task": task.id, "created_at": task.created_at}
    rows = [{**same, "id": uuid4(), "number": number, "spec": specs[number]} for number in specs]
    with tenant_scope(task.tenant_id):
        with transaction():
            batch = Batch()
            written = batch.insert(TaskVersion, rows)
            batch.execute()
            assert written() == 2
        versions = task.versions.all()
        assert {version.number: version.spec for version in versions} == specs


def test_a_row_that_is_not_there_undoes_the_batch(task: TaskDefinition) -> None:
    batch = Batch()
    batch.update(TaskDefinition, {"description": "changed"}, where={"id": task.id})
    batch.update(TaskDefinition, {"name": "Other"}, where={"id": task.id, "name": "no such"})
    with tenant_scope(task.tenant_id):
        with pytest.raises(RowMissing):
            execute(batch)
        task.refresh_from_db()
    assert task.description == "-"


def test_what_a_transaction_begins_with_decides_whether_it_is_kept(task: TaskDefinition) -> None:
    with tenant_scope(task.tenant_id):
        with pytest.raises(RowMissing):
            describe(task, "lost", where="name = 'no such'")
        describe(task, "kept", where="name = 'Task'")
        task.refresh_from_db()
    assert task.description == "kept"


def test_what_a_transaction_was_to_begin_with_is_not_left_to_the_next(task: TaskDefinition) -> None:
    with tenant_scope(task.tenant_id):
        with transaction():
            begin_with(ONE_ROW_OF.format("tasks where name = 'no such'"))
        with transaction():
            TaskDefinition.objects.filter(id=task.id).update(name="Other")
        task.refresh_from_db()
    assert task.name == "Other"


def test_what_waits_for_the_end_is_done_once_for_each_object(task: TaskDefinition) -> None:
    done: list[TaskDefinition] = []

    def note(*, row: TaskDefinition) -> None:
        done.append(row)

    other = TaskDefinition.objects.get(id=task.id)
    with tenant_scope(task.tenant_id), transaction():
        for row in (task, other, task):
            before_commit(note, row=row)
        assert done == []
    assert [id(row) for row in done] == [id(task), id(other)]


def describe(task: TaskDefinition, text: str, *, where: str) -> None:
    """In a transaction that begins with asking for such a task."""
    with missing_rows(), transaction():
        begin_with(ONE_ROW_OF.format(f"tasks where {where}"))
        TaskDefinition.objects.filter(id=task.id).update(description=text)


def execute(batch: Batch) -> None:
    with transaction():
        batch.execute()
