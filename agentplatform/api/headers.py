"""What a browser is told of every answer: where it may load from, and whom it may show it to."""

from typing import Any

from csp.constants import NONCE, NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from csp.utils import build_policy
from django.http import HttpRequest, HttpResponseBase

Policy = dict[str, list[Any]]

NOTHING: Policy = {
    "default-src": [NONE],
    "base-uri": [NONE],
    "form-action": [NONE],
    "frame-ancestors": [NONE],
}
DOCS = NOTHING | {
    "script-src": [SELF, NONCE],
    "style-src": [SELF, NONCE],
    "img-src": [SELF, "data:"],
    "connect-src": [SELF],
}
# Unfold's pages run on Alpine, which compiles the expressions in their attributes, and bring their
# colors and widths as inline styles; neither can be given a nonce.
ADMIN = NOTHING | {
    "script-src": [SELF, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "data:"],
    "font-src": [SELF],
    "connect-src": [SELF],
    "form-action": [SELF],
}
PAGES: dict[str, Policy] = {"/admin/": ADMIN, "/api/docs/": DOCS}
"""The addresses that show a page, by prefix. Everything else is data and may load nothing."""

UNUSED = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "usb",
)
EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in UNUSED),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
BEFORE_DJANGO = EVERYWHERE | {
    "Cache-Control": "no-store",
    "Content-Security-Policy": build_policy(NOTHING),
}
"""All of it, for an answer that no middleware sees."""


class SecurityHeaders(CSPMiddleware):
    """Middleware above everything that may answer, so that errors and files have the headers too.
    What says nothing of caching is not kept by anyone."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        for name, value in EVERYWHERE.items():
            response[name] = value
        response.setdefault("Cache-Control", "no-store")
        return super().process_response(request, response)

    def get_policy_parts(
        self,
        request: HttpRequest,
        response: HttpResponseBase,  # noqa: ARG002  the address alone decides
        report_only: bool = False,
    ) -> PolicyParts:
        if report_only:
            return PolicyParts()
        return PolicyParts(policy_for(request.path), nonce=getattr(request, "_csp_nonce", None))


def policy_for(path: str) -> Policy:
    """The Content-Security-Policy of an address."""
    return next((policy for prefix, policy in PAGES.items() if path.startswith(prefix)), NOTHING)
