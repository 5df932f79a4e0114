"""A secret that changes while processes run: they notice, and survive what goes wrong with it."""

from collections.abc import Callable
from typing import Any

import pytest

from agentplatform.core.key_ring import render_key
from agentplatform.core.wait import wait_for
from tests.integration.platform.secrets_manager import Child, SecretsManager

Follow = Callable[..., Child]
OPENAI_KEY = "settings.PLATFORM.openai_api_key.get_secret_value()"
SIGN = "__import__('django.core.signing').core.signing.dumps('session')"
UNSIGN = "__import__('django.core.signing').core.signing.loads({!r})"
ENCRYPT = "__import__('agentplatform.core.encryption').core.encryption.encrypt('text', context='a')"
DECRYPT = "__import__('agentplatform.core.encryption').core.encryption.decrypt({!r}, context='a')"


def until(child: Child, expression: str, value: Any) -> None:
    wait_for(
        lambda: child.ask(expression) == value,
        timeout_seconds=20,
        what=f"{expression} == {value!r}",
    )


def until_logged(child: Child, event: str) -> None:
    wait_for(lambda: child.events(event), timeout_seconds=20, what=f"{event} in the log")


def test_a_new_value_is_in_force_without_a_restart(
    follow: Follow, secrets_manager: SecretsManager
) -> None:
    secret_id = secrets_manager.create({"OPENAI_API_KEY": "sk-old"})
    child = follow(secret_id)
    assert child.ask(OPENAI_KEY) == "sk-old"
    secrets_manager.put(secret_id, {"OPENAI_API_KEY": "sk-new"})
    until(child, OPENAI_KEY, "sk-new")
    (line,) = child.events("settings.changed")
    assert line["names"] == ["OPENAI_API_KEY"]
    assert "sk-new" not in child.log.read_text()


def test_the_process_environment_keeps_winning(
    follow: Follow, secrets_manager: SecretsManager
) -> None:
    secret_id = secrets_manager.create({"OPENAI_MODEL": "a", "ANTHROPIC_MODEL": "a"})
    child = follow(secret_id, OPENAI_MODEL="mine")
    child.ask("settings.PLATFORM.service")
    secrets_manager.put(secret_id, {"OPENAI_MODEL": "b", "ANTHROPIC_MODEL": "b"})
    until(child, "settings.PLATFORM.anthropic_model", "b")
    assert child.ask("settings.PLATFORM.openai_model") == "mine"


def test_what_an_earlier_secret_key_signed_stays_valid(
    follow: Follow, secrets_manager: SecretsManager
) -> None:
    secret_id = secrets_manager.create({"SECRET_KEY": "old" * 20})
    child = follow(secret_id)
    signed = child.ask(SIGN)
    child.ask("settings.PLATFORM.service")
    secrets_manager.put(
        secret_id, {"SECRET_KEY": "new" * 20, "SECRET_KEY_FALLBACKS": "older, oldest"}
    )
    until(child, "settings.SECRET_KEY", "new" * 20)
    assert child.ask("settings.SECRET_KEY_FALLBACKS") == ["older", "oldest", "old" * 20]
    assert child.ask(UNSIGN.format(signed)) == "session"


def test_a_new_encryption_key_is_used_and_the_earlier_one_still_reads(
    follow: Follow, secrets_manager: SecretsManager
) -> None:
    old, new = render_key("old"), render_key("new")
    secret_id = secrets_manager.create({"ENCRYPTION_KEYS": old})
    child = follow(secret_id)
    earlier = child.ask(ENCRYPT)
    secrets_manager.put(secret_id, {"ENCRYPTION_KEYS": f"{new},{old}"})
    until(child, f"{ENCRYPT}[:7]", "v1.new.")
    assert child.ask(DECRYPT.format(earlier)) == "text"


def test_a_fork_follows_the_secret_by_itself(
    follow: Follow, secrets_manager: SecretsManager
) -> None:
    secret_id = secrets_manager.create({"OPENAI_API_KEY": "sk-old"})
    child = follow(secret_id)
    assert child.ask(OPENAI_KEY) == "sk-old"
    assert child.ask("fork()") == child.process.pid
    secrets_manager.put(secret_id, {"OPENAI_API_KEY": "sk-new"})
    until(child, OPENAI_KEY, "sk-new")


def test_who_asked_is_told_of_a_change_though_another_one_fails(
    follow: Follow, secrets_manager: SecretsManager
) -> None:
    secret_id = secrets_manager.create({"OPENAI_MODEL": "a"})
    child = follow(secret_id)
    child.ask("on_change(lambda before, after: 1 / 0)")
    tell = "on_change(lambda before, after: told.append([before.openai_model, after.openai_model]))"
    child.ask(tell)
    child.ask("settings.PLATFORM.service")
    secrets_manager.put(secret_id, {"OPENAI_MODEL": "b"})
    until(child, "told", [["a", "b"]])
    assert len(child.events("settings.callback_failed")) == 1
    child.ask(tell)
    assert child.ask("told") == [["a", "b"], ["a", "b"]]


def test_an_outage_keeps_the_last_values_is_logged_once_and_ends(
    follow: Follow, secrets_manager: SecretsManager
) -> None:
    secret_id = secrets_manager.create({"OPENAI_API_KEY": "sk-old"})
    child = follow(secret_id)
    assert child.ask(OPENAI_KEY) == "sk-old"
    secrets_manager.stop()
    until_logged(child, "settings.refresh_failed")
    assert child.ask(OPENAI_KEY) == "sk-old"
    secrets_manager.start()
    secrets_manager.put(secret_id, {"OPENAI_API_KEY": "sk-new"})
    until(child, OPENAI_KEY, "sk-new")
    (line,) = child.events("settings.refresh_failed")
    assert f"AWS_SECRET_ID={secret_id}" in line["error"]
    assert len(child.events("settings.refresh_recovered")) == 1


@pytest.mark.parametrize(
    ("mistake", "says"),
    [
        ("no json", "JSON object"),
        ({"ENCRYPTION_KEYS": "s3cret"}, "encryption_keys"),
        ({}, "SECRET_KEY is gone"),
    ],
)
def test_a_mistake_in_the_secret_keeps_the_last_values(
    follow: Follow, secrets_manager: SecretsManager, mistake: Any, says: str
) -> None:
    secret_id = secrets_manager.create({"SECRET_KEY": "old" * 20})
    child = follow(secret_id)
    child.ask("settings.PLATFORM.service")
    secrets_manager.put(secret_id, mistake)
    until_logged(child, "settings.refresh_failed")
    assert says in child.events("settings.refresh_failed")[0]["error"]
    assert "s3cret" not in child.log.read_text()
    assert child.ask("settings.PLATFORM.secret_key.get_secret_value()") == "old" * 20


def test_a_copy_for_a_test_is_a_snapshot(follow: Follow, secrets_manager: SecretsManager) -> None:
    child = follow(secrets_manager.create({"OPENAI_MODEL": "a"}))
    copied = "settings.PLATFORM.model_copy(update={'openai_model': 'b'})"
    assert child.ask(f"type({copied}).__name__") == "Environment"
    assert child.ask(f"{copied}.openai_model") == "b"
    assert child.ask("settings.PLATFORM.openai_model") == "a"
