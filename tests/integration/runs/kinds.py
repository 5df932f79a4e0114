"""Steps and tasks that several tests of the kinds are made of."""

from typing import Any

from apps.runs.models import Run, Step
from apps.runs.services.save_task import create_task


def code(name: str, given: Any = "x", **fields: Any) -> dict[str, Any]:
    return {"name": name, "kind": "tool", "tool": "code",
            "arguments": {"program": "print(1)", "input": given}, **fields}  # fmt: skip


def statuses(run: Run) -> dict[str, str]:
    steps = Step.objects.filter(run=run, item_index=-1)
    return dict(steps.values_list("name", "status"))


def items_of(run: Run, name: str) -> list[str]:
    steps = Step.objects.filter(run=run, name=name, item_index__gte=0).order_by("item_index")
    return list(steps.values_list("status", flat=True))


ITEM = {"of": "{{ item }}", "at": "{{ index }}"}


def each(items: Any = "input.list", **fields: Any) -> dict[str, Any]:
    inner = {"kind": "tool", "tool": "code",
             "arguments": {"program": "1", "input": ITEM}}  # fmt: skip
    return {"name": "each", "kind": "map", "items": items, "step": inner, **fields}


def task_of(run: Run, name: str, steps: list[dict[str, Any]], **spec: Any) -> None:
    create_task(
        tenant_id=run.tenant_id,
        name=name,
        description="",
        spec={"steps": steps, **spec},
        created_by=None,
        at=run.created_at,
    )


CHILD = {"name": "child", "kind": "run", "task": "inner", "input": {"n": "{{ input.n }}"}}
