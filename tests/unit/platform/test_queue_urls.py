"""SQS_QUEUE_URLS."""

import json

import pytest

from agentplatform.queues import QUEUES
from agentplatform.settings.queue_urls import parse_queue_urls

URLS = {queue.name: f"https://sqs.example/1/{queue.name}" for queue in QUEUES}


def pairs(urls: dict[str, str]) -> str:
    return ", ".join(f"{name}={url}" for name, url in urls.items())


@pytest.mark.parametrize("given", [pairs(URLS), f" {json.dumps(URLS)}\n"])
def test_pairs_and_json_say_the_same(given: str) -> None:
    assert parse_queue_urls(given) == URLS


def test_nothing_is_no_address() -> None:
    assert parse_queue_urls(" ") == {}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (pairs({n: u for n, u in URLS.items() if n != "llm"}), "no address is given for llm"),
        (pairs(URLS | {"stepz": "https://sqs.example/1/x"}), "there is no queue stepz"),
        (pairs(URLS | {"llm": "sqs.example"}), "write name=https://"),
        ('{"steps": ', "not JSON"),
    ],
)
def test_what_is_wrong_is_named(given: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse_queue_urls(given)
