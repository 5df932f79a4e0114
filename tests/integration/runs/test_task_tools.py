"""Tasks that an agent offers to its model as tools."""

import json
from typing import Any

import pytest

from agentplatform.core.clock import now
from apps.gateway.models import LlmCall
from apps.runs.models import Ask, Run, TaskDefinition
from apps.runs.selectors import newest_version
from apps.runs.services.answer_step import approve_step
from apps.runs.services.cancel_run import cancel_run
from apps.runs.services.create_run import create_run
from apps.runs.services.save_task import archive_task, change_task, create_task
from apps.tenants.models import Account, Tenant
from apps.tools.models import ToolCall
from tests.api.runs.conftest import client_of
from tests.installed_graph import ROUNDS, InstallGraph
from tests.integration.runs.conftest import finished, step_of
from tests.integration.runs.drive import Drive, Model, broken
from tests.integration.runs.kinds import code
from tests.integration.runs.test_flow import ADD, agent
from tests.provider import Provider

SPEC = {
    "inputs": {
        "properties": {"n": {"type": "integer"}},
        "required": ["n"],
        "additionalProperties": False,
    },
    "steps": [code("t", "{{ input.n }}")],
    "output": {"got": "{{ steps.t.output.value }}", "more": "x"},
}
CHANGED = {**SPEC, "inputs": {"type": "object", "required": ["m"]}}
ENRICH = {"task": "enrich"}
CALL = {"name": "enrich", "arguments": {"n": 7}}


def save(tenant: Tenant, name: str, spec: dict[str, Any] = SPEC, **fields: Any) -> TaskDefinition:
    given = {"description": "Tells more.", "created_by": None, "at": now(), **fields}
    return create_task(tenant_id=tenant.id, name=name, spec=spec, **given)


def start(tenant: Tenant, *steps: dict[str, Any]) -> Run:
    task = save(tenant, "outer", {"steps": list(steps)})
    return create_run(version=newest_version(task), given={}, created_by=None, at=now())[0]


@pytest.fixture
def enrich(tenant: Tenant) -> TaskDefinition:
    """The task `enrich`: gives back its `n`."""
    return save(tenant, "enrich")


def calling(tenant: Tenant, *calls: dict[str, Any], **fields: Any) -> Drive:
    """A run of an agent that offers `enrich` and `add`, whose model wants these calls first."""
    run = start(tenant, agent(**{"tools": [ENRICH, ADD], **fields}))
    return Drive(run, say=Model(*calls))


def made(run: Run, name: str = "agent") -> list[dict[str, Any]]:
    """The tool calls in the output of the run's agent."""
    assert run.status == "COMPLETED", run.error
    calls: list[dict[str, Any]] = step_of(run, name).output["tool_calls"]
    return calls


def told(run: Run) -> list[Any]:
    """What the model was told of its calls."""
    messages = LlmCall.objects.filter(run_id=run.id).order_by("-turn")[0].request["messages"]
    return [json.loads(message["content"]) for message in messages if message["role"] == "tool"]


def offered(run: Run) -> list[list[dict[str, Any]]]:
    """The tools of each model call, in their order."""
    calls = LlmCall.objects.filter(run_id=run.id).order_by("turn")
    return [call.request["tools"] for call in calls]


def children(run: Run) -> list[Run]:
    return list(Run.objects.filter(parent_run=run).order_by("id"))


def test_a_model_is_offered_the_task_as_its_definition_says(
    tenant: Tenant, enrich: TaskDefinition
) -> None:
    own = {**ENRICH, "name": "ask_more", "description": "Ask for more."}
    run = calling(tenant, tools=[ENRICH, own]).until_still()
    as_defined, as_named = offered(run)[0]
    assert as_defined == {
        "name": "enrich",
        "description": "Tells more.",
        "parameters": {"type": "object", **SPEC["inputs"]},
    }
    assert (as_named["name"], as_named["description"]) == ("ask_more", "Ask for more.")


def test_a_call_starts_a_run_within_the_agents_and_its_output_is_the_answer(
    tenant: Tenant, enrich: TaskDefinition
) -> None:
    add = {"name": "add", "arguments": {"a": 2, "b": 3}}
    run = calling(tenant, CALL, add, {**CALL, "arguments": {"n": 8}}).until_still()
    seven, added, eight = made(run)
    assert seven == {**CALL, "ok": True, "output": {"got": 7, "more": "x"}}
    assert added["output"] == {"value": {"a": 2, "b": 3}}
    assert eight["output"]["got"] == 8
    assert told(run)[0] == {"got": 7, "more": "x"}
    assert [(child.depth, child.status, child.input) for child in children(run)] == [
        (1, "COMPLETED", {"n": 7}),
        (1, "COMPLETED", {"n": 8}),
    ]
    assert {child.parent_step_id for child in children(run)} == {step_of(run, "agent").id}


def test_a_model_is_told_of_a_call_only_what_the_tool_shows(
    tenant: Tenant, enrich: TaskDefinition
) -> None:
    tools = [{**ENRICH, "show": "got"}]
    run = calling(tenant, CALL, tools=tools).until_still()
    assert told(run) == [7]
    assert made(run)[0]["output"] == {"got": 7, "more": "x"}


def test_a_run_that_fails_is_told_to_the_model(tenant: Tenant, enrich: TaskDefinition) -> None:
    drive = calling(tenant, CALL, tools=[{**ENRICH, "show": "got"}])
    drive.answer = lambda _: broken("no luck")
    run = drive.until_still()
    (call,) = made(run)
    assert call["ok"] is False
    assert call["error"].startswith("child_run_failed: ")
    assert "no luck" in told(run)[0]


def test_wrong_arguments_are_told_and_start_nothing(tenant: Tenant, enrich: TaskDefinition) -> None:
    run = calling(tenant, {**CALL, "arguments": {"n": "seven"}}).until_still()
    assert "wrong arguments" in told(run)[0]
    assert children(run) == []


def test_an_agent_keeps_to_the_version_that_it_began_with(
    tenant: Tenant, enrich: TaskDefinition
) -> None:
    model = Model(CALL)
    drive = calling(tenant)

    def say(last: str) -> dict[str, Any]:
        change_task(
            task=enrich, at=drive.at, created_by=None, spec=CHANGED, description="Tells else."
        )
        return model(last)

    drive.say = say
    run = drive.until_still()
    assert made(run)[0]["ok"] is True
    assert [child.task_version.number for child in children(run)] == [1]
    first, second = offered(run)
    assert first == second


def test_a_task_that_is_archived_meanwhile_is_told_to_be_gone(
    tenant: Tenant, enrich: TaskDefinition
) -> None:
    model = Model(CALL)
    drive = calling(tenant)

    def say(last: str) -> dict[str, Any]:
        archive_task(task=enrich, at=drive.at)
        return model(last)

    drive.say = say
    run = drive.until_still()
    assert told(run) == ["no_such_task: There is no task named `enrich`."]
    assert made(run)[0]["ok"] is False


def test_an_agent_whose_task_is_archived_before_it_begins_fails(
    tenant: Tenant, enrich: TaskDefinition
) -> None:
    drive = calling(tenant)
    archive_task(task=enrich, at=drive.at)
    run = drive.until_still()
    assert (run.status, run.error["code"]) == ("FAILED", "no_such_task")
    assert LlmCall.objects.count() == 0


def test_a_run_has_the_budget_of_the_tool_and_uses_that_of_the_agents_run(
    tenant: Tenant, enrich: TaskDefinition
) -> None:
    drive = calling(tenant, CALL, tools=[{**ENRICH, "token_budget": 50}])
    drive.answer = lambda _: 1
    run = drive.until_still()
    (child,) = children(run)
    account = Account.objects.get(owner_id=child.id, unit="tokens")
    assert (account.hard_limit, account.parent_owner_id) == (50, run.id)


def test_a_task_that_calls_itself_is_told_where_it_ends(tenant: Tenant) -> None:
    spec = {"steps": [agent(tools=[])]}
    task = save(tenant, "again", spec)
    change_task(
        task=task, at=now(), created_by=None, spec={"steps": [agent(tools=[{"task": "again"}])]}
    )
    run, _ = create_run(version=newest_version(task), given={}, created_by=None, at=now())

    def say(last: str) -> dict[str, Any]:
        calls = [{"id": "c", "name": "again", "arguments": {}}] if last == "Add." else []
        return {"text": last, "tool_calls": calls}

    drive = Drive(run, say=say)
    assert drive.until_still().status == "COMPLETED"
    deepest = Run.objects.order_by("-depth")[0]
    assert (Run.objects.count(), deepest.depth) == (6, 5)
    assert made(deepest)[0]["error"] == "too_deep: Runs are nested at most 5 deep."


def test_a_call_of_a_task_may_need_approval(tenant: Tenant, enrich: TaskDefinition) -> None:
    drive = calling(tenant, CALL, needs_approval=["enrich"])
    drive.until_still()
    assert children(drive.run) == []
    approve_step(run_id=drive.run.id, name="agent", option=None, comment="", by="ann", at=drive.at)
    (call,) = made(drive.until_still())
    assert (call["output"]["got"], call["approval"]["by"]) == (7, "ann")


def test_an_agent_of_a_crew_calls_tasks_too(tenant: Tenant, enrich: TaskDefinition) -> None:
    crew = {
        "name": "team", "kind": "crew",
        "agents": [{"name": "asker", "role": "an asker", "goal": "Ask.", "tools": [ENRICH]}],
        "tasks": [{"name": "ask", "description": "Ask.", "expected_output": "A line.",
                   "agent": "asker"}],
    }  # fmt: skip
    run = Drive(start(tenant, crew), say=Model(CALL)).until_still()
    assert run.status == "COMPLETED", run.error
    assert told(run) == [{"got": 7, "more": "x"}]


def test_a_graph_of_an_operator_calls_a_task_as_any_tool(
    tenant: Tenant, enrich: TaskDefinition, install_graph: InstallGraph
) -> None:
    install_graph("rounds", program=ROUNDS)
    wish = {"kind": "tool", **CALL}
    step = agent(graph="rounds", prompt=json.dumps([[wish]]), tools=[{**ENRICH, "show": "got"}])
    run = Drive(start(tenant, step)).until_still()
    (answer,) = step_of(run, "agent").output["answers"]
    assert answer == {"ok": True, "output": {"got": 7, "more": "x"}, "shown": 7}


def test_cancelling_the_run_cancels_what_its_agent_has_called(tenant: Tenant) -> None:
    save(tenant, "enrich", {"steps": [{"name": "w", "kind": "wait", "seconds": 1000}]})
    drive = calling(tenant, {**CALL, "arguments": {}})
    drive.until_still()
    cancel_run(run_id=drive.run.id, at=drive.at)
    drive.until_still()
    assert [child.status for child in children(drive.run)] == ["CANCELLED"]
    assert Ask.objects.get().status == "CANCELLED"


def test_agents_of_a_map_call_tasks(tenant: Tenant, enrich: TaskDefinition) -> None:
    inner = {name: value for name, value in agent(tools=[ENRICH]).items() if name != "name"}
    step = {"name": "all", "kind": "map", "items": [1, 2], "max_parallel": 1,
            "step": {**inner, "prompt": "{{ item }}"}}  # fmt: skip

    def say(last: str) -> dict[str, Any]:
        if not last.isdigit():
            return {"text": last, "tool_calls": []}
        return {"text": "", "tool_calls": [{**CALL, "id": "c", "arguments": {"n": int(last)}}]}

    run = Drive(start(tenant, step), say=say).until_still()
    assert run.status == "COMPLETED", run.error
    found = step_of(run, "all").output["items"]
    assert [item["tool_calls"][0]["output"]["got"] for item in found] == [1, 2]
    assert ToolCall.objects.count() == 2


@pytest.mark.usefixtures("workers")
def test_workers_answer_an_agent_with_the_run_that_its_model_calls(provider: Provider) -> None:
    client = client_of("member")

    def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        response = client.post(f"/api/v1/{path}", body)
        assert response.status_code == 201, response.content
        found: dict[str, Any] = response.json()
        return found

    add = {"name": "add", "arguments": {"a": 2, "b": 3}}
    script = [{"tool_calls": [CALL, add]}, {"text": "Seven and five."}]
    provider.control(model="agent-tag-enricher", script=script)
    echo = "import json, sys; print(json.load(sys.stdin))"
    inner = {"name": "t", "kind": "tool", "tool": "code",
             "arguments": {"program": echo, "input": "{{ input.n }}"}}  # fmt: skip
    post("tasks", {"name": "enrich", "spec": {**SPEC, "steps": [inner]}})
    step = agent(tools=[ENRICH, ADD], model="openai:agent-tag-enricher")
    task = post("tasks", {"name": "outer", "spec": {"steps": [step]}})
    run = Run.objects.get(id=post("runs", {"task_id": task["id"], "input": {}})["id"])
    enriched, added = made(finished(run))
    assert enriched == {**CALL, "ok": True, "output": {"got": 7, "more": "x"}}
    assert added["output"]["value"] == 5
    assert step_of(run, "agent").output["text"] == "Seven and five."
