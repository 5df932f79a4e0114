"""`python -m agentplatform.embedded.prepare FOLDER`: migrations and the demo tenant."""

import contextlib
import io
import json
import os
import secrets
import sys
from pathlib import Path

import django
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from agentplatform.core.clock import now
from agentplatform.core.errors import PlatformError
from agentplatform.embedded.data_folder import read_json, write_private

EMAIL = "demo@example.org"
SLUG = "demo"


def prepare(folder: Path) -> None:
    """Bring the database to this release, and see that the demo login works."""
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    path = folder / "demo.json"
    demo = read_json(path)
    from agentplatform.core.tenancy import platform_scope

    with platform_scope():
        if not is_valid(demo):
            write_private(path, make_demo())


def is_valid(demo: dict[str, str]) -> bool:
    """Whether the remembered key still opens the API, and the remembered login the admin."""
    from apps.tenants.facade import authenticate

    try:
        authenticate(raw=demo.get("api_key", ""), at=now())
    except PlatformError:
        return False
    user = get_user_model().objects.filter(email=demo.get("email", "")).first()
    return user is not None and user.check_password(demo.get("password", ""))


def make_demo() -> dict[str, str]:
    """The demo tenant with a key, and a login to the admin. What exists already gets a new
    password and key."""
    password = secrets.token_urlsafe(12)
    user = get_user_model().objects.filter(email=EMAIL).first()
    if user is None:
        run_command("create_staff", EMAIL, password=password)
    else:
        user.set_password(password)
        user.save()
    with contextlib.suppress(CommandError):  # it exists
        run_command("create_tenant", "Demo", slug=SLUG)
    scopes = ["read", "run", "gateway", "admin"]
    key = run_command("create_api_key", SLUG, name="demo", scopes=scopes, replace=True)
    return {"tenant": SLUG, "email": EMAIL, "password": password, "api_key": str(key["api_key"])}


def run_command(command: str, *arguments: str, **options: object) -> dict[str, object]:
    output = io.StringIO()
    call_command(command, *arguments, **options, json=True, stdout=output)
    made = json.loads(output.getvalue())
    assert isinstance(made, dict)
    return made


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentplatform.settings.local")
    try:
        prepare(Path(sys.argv[1]))
    except CommandError as error:
        sys.exit(str(error))
