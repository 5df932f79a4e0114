"""Show pages in a jailed Chromium and act on them."""

from django.conf import settings

from apps.tools.contracts import ToolStatus
from apps.tools.runners.browser.chromium import find_chromium
from apps.tools.runners.browser.folder import browser_folder
from apps.tools.runners.browser.loop import LoopThread
from apps.tools.runners.browser.order import read_order
from apps.tools.runners.browser.serving import Machine, Served, close_browsers, serve
from apps.tools.runners.browser.session import Session
from apps.tools.runners.bubblewrap.equipment import find_equipment
from apps.tools.runners.guarantees import check_policy
from apps.tools.runners.work import Ran, Work

_BACKEND = "bubblewrap"
_REASONS: dict[ToolStatus, str] = {
    "timeout": "The page was not done in time.",
    "memory_exceeded": "The page needed more memory than it may have.",
    "disk_exceeded": "The page wrote more than it may.",
    "killed": "The call was stopped.",
}

_thread = LoopThread(at_exit=close_browsers)


def close_warm_browsers() -> None:
    """End what this process keeps for later calls; calls in progress go on."""
    _thread.run(close_browsers())


def run_browser(work: Work) -> Ran:
    """Show the page and perform the actions; without any, take a screenshot of the whole page.

    Every call has a fresh context. Calls of one run share a browser, one after the other, while it
    is warm; Chromium's own sandbox is on wherever it starts inside the jail. The jail is always
    bubblewrap's; raises SandboxUnavailable and BrowserUnavailable where it cannot be had.
    """
    order = read_order(work)
    platform = settings.PLATFORM
    equipment = find_equipment(
        bubblewrap_path=platform.bubblewrap_path,
        sandbox_python=platform.sandbox_python,
        cgroup=platform.sandbox_cgroup,
    )
    check_policy(_BACKEND, equipment.proof.held, platform.sandbox_required_guarantees)
    machine = Machine(
        bwrap=equipment.bwrap,
        groups=equipment.groups,
        chromium=find_chromium(platform.chromium_path),
        warm_seconds=platform.browser_warm_seconds,
    )
    session = Session(limits=order.limits, deadline=order.watch.deadline)
    browser_folder()  # made before the thread, so that it ends after what the thread keeps there
    return _ran(session, _thread.run(serve(order, machine, session)))


def _ran(session: Session, served: Served) -> Ran:
    status: ToolStatus = served.problem.status if served.problem else "ok"
    detail = served.problem.detail if served.problem else ""
    status = served.broken or status
    if served.broken or status == "timeout":
        detail = f"{_REASONS[status]} It was at {session.place}."
    said = [*session.errors, *session.failed_requests, *([detail] if detail else [])]
    return Ran(
        status=status,
        backend=_BACKEND,
        detail=detail,
        value={
            "title": session.title,
            "url": session.url,
            "visited": session.visited,
            "extracted": session.extracted,
            "failed_requests": session.failed_requests,
        },
        stdout="\n".join(session.console),
        stderr="\n".join(said),
        files=tuple(session.files),
        cpu_ms=served.cpu_ms,
        peak_memory_bytes=served.peak_memory_bytes,
    )
