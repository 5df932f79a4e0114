"""The tenant that other tests delete, export and keep apart."""

from apps.tenants.models import Tenant
from tests.integration.tenants.life.whole_tenant import MODELS, rows


def test_it_has_a_row_in_every_table(tenant: Tenant) -> None:
    missing = [model.__name__ for model in MODELS if not rows(model, tenant)]
    assert not missing, f"make a row of each in whole_tenant: {missing}"
