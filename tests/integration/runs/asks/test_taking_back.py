"""What a turn asks is taken back with it."""

import json

import pytest

from apps.runs.contracts import RunFinished
from apps.runs.models import Ask, Run
from apps.runs.services.cancel_run import cancel_run
from tests.installed_graph import ROUNDS, InstallGraph
from tests.integration.runs.asks.conftest import INNER, PAY, Asking, approve, asks
from tests.integration.runs.conftest import RunMaker, step_of
from tests.integration.runs.drive import Drive


def test_cancelling_a_run_takes_back_what_its_turns_ask(asking: Asking) -> None:
    drive = asking([[PAY, INNER]], wait=100)
    cancel_run(run_id=drive.run.id, at=drive.at)
    drive.until_still()
    assert asks(drive.run) == [("approval", "CANCELLED"), ("run", "CANCELLED")]
    assert Run.objects.get(parent_run=drive.run).status == "CANCELLED"
    with pytest.raises(RunFinished):
        approve(drive)


def test_a_step_whose_time_is_up_takes_back_what_it_asks(asking: Asking) -> None:
    drive = asking([[PAY, INNER]], wait=100, timeout_seconds=20, on_failure="continue")
    drive.pass_time(20).until_still()
    drive.until_still()
    assert (drive.run.status, step_of(drive.run, "a").status) == ("COMPLETED", "FAILED")
    assert asks(drive.run) == [("approval", "CANCELLED"), ("run", "CANCELLED")]
    assert Run.objects.get(parent_run=drive.run).status == "CANCELLED"


def test_a_map_of_agents_asks_for_each_item_and_takes_back_with_it(
    make_run: RunMaker, install_graph: InstallGraph
) -> None:
    install_graph("rounds", program=ROUNDS)
    inner = {"kind": "agent", "graph": "rounds", "instructions": "Ask.",
             "prompt": json.dumps([[PAY]])}  # fmt: skip
    step = {"name": "a", "kind": "map", "items": [1, 2, 3], "step": inner, "max_parallel": 2}
    drive = Drive(make_run([step]))
    drive.until_still()
    for ask in Ask.objects.filter(status="WAITING"):
        approve(drive, ask=ask.id)
    drive.until_still()
    assert [status for _, status in asks(drive.run)].count("WAITING") == 1
    cancel_run(run_id=drive.run.id, at=drive.at)
    assert not Ask.objects.filter(status="WAITING").exists()
