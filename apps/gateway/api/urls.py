"""Addresses of the gateway."""

from django.urls import path

from apps.gateway.api import model_routes, provider_keys, usage

urlpatterns = [
    path("usage", usage.UsageList.as_view(), name="usage"),
    path("model-routes", model_routes.ModelRouteList.as_view(), name="model-routes"),
    path("model-routes/<str:alias>", model_routes.ModelRouteDetail.as_view(), name="model-route"),
    path("provider-keys", provider_keys.ProviderKeyList.as_view(), name="provider-keys"),
    path(
        "provider-keys/<str:provider>",
        provider_keys.ProviderKeyDetail.as_view(),
        name="provider-key",
    ),
]
