"""Say once for each threshold that a run's budget grows short."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from agentplatform.core.transactions import transaction
from apps.runs.models import Run
from apps.runs.selectors import runs_at_work
from apps.runs.services.lock_run import lock_run
from apps.runs.services.transition import record_event
from apps.runs.states import RUN
from apps.tenants import facade as tenants
from apps.tenants.contracts import NewAlert

ENDED_WITHIN: Final = timedelta(minutes=1)
"""Runs that ended between two looks are looked at too, even when looks come late."""


def watch_budgets(*, at: datetime) -> int:
    """How many thresholds were reached since the last look, of what the runs at work may use: those
    that their tenant is warned at, and the limit itself. Each is an alert and, while the run goes
    on, its event `budget.warning`. Two looks at once are harmless. Opens a transaction a run; needs
    the platform's scope."""
    found: dict[UUID, list[NewAlert]] = defaultdict(list)
    runs = runs_at_work(ended_since=at - ENDED_WITHIN)
    for alert in tenants.budget_alerts_of_runs(runs=runs):
        found[UUID(alert.details["owner_id"])].append(alert)
    return sum(_raise(run_id, alerts, at) for run_id, alerts in sorted(found.items()))


def _raise(run_id: UUID, alerts: list[NewAlert], at: datetime) -> int:
    with transaction():
        try:
            run = lock_run(run_id)
        except Run.DoesNotExist:
            return 0
        new = [alert for alert in alerts if tenants.raise_alert(alert, at=at)]
        if run.status not in RUN.terminal:
            for alert in new:
                told = tenants.budget_details(alert.details)
                data = {name: told[name] for name in ("unit", "threshold", "used", "limit")}
                record_event(run, "budget.warning", at=at, data=data)
    return len(new)
