"""Every address that a gateway process answers, beside those of /v1/*."""

from agentplatform.api.urls import urlpatterns as urlpatterns

handler400 = "agentplatform.api.problems.bad_request"
handler403 = "agentplatform.api.problems.permission_denied"
handler404 = "agentplatform.api.problems.not_found"
handler500 = "agentplatform.api.problems.server_error"
