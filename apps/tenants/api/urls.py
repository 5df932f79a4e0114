"""Addresses of tenants."""

from django.urls import path

from apps.tenants.api import (
    alerts,
    api_keys,
    audit,
    budgets,
    me,
    rate_limits,
    schema,  # noqa: F401  drf-spectacular finds it once it is imported
    secrets,
    tenant,
    users,
)

urlpatterns = [
    path("me", me.MeDetail.as_view(), name="me"),
    path("tenant", tenant.TenantDetail.as_view(), name="tenant"),
    path("users", users.UserList.as_view(), name="users"),
    path("users/<uuid:user_id>", users.UserDetail.as_view(), name="user"),
    path("api-keys", api_keys.ApiKeyList.as_view(), name="api-keys"),
    path("api-keys/<uuid:api_key_id>", api_keys.ApiKeyDetail.as_view(), name="api-key"),
    path(
        "api-keys/<uuid:api_key_id>/rotate", api_keys.ApiKeyRotate.as_view(), name="api-key-rotate"
    ),
    path("secrets", secrets.SecretList.as_view(), name="secrets"),
    path("secrets/<str:name>", secrets.SecretDetail.as_view(), name="secret"),
    path("budgets", budgets.BudgetList.as_view(), name="budgets"),
    path("budgets/each-run", budgets.RunBudget.as_view(), name="run-budget"),
    path("budgets/users/<uuid:user_id>", budgets.UserBudget.as_view(), name="user-budget"),
    path(
        "budgets/api-keys/<uuid:api_key_id>",
        budgets.ApiKeyBudget.as_view(),
        name="api-key-budget",
    ),
    path("alerts", alerts.AlertList.as_view(), name="alerts"),
    path("rate-limits", rate_limits.RateLimitList.as_view(), name="rate-limits"),
    path(
        "rate-limits/each-user",
        rate_limits.EachUserRateLimit.as_view(),
        name="each-user-rate-limit",
    ),
    path(
        "rate-limits/users/<uuid:user_id>",
        rate_limits.UserRateLimit.as_view(),
        name="user-rate-limit",
    ),
    path(
        "rate-limits/api-keys/<uuid:api_key_id>",
        rate_limits.ApiKeyRateLimit.as_view(),
        name="api-key-rate-limit",
    ),
    path("audit", audit.AuditList.as_view(), name="audit"),
    path("audit/export", audit.AuditExport.as_view(), name="audit-export"),
]
