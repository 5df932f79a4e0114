"""Find out which guarantees this machine gives, by trying them."""

import threading
from dataclasses import dataclass
from typing import Any, Literal, NoReturn
from uuid import UUID

from django.conf import settings

from apps.tools.egress.session import Egress
from apps.tools.runners.backends import BACKENDS, choose_sandbox
from apps.tools.runners.browser.chromium import find_chromium
from apps.tools.runners.browser.script import run_script
from apps.tools.runners.browser.show import run_browser
from apps.tools.runners.guarantees import GUARANTEES
from apps.tools.runners.limits import Limits
from apps.tools.runners.registry import INSTALLED
from apps.tools.runners.sandbox import Job
from apps.tools.runners.work import Caller, ToolFailure, Work

_SECONDS = 30.0
_ASKING = """
import urllib.error, urllib.request
try:
    urllib.request.urlopen("http://example.org/", timeout=10)
except urllib.error.HTTPError as error:
    print(error.code)
"""
_NOBODY = Caller(
    tenant_id=UUID(int=0), run_id=UUID(int=0), step_id=UUID(int=0), call_id=UUID(int=0)
)


Verdict = Literal["ok", "missing", "broken", "unused"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """`detail` is a path and a version, what holds, or what to install. `broken`: it is here and
    cannot be used; `unused`: it is not here, and nothing needs it."""

    subject: str
    verdict: Verdict
    detail: str


def examine_machine() -> list[Finding]:
    """What is there, most important first. The first one decides whether code can run."""
    chosen = settings.PLATFORM.sandbox_backend
    backends = [finding for name in BACKENDS for finding in _backend(name, chosen)]
    return [*_choice(chosen), _way_out(), *backends, _chromium(), _scripts(), *_operator_tools()]


def _choice(name: str) -> list[Finding]:
    try:
        promise = choose_sandbox().prove()
    except ToolFailure as failure:
        return [Finding(subject="sandbox", verdict="missing", detail=failure.detail)]
    packages = promise.packages_problem or ", ".join(promise.packages)
    return [
        Finding(subject="sandbox", verdict="ok", detail=f"{name}, {promise.made_of}"),
        _finding("packages", packages, is_ok=not promise.packages_problem),
    ]


def _way_out() -> Finding:
    """Whether a program of the chosen sandbox finds the proxy, which refuses a host without rules
    as it should."""
    job = Job(
        language="python",
        program=_ASKING,
        limits=Limits(wall_seconds=_SECONDS),
        egress=Egress(),
    )
    try:
        outcome = choose_sandbox().run(job, stop=threading.Event())
    except ToolFailure as failure:
        return _finding("egress", failure.detail, is_ok=False)
    if outcome.stdout.strip() != b"403":
        said = (outcome.stderr or outcome.stdout).decode("utf-8", "replace").strip()
        return _finding("egress", f"A program finds no proxy: {said[-200:]}", is_ok=False)
    detail = "A program with `network` reaches the proxy, which holds it to the rules."
    return _finding("egress", detail, is_ok=True)


def _backend(name: str, chosen: str) -> list[Finding]:
    try:
        promise = BACKENDS[name](settings.PLATFORM).prove()
    except ToolFailure as failure:
        if name == chosen:
            return [_finding(name, failure.detail, is_ok=False)]
        detail = f"SANDBOX_BACKEND is {chosen}. To choose {name}: {failure.detail}"
        return [Finding(subject=name, verdict="unused", detail=detail)]
    return [
        _finding(name, promise.made_of, is_ok=True),
        *(
            _finding(
                f"{name}.{guarantee}", f"A program {sentence}.", is_ok=guarantee in promise.held
            )
            for guarantee, sentence in GUARANTEES.items()
        ),
    ]


def _chromium() -> Finding:
    try:
        chromium = find_chromium(settings.PLATFORM.chromium_path)
        ran = run_browser(
            _work(
                {
                    "html": "<p></p><script>document.querySelector('p').textContent="
                    "navigator.userAgent</script>",
                    "actions": [{"action": "extract", "selector": "p"}],
                }
            )
        )
    except ToolFailure as failure:
        return _finding("chromium", failure.detail, is_ok=False)
    if ran.status != "ok":
        detail = f"{chromium.path}: {ran.detail}"
        return Finding(subject="chromium", verdict="broken", detail=detail)
    agent = ran.value["extracted"][0]["texts"][0]
    version = next((part for part in agent.split() if "Chrome/" in part), agent)
    return _finding("chromium", f"{chromium.path} {version}", is_ok=True)


def _scripts() -> Finding:
    detail = "A Playwright script runs in the sandbox, Chromium with it."
    problem = ""
    try:
        ran = run_script(_work({"script": "page.title()"}))
        problem = ran.detail
    except ToolFailure as failure:
        problem = failure.detail
    return _finding("chromium.scripts", problem or detail, is_ok=not problem)


def _operator_tools() -> list[Finding]:
    """The tools of the packages that are installed where this runs."""
    return [
        Finding(
            subject=f"operator.{name}",
            verdict="broken" if problem else "ok",
            detail=problem or "It can be called.",
        )
        for name, problem in sorted(INSTALLED.problems().items())
    ]


def _finding(subject: str, detail: str, *, is_ok: bool) -> Finding:
    return Finding(subject=subject, verdict="ok" if is_ok else "missing", detail=detail)


def _work(arguments: dict[str, Any]) -> Work:
    return Work(
        arguments=arguments,
        caller=_NOBODY,
        limits=Limits(wall_seconds=_SECONDS),
        egress=Egress(),
        open_input=_no_input,
    )


def _no_input(artifact_id: object) -> NoReturn:
    raise AssertionError(f"nothing asks for {artifact_id}")
