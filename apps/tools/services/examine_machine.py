"""Find out which guarantees this machine gives, by trying them."""

from dataclasses import dataclass
from typing import NoReturn
from uuid import UUID

from django.conf import settings

from apps.tools.egress.session import Egress
from apps.tools.runners.backends import BACKENDS, choose_sandbox
from apps.tools.runners.browser.chromium import find_chromium
from apps.tools.runners.browser.show import run_browser
from apps.tools.runners.guarantees import GUARANTEES
from apps.tools.runners.limits import Limits
from apps.tools.runners.work import Caller, ToolFailure, Work

_BROWSER_SECONDS = 30.0
_NOBODY = Caller(
    tenant_id=UUID(int=0), run_id=UUID(int=0), step_id=UUID(int=0), call_id=UUID(int=0)
)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """`detail` is a path and a version, what holds, or what to install."""

    subject: str
    is_ok: bool
    detail: str


def examine_machine() -> list[Finding]:
    """What is there, most important first. The first one decides whether code can run."""
    chosen = settings.PLATFORM.sandbox_backend
    return [*_choice(chosen), *(one for name in BACKENDS for one in _backend(name)), _chromium()]


def _choice(name: str) -> list[Finding]:
    try:
        promise = choose_sandbox().prove()
    except ToolFailure as failure:
        return [Finding(subject="sandbox", is_ok=False, detail=failure.detail)]
    packages = promise.packages_problem or ", ".join(promise.packages)
    return [
        Finding(subject="sandbox", is_ok=True, detail=f"{name}, {promise.made_of}"),
        Finding(subject="packages", is_ok=not promise.packages_problem, detail=packages),
    ]


def _backend(name: str) -> list[Finding]:
    try:
        promise = BACKENDS[name](settings.PLATFORM).prove()
    except ToolFailure as failure:
        return [Finding(subject=name, is_ok=False, detail=failure.detail)]
    return [
        Finding(subject=name, is_ok=True, detail=promise.made_of),
        *(
            Finding(
                subject=f"{name}.{guarantee}",
                is_ok=guarantee in promise.held,
                detail=f"A program {sentence}.",
            )
            for guarantee, sentence in GUARANTEES.items()
        ),
    ]


def _chromium() -> Finding:
    try:
        chromium = find_chromium(settings.PLATFORM.chromium_path)
        ran = run_browser(
            Work(
                arguments={
                    "html": "<p></p><script>document.querySelector('p').textContent="
                    "navigator.userAgent</script>",
                    "actions": [{"action": "extract", "selector": "p"}],
                },
                caller=_NOBODY,
                limits=Limits(wall_seconds=_BROWSER_SECONDS),
                egress=Egress(),
                open_input=_no_input,
            )
        )
    except ToolFailure as failure:
        return Finding(subject="chromium", is_ok=False, detail=failure.detail)
    if ran.status != "ok":
        return Finding(subject="chromium", is_ok=False, detail=f"{chromium.path}: {ran.detail}")
    agent = ran.value["extracted"][0]["texts"][0]
    version = next((part for part in agent.split() if "Chrome/" in part), agent)
    return Finding(subject="chromium", is_ok=True, detail=f"{chromium.path} {version}")


def _no_input(artifact_id: object) -> NoReturn:
    raise AssertionError(f"nothing asks for {artifact_id}")
