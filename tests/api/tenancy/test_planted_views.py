"""A view that forgot to ask who is there sees no row of anybody."""

import pytest
from django.apps import apps
from django.urls import path
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView

from agentplatform import urls as platform_urls
from apps.runs.models import Run
from apps.tenants.models import Tenant
from tests.integration.tenants.life.whole_tenant import MODELS, whole_tenant

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


class Forgetful(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    def get(self, _request, model):
        return Response({"rows": apps.get_model(model)._default_manager.count()})

    def delete(self, _request, model):
        deleted, _ = Run.objects.all().delete()
        return Response({"rows": deleted})


urlpatterns = [
    path("api/v1/planted/<str:model>", Forgetful.as_view()),
    *platform_urls.urlpatterns,
]
handler404, handler500 = platform_urls.handler404, platform_urls.handler500


@pytest.fixture
def tenant(tmp_path, settings) -> Tenant:
    folder = tmp_path / "artifacts"
    settings.PLATFORM = settings.PLATFORM.model_copy(update={"artifact_folder": folder})
    return whole_tenant()


def test_it_sees_no_row(tenant: Tenant) -> None:
    found = {
        model._meta.label: APIClient().get(f"/api/v1/planted/{model._meta.label}").json()["rows"]
        for model in MODELS
    }
    assert set(found.values()) == {0}
    assert Run.objects.filter(tenant=tenant).exists()


def test_it_deletes_no_row(tenant: Tenant) -> None:
    assert APIClient().delete("/api/v1/planted/runs.Run").json() == {"rows": 0}
    assert Run.objects.filter(tenant=tenant).exists()
