"""What operations ask: health and metrics. Plain Django: no authentication, no negotiation."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from agentplatform.api.health import readiness
from agentplatform.telemetry.metrics import CONTENT_TYPE, render_metrics


@require_safe
def health(_request: HttpRequest) -> JsonResponse:
    """The process answers. No I/O: a database that is down must not get the web process killed."""
    return JsonResponse({"status": "ok"})


@require_safe
def ready(_request: HttpRequest) -> JsonResponse:
    """Each part that a request needs; 503 when one is down."""
    parts = readiness()
    is_ready = all(state == "ok" for state in parts.values())
    return JsonResponse(
        {"status": "ok" if is_ready else "down", "parts": parts},
        status=200 if is_ready else 503,
        headers={"Cache-Control": "no-store"},
    )


@require_safe
def metrics(_request: HttpRequest) -> HttpResponse:
    """Prometheus' text format."""
    return HttpResponse(render_metrics(), content_type=CONTENT_TYPE)
