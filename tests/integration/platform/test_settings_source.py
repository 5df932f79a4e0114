"""Settings at the start: which source wins, and what is said when the secret cannot be read."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from agentplatform.core.key_ring import render_key
from agentplatform.settings.environment import ROOT, Environment
from agentplatform.settings.secrets_manager import SecretUnreadable, _client
from tests.integration.platform.secrets_manager import SecretsManager

Read = Callable[..., Environment]


@pytest.fixture
def read(secrets_manager: SecretsManager, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Read:
    """The environment of a process with these lines in `.env`."""
    _client.cache_clear()
    for name, value in secrets_manager.environment.items():
        monkeypatch.setenv(name, value)

    def read(**lines: str) -> Environment:
        dotenv = tmp_path / ".env"
        dotenv.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
        return Environment(_env_file=dotenv)  # type: ignore[call-arg]

    return read


def test_the_secret_gives_settings_by_name(read: Read, secrets_manager: SecretsManager) -> None:
    secret_id = secrets_manager.create({"OPENAI_API_KEY": "sk-1", "database_pool_size": 3})
    found = read(AWS_SECRET_ID=secret_id)
    assert found.openai_api_key.get_secret_value() == "sk-1"
    assert found.database_pool_size == 3


def test_the_secret_beats_dotenv_and_the_process_environment_beats_both(
    read: Read, secrets_manager: SecretsManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret_id = secrets_manager.create({"OPENAI_MODEL": "from-secret"})
    assert read(OPENAI_MODEL="from-dotenv").openai_model == "from-dotenv"
    lines = {"AWS_SECRET_ID": secret_id, "OPENAI_MODEL": "from-dotenv"}
    assert read(**lines).openai_model == "from-secret"
    monkeypatch.setenv("OPENAI_MODEL", "from-process")
    assert read(**lines).openai_model == "from-process"


def test_what_the_secret_does_not_hold_comes_from_elsewhere(
    read: Read, secrets_manager: SecretsManager
) -> None:
    secret_id = secrets_manager.create({"SOMEBODY_ELSES": "x"})
    found = read(AWS_SECRET_ID=secret_id, OPENAI_MODEL="from-dotenv")
    assert (found.openai_model, found.anthropic_model) == ("from-dotenv", "claude-haiku-4-5")


def test_the_secret_does_not_say_where_it_is(read: Read, secrets_manager: SecretsManager) -> None:
    elsewhere = {"AWS_SECRET_ID": "another", "AWS_REGION": "us-east-2"}
    secret_id = secrets_manager.create(elsewhere)
    found = read(AWS_SECRET_ID=secret_id)
    assert (found.aws_secret_id, found.aws_region) == (secret_id, "eu-west-1")


def test_a_missing_secret_is_named_with_the_reason(read: Read) -> None:
    with pytest.raises(SecretUnreadable, match=r"AWS_SECRET_ID=nowhere.*ResourceNotFoundException"):
        read(AWS_SECRET_ID="nowhere")


def test_a_server_that_is_down_is_named(
    read: Read, secrets_manager: SecretsManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(SecretUnreadable, match=r"AWS_SECRET_ID=x .*127\.0\.0\.1:1"):
        read(AWS_SECRET_ID="x")


@pytest.mark.parametrize("text", ["no json: s3cret", '["s3cret"]', '"s3cret"', '{"a": s3cret}'])
def test_a_secret_that_is_no_object_is_refused_without_showing_it(
    read: Read, secrets_manager: SecretsManager, text: str
) -> None:
    with pytest.raises(SecretUnreadable, match="JSON object of settings by name") as caught:
        read(AWS_SECRET_ID=secrets_manager.create(text))
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENCRYPTION_KEYS", "s3cret"),
        ("DATABASE_POOL_SIZE", "s3cret"),
        ("SECRET_KEY", {"nested": "s3cret"}),
        ("SECRET_KEY", None),
    ],
)
def test_a_value_that_does_not_fit_is_named_but_not_shown(
    read: Read, secrets_manager: SecretsManager, name: str, value: Any
) -> None:
    with pytest.raises(ValidationError, match=name.lower()) as caught:
        read(AWS_SECRET_ID=secrets_manager.create({name: value}))
    assert "s3cret" not in str(caught.value)


def test_production_starts_on_what_the_secret_holds(secrets_manager: SecretsManager) -> None:
    settings = {"SECRET_KEY": "k" * 50, "ENCRYPTION_KEYS": render_key("a")}
    started = start_production(secrets_manager, secrets_manager.create(settings))
    assert started.returncode == 0, started.stderr


@pytest.mark.parametrize("missing", ["SECRET_KEY", "ENCRYPTION_KEYS"])
def test_production_does_not_start_without_its_keys(
    secrets_manager: SecretsManager, missing: str
) -> None:
    settings = {"SECRET_KEY": "k" * 50, "ENCRYPTION_KEYS": render_key("a")}
    del settings[missing]
    started = start_production(secrets_manager, secrets_manager.create(settings))
    assert started.returncode != 0
    assert f"Set {missing}" in started.stderr


def test_who_starts_a_process_reads_which_settings_to_change_and_no_traceback() -> None:
    wrong = {"MAX_RUNS_IN_FLIGHT": "many", "MODEL_ROUTES": '{"a": [1]}'}
    started = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env=os.environ | wrong,
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.returncode != 0
    assert "  MAX_RUNS_IN_FLIGHT: Input should be a valid integer" in started.stderr
    assert "  MODEL_ROUTES: route 'a'" in started.stderr
    assert "Traceback" not in started.stderr


def test_a_secret_that_cannot_be_read_ends_the_start_in_words(
    secrets_manager: SecretsManager,
) -> None:
    started = start_production(secrets_manager, "nowhere")
    assert started.returncode != 0
    assert "AWS_SECRET_ID=nowhere cannot be read" in started.stderr
    assert "Traceback" not in started.stderr


def start_production(
    secrets_manager: SecretsManager, secret_id: str
) -> subprocess.CompletedProcess[str]:
    variables = {
        "DJANGO_SETTINGS_MODULE": "agentplatform.settings.production",
        "AWS_SECRET_ID": secret_id,
    }
    return subprocess.run(
        [sys.executable, "-c", "import agentplatform.settings.production"],
        cwd=ROOT,
        env=os.environ | secrets_manager.environment | variables,
        capture_output=True,
        text=True,
        check=False,
    )
