"""The calls of ECS and CloudWatch Logs that a worker makes."""

import uuid

import pytest

from agentplatform.core.clock import now
from apps.tools.runners.fargate.ecs import EcsTasks, Network
from apps.tools.runners.fargate.tasks import TaskRefused
from apps.tools.runners.limits import MEGABYTE, Limits
from tests.integration.tools.fargate.conftest import define


@pytest.fixture
def call():
    return str(uuid.uuid4())


@pytest.fixture
def make_tasks(aws, place):
    def make(**changes):
        wanted = {
            "ecs": aws("ecs"),
            "logs": aws("logs"),
            "cluster": place.cluster,
            "definition": place.definition,
            "container": "sandbox",
            "network": Network(subnets=(place.subnet,), security_group=place.security_group),
            "log_group": place.log_group,
            "log_prefix": "calls",
        }
        return EcsTasks(**{**wanted, **changes})

    return make


def start(tasks, call, token=None, **limits):
    return tasks.start(
        call=call,
        token=token or f"{call}-0",
        environment={"ORDER_URL": "https://s3/order"},
        limits=Limits(**limits),
    )


def test_a_task_is_started_for_a_call_and_found_again(make_tasks, call):
    tasks = make_tasks()
    task = start(tasks, call)
    assert task.arn.startswith("arn:aws:ecs:eu-west-1:")
    assert not task.has_stopped
    assert [found.arn for found in tasks.find(call)] == [task.arn]
    assert tasks.find(str(uuid.uuid4())) == []


def test_a_task_is_asked_for_with_all_that_holds_it(make_tasks, aws, place, call):
    ecs = aws("ecs")
    asked = []
    ecs.meta.events.register(
        "provide-client-params.ecs.RunTask", lambda params, **_: asked.append(params)
    )
    start(make_tasks(ecs=ecs), call, cpus=2.0, memory_bytes=6000 * MEGABYTE)
    (wanted,) = asked
    assert wanted["launchType"] == "FARGATE"
    assert wanted["networkConfiguration"]["awsvpcConfiguration"] == {
        "subnets": [place.subnet],
        "securityGroups": [place.security_group],
        "assignPublicIp": "DISABLED",
    }
    assert (wanted["clientToken"], wanted["startedBy"]) == (f"{call}-0", call)
    overrides = wanted["overrides"]
    assert (overrides["cpu"], overrides["memory"]) == ("2048", "7168")
    (container,) = overrides["containerOverrides"]
    assert container["name"] == "sandbox"
    assert container["command"] == ["python", "-m", "apps.tools.runners.fargate.task"]
    assert container["environment"] == [{"name": "ORDER_URL", "value": "https://s3/order"}]


def test_a_stopped_task_is_told_with_the_reason(make_tasks, call):
    tasks = make_tasks()
    task = start(tasks, call)
    tasks.stop(task.arn, reason="The call was stopped.")
    state = tasks.look(task.arn)
    assert state.has_stopped
    assert "The call was stopped." in state.reason
    assert [found.has_stopped for found in tasks.find(call)] == [True]


def test_the_task_of_a_token_is_found_when_ecs_refuses_to_start_it_twice(make_tasks, aws, call):
    task = start(make_tasks(), call)
    ecs = aws("ecs")

    def refuse(**_):
        answer = {
            "Error": {"Code": "ConflictException", "Message": "in use"},
            "resourceIds": [task.arn],
        }
        raise ecs.exceptions.ConflictException(answer, "RunTask")

    ecs.meta.events.register("before-call.ecs.RunTask", refuse)
    assert start(make_tasks(ecs=ecs), call).arn == task.arn


def test_what_a_task_said_last_is_read(make_tasks, aws, place, call):
    tasks = make_tasks()
    task = start(tasks, call)
    assert tasks.last_words(task.arn) == ""
    logs, stream = aws("logs"), f"calls/sandbox/{task.arn.rpartition('/')[2]}"
    logs.create_log_group(logGroupName=place.log_group)
    logs.create_log_stream(logGroupName=place.log_group, logStreamName=stream)
    at = int(now().timestamp() * 1000)
    logs.put_log_events(
        logGroupName=place.log_group,
        logStreamName=stream,
        logEvents=[{"timestamp": at, "message": "Traceback"}, {"timestamp": at, "message": "x"}],
    )
    assert tasks.last_words(task.arn) == "Traceback\nx"
    assert make_tasks(log_group="").last_words(task.arn) == ""


def test_a_fit_definition_is_named(make_tasks, place):
    assert f"task-definition/{place.definition}:" in make_tasks().describe()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"networkMode": "bridge", "requiresCompatibilities": ["EC2"]}, "network mode awsvpc"),
        ({"taskRoleArn": "arn:aws:iam::1:role/admin"}, "no task role"),
        ({"container": {"name": "other"}}, "no container sandbox"),
        ({"container": {"privileged": True}}, "not be privileged"),
    ],
)
def test_a_definition_that_holds_less_is_refused(make_tasks, aws, changes, words):
    family = define(aws("ecs"), f"unfit-{uuid.uuid4().hex[:8]}", **changes)
    with pytest.raises(TaskRefused, match=words):
        make_tasks(definition=family).describe()


def test_what_ecs_refuses_is_told(make_tasks, call):
    with pytest.raises(TaskRefused, match="ECS refuses"):
        start(make_tasks(definition="no-such"), call)
    with pytest.raises(TaskRefused, match="ECS refuses"):
        make_tasks(cluster="no-such").find(call)
