"""The broker's settings and the table of queues."""

from celery import current_app

from agentplatform.celery import transport_options
from agentplatform.core.tasks import EVERY_TENANT, PlatformTask
from agentplatform.queues import POOLS, QUEUES, TASK_ROUTES

GIVEN = {"visibility_seconds": 600, "prefix": "agents-", "region": "eu-west-1"}


def test_sqs_polls_long_and_prefixes_the_queues() -> None:
    assert transport_options(broker_url="sqs://", **GIVEN) == {
        "visibility_timeout": 600,
        "wait_time_seconds": 20,
        "queue_name_prefix": "agents-",
        "region": "eu-west-1",
    }


def test_valkey_takes_the_visibility_only() -> None:
    options = transport_options(broker_url="redis://127.0.0.1:6379/0", **GIVEN)
    assert options == {"visibility_timeout": 600}


def test_every_queue_is_read_by_a_pool_and_every_task_has_one_queue() -> None:
    assert {queue.pool for queue in QUEUES} == {pool.name for pool in POOLS}
    assert len(TASK_ROUTES) == sum(len(queue.tasks) for queue in QUEUES)


def test_a_message_is_acknowledged_after_the_work_and_returned_when_the_worker_is_lost() -> None:
    current_app.loader.import_default_modules()
    for name in TASK_ROUTES:
        task = current_app.tasks[name]
        assert task.acks_late
        assert task.reject_on_worker_lost


class Echo(PlatformTask):
    name = "tests.echo"
    of = EVERY_TENANT

    def run(self, *, call_id: str) -> str:
        return call_id


def test_a_task_ignores_keywords_of_a_newer_release() -> None:
    assert Echo()(call_id="1", priority="high") == "1"
