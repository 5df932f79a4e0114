from apps.tenants.models.api_key import ApiKey
from apps.tenants.models.tenant import Tenant
from apps.tenants.models.user import User

__all__ = ["ApiKey", "Tenant", "User"]
