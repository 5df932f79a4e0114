"""A step for each item of a list: some at a time, joined in order."""

from datetime import datetime
from typing import Any, cast

from django.db.models import Count, Q, QuerySet

from apps.runs.contracts import TooMuchHeld
from apps.runs.models import Run, Step
from apps.runs.models.step import LIVE
from apps.runs.selectors import deadline_of, item_values, spec_of
from apps.runs.services.dispatch import QueuedStep
from apps.runs.services.engine.child_run import begin_child
from apps.runs.services.engine.settle import fail, succeed, wait_for
from apps.runs.services.hold_output import hold_value
from apps.runs.services.lock_run import locked_items
from apps.runs.services.take_back import take_back
from apps.runs.services.transition import move_step
from apps.runs.services.write_run import write_run
from apps.runs.spec.engine_steps import RunStep
from apps.runs.spec.expression import TemplateError, evaluate
from apps.runs.spec.kinds import MAX_ITEMS, MapStep, SpecStep
from apps.runs.states import TENANT_STOPPED


def begin_map(
    run: Run, step: Step, node: SpecStep, values: dict[str, Any], *, at: datetime
) -> list[QueuedStep]:
    """Write a row for each item of a RUNNING map of a locked run and queue the first of them.

    Returns the queued. Requires a transaction.
    """
    node = cast("MapStep", node)
    try:
        items = _items(node, values)
        hold_value(run, items)
    except (TemplateError, TooMuchHeld) as failure:
        fail(run, step, {"code": failure.code, "detail": f"items: {failure.detail}"}, at=at)
        return []
    retry = node.step.retry or spec_of(run).defaults.retry
    Step.objects.bulk_create(
        Step(
            tenant_id=run.tenant_id,
            run=run,
            name=step.name,
            kind=node.step.kind,
            item_index=index,
            position=step.position,
            max_attempts=retry.max_attempts,
            input=item,
            changed_at=at,
        )
        for index, item in enumerate(items)
    )
    wait_for(run, step, Step.WaitsFor.ITEMS, at=at, until=None, items=len(items))
    return fill_map(run, step, node, values, at=at)


def fill_map(
    run: Run, step: Step, node: SpecStep, values: dict[str, Any], *, at: datetime
) -> list[QueuedStep]:
    """Queue items of a WAITING map of a locked run up to max_parallel; end the map when too many
    have failed, one was refused because of its tenant, or all are over. Returns the queued.
    Requires a transaction."""
    node = cast("MapStep", node)
    while True:
        write_run(run)
        counts = _counts(run, step)
        failed, live, pending = counts["failed"], counts["live"], counts["pending"]
        if failed > node.tolerated_failures or (failed and _is_stopped(run, step)):
            _give_up(run, step, node, counts, at=at)
            return []
        if not live and not pending:
            _join(run, step, at=at)
            return []
        room = node.max_parallel - live
        if room <= 0 or not pending:
            return []
        if not isinstance(node.step, RunStep):
            return _queue_items(run, step, node, room, at=at)
        _begin_children(run, step, node.step, values, room, at=at)


def _items(node: MapStep, values: dict[str, Any]) -> list[Any]:
    items = evaluate(node.items, values) if isinstance(node.items, str) else list(node.items)
    if not isinstance(items, list):
        kind = type(items).__name__ if items is not None else "null"
        raise TemplateError(f"gives {kind}; a list is needed")
    if len(items) > MAX_ITEMS:
        raise TemplateError(f"gives {len(items)} items; {MAX_ITEMS} is the most")
    return items


def _rows(run: Run, step: Step) -> QuerySet[Step]:
    return Step.objects.filter(run_id=run.id, name=step.name, item_index__gte=0)


def _counts(run: Run, step: Step) -> dict[str, int]:
    """In one pass: grouped by status the rows would be sorted, for each item that ends."""
    return _rows(run, step).aggregate(
        all=Count("id"),
        failed=Count("id", filter=Q(status="FAILED")),
        pending=Count("id", filter=Q(status="PENDING")),
        live=Count("id", filter=Q(status__in=LIVE)),
    )


def _is_stopped(run: Run, step: Step) -> bool:
    return _rows(run, step).filter(status="FAILED", error__code=TENANT_STOPPED).exists()


def _next(run: Run, step: Step, room: int) -> list[Step]:
    pending = _rows(run, step).filter(status="PENDING").order_by("item_index")[:room]
    return locked_items(run, list(pending))


def _queue_items(
    run: Run, step: Step, node: MapStep, room: int, *, at: datetime
) -> list[QueuedStep]:
    queued = []
    for item in _next(run, step, room):
        move_step(run, item, "QUEUED", at=at, deadline_at=deadline_of(node.step, at))
        queued.append(QueuedStep(step_id=item.id, turn=item.turn))
    return queued


def _begin_children(
    run: Run, step: Step, node: RunStep, values: dict[str, Any], room: int, *, at: datetime
) -> None:
    """Items that are runs need no worker: they begin here."""
    for item in _next(run, step, room):
        move_step(run, item, "QUEUED", at=at, deadline_at=deadline_of(node, at))
        move_step(run, item, "RUNNING", at=at, started_at=at)
        begin_child(run, item, node, item_values(values, item), at=at)


def _give_up(run: Run, step: Step, node: MapStep, counts: dict[str, int], *, at: datetime) -> None:
    take_back(run, step, at=at)
    failed = _rows(run, step).filter(status="FAILED").order_by("item_index")
    first = failed.filter(error__code=TENANT_STOPPED).first() or failed[0]
    error = first.error or {}
    detail = (
        f"{counts['failed']} of {counts['all']} items failed, {node.tolerated_failures}"
        f" may; item {first.item_index}: {error.get('detail', '')}"
    )
    code = error.get("code")
    told = code if code in ("budget_exceeded", TENANT_STOPPED) else "items_failed"
    fail(run, step, {"code": told, "detail": detail}, at=at)


def _join(run: Run, step: Step, *, at: datetime) -> None:
    rows = _rows(run, step).order_by("item_index").values_list("item_index", "output", "error")
    items = list(rows)
    failed = [{"index": index, **error} for index, _, error in items if error]
    output = {"items": [output for _, output, _ in items], "failed": failed}
    succeed(run, step, output, at=at, data={"items": len(items), "failed": len(failed)})
