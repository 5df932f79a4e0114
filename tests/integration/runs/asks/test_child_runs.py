"""Child runs that a turn asks for."""

from apps.runs.models import Run
from apps.runs.services.advance_run import advance_run
from apps.tenants.models import Account
from tests.integration.runs.asks.conftest import INNER, PAY, Asking, answers, approve
from tests.integration.runs.conftest import step_of
from tests.integration.runs.drive import broken


def test_why_a_child_run_cannot_start_is_an_answer(asking: Asking) -> None:
    ran, refused = answers(asking([[INNER, {**INNER, "task": "none"}]]).run)
    assert ran["ok"] is True
    assert refused == {"ok": False, "error": "no_such_task: There is no task named `none`."}


def test_a_failed_child_run_is_an_answer(asking: Asking) -> None:
    drive = asking([[INNER]], wait=10)
    drive.answer = lambda _: broken("no luck")
    (failed,) = answers(drive.pass_time(10).until_still())
    assert failed["ok"] is False
    assert failed["error"].startswith("child_run_failed: ")
    assert "no luck" in failed["error"]


def test_a_child_run_is_nested_and_uses_the_budget_of_its_parent(asking: Asking) -> None:
    drive = asking([[{**INNER, "token_budget": 50}]], wait=10)
    child = Run.objects.get(parent_run=drive.run)
    assert (child.depth, child.parent_step_id) == (1, step_of(drive.run, "a").id)
    assert child.token_budget == 50
    account = Account.objects.get(owner_id=child.id, unit="tokens")
    assert (account.hard_limit, account.parent_owner_id) == (50, drive.run.id)


def test_what_a_child_run_used_is_added_to_its_step_and_run_once(asking: Asking) -> None:
    drive = asking([[INNER, PAY]], wait=10)
    Run.objects.filter(parent_run=drive.run).update(tokens_used=11, cost_nanos=13)
    drive.pass_time(10).until_still()
    advance_run(run_id=drive.run.id, at=drive.at)
    approve(drive)
    run = drive.until_still()
    step = step_of(run, "a")
    assert (run.status, run.tokens_used, run.cost_nanos) == ("COMPLETED", 11, 13)
    assert (step.tokens_used, step.cost_nanos) == (11, 13)
