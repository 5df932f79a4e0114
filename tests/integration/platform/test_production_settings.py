"""The settings of production, in a process of their own."""

import os
import secrets
import subprocess
import sys

from agentplatform.core.key_ring import render_key
from agentplatform.settings.environment import ROOT

GIVEN = {
    "DJANGO_SETTINGS_MODULE": "agentplatform.settings.production",
    "ENCRYPTION_KEYS": render_key("test"),
}


def manage(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=os.environ | GIVEN | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_deployment_check_finds_nothing():
    ran = manage(
        "check", "--deploy", "--fail-level", "WARNING", SECRET_KEY=secrets.token_urlsafe(50)
    )
    assert ran.returncode == 0, ran.stderr


def test_a_short_secret_key_is_found():
    ran = manage("check", "--deploy", "--fail-level", "WARNING", SECRET_KEY="short")
    assert "security.W009" in ran.stderr


def test_without_a_secret_key_nothing_starts():
    ran = manage("check", SECRET_KEY="")
    assert "Set SECRET_KEY" in ran.stderr


def test_kill_points_start_nothing():
    ran = manage("check", SECRET_KEY=secrets.token_urlsafe(50), KILL_POINTS="/tmp")
    assert "Unset KILL_POINTS" in ran.stderr


def test_an_origin_that_is_none_is_named():
    ran = manage(
        "check", SECRET_KEY=secrets.token_urlsafe(50), CORS_ALLOWED_ORIGINS="console.example.org"
    )
    assert "console.example.org" in ran.stderr
    assert ran.returncode == 1
