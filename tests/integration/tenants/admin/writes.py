"""Every way to write that the admin site offers: what is sent, and the entries that it leaves."""

from dataclasses import dataclass

YES = {"confirmed": "yes"}
NO_TOOLS = {"tools-TOTAL_FORMS": "0", "tools-INITIAL_FORMS": "0"}
SENT = {"hosts": "api.example.org", "sent_as": "bearer"}
RATES = {
    "soft_limit_ratio": "0.5",
    "budget_thresholds": "0.9",
    "time_zone": "UTC",
}
PRICE = {
    "provider": "openai",
    "model": "new",
    "since": "2026-11-01",
    "until": "",
    "input_rate": "2.5",
    "output_rate": "10",
    "cached_rate": "",
    "cache_write_rate": "",
    "cache_write_hour_rate": "",
    "prompts_above": "0",
    "reasoning_rate": "0.0375",
}


@dataclass(frozen=True)
class Write:
    """`form` is accepted and leaves `entries`, `wrong` is refused. {key} and the like are ids."""

    form: dict[str, str]
    wrong: dict[str, str]
    entries: tuple[str, ...]


WRITES = {
    "tenant_add": Write(
        {"name": "New", "slug": "new", "admin_email": "boss@new.org"},
        {"name": "Acme", "slug": "acme", "admin_email": "boss@new.org"},
        ("api_key.created", "tenant.created", "user.created"),
    ),
    "tenant_change": Write(
        {"name": "Acme Ltd", "slug": "acme", "token_budget_monthly": "5", **RATES},
        {"name": "Acme Ltd", "slug": "acme", "token_budget_monthly": "-5", **RATES},
        ("budget.changed", "tenant.changed"),
    ),
    "tenant_suspend": Write(YES, {}, ("tenant.suspended",)),
    "tenant_resume": Write(YES, {}, ("tenant.resumed",)),
    "tenant_delete_for_good": Write(
        {**YES, "typed": "acme"}, {**YES, "typed": "Acme"}, ("tenant.deleted",)
    ),
    "user_add": Write(
        {"email": "new@acme.org", "tenant": "{tenant}", "role": "viewer"},
        {"email": "boss@acme.org", "tenant": "{tenant}", "role": "viewer"},
        ("user.created",),
    ),
    "user_change": Write({"role": "viewer"}, {"role": "king"}, ("user.changed",)),
    "user_reset_password": Write(YES, {}, ("user.password_changed",)),
    "apikey_add": Write(
        {"tenant": "{tenant}", "name": "new", "scopes": "read"},
        {"tenant": "{tenant}", "name": "ci", "scopes": "read"},
        ("api_key.created",),
    ),
    "apikey_rotate": Write(
        {**YES, "overlap_hours": "1"}, {**YES, "overlap_hours": "999"}, ("api_key.rotated",)
    ),
    "apikey_revoke": Write(YES, {}, ("api_key.revoked",)),
    "apikey_revoke_selected": Write(
        {**YES, "action": "revoke_selected", "_selected_action": "{apikey}"},
        {"action": "revoke_selected", "_selected_action": "{apikey}"},
        ("api_key.revoked",),
    ),
    "modelprice_add": Write(
        {**PRICE, "model": "newer"}, {**PRICE, "until": "2026-10-31"}, ("price.added",)
    ),
    "modelprice_change": Write(PRICE, {**PRICE, "input_rate": "10001"}, ("price.changed",)),
    "modelprice_delete": Write({"post": "yes"}, {}, ("price.deleted",)),
    "modelroute_add": Write(
        {"tenant": "{tenant}", "alias": "smart", "targets": "openai:gpt-4o"},
        {"tenant": "{tenant}", "alias": "smart", "targets": "nobody:gpt-4o"},
        ("model_route.added",),
    ),
    "modelroute_change": Write(
        {"targets": "openai:gpt-4o"}, {"targets": "nobody:gpt-4o"}, ("model_route.changed",)
    ),
    "modelroute_delete": Write({"post": "yes"}, {}, ("model_route.deleted",)),
    "modelpolicy_add": Write(
        {"tenant": "{other}", "allowed_models": "any", "allows_local": "on"},
        {"tenant": "{other}", "allowed_models": "none"},
        ("model_policy.changed",),
    ),
    "modelpolicy_change": Write(
        {"allowed_models": "any"}, {"allowed_models": "none"}, ("model_policy.changed",)
    ),
    "providerkey_add": Write(
        {"tenant": "{tenant}", "provider": "anthropic", "api_key": "own"},
        {"tenant": "{tenant}", "provider": "anthropic", "api_key": ""},
        ("provider_key.added",),
    ),
    "providerkey_change": Write(
        {"default_model": "gpt-5"}, {"base_url": "nowhere"}, ("provider_key.changed",)
    ),
    "providerkey_delete": Write({"post": "yes"}, {}, ("provider_key.deleted",)),
    "toolsecret_add": Write(
        {"tenant": "{tenant}", "name": "new", "value": "hush-hush", **SENT},
        {"tenant": "{tenant}", "name": "new", "value": "short", **SENT},
        ("tool_secret.added",),
    ),
    "toolsecret_change": Write(
        {**SENT, "sent_as": "query", "parameter": "key"},
        {**SENT, "hosts": "evil.example.org"},
        ("tool_secret.changed",),
    ),
    "mcpserver_change": Write(
        {"secret": "api", **NO_TOOLS}, {"secret": "nope", **NO_TOOLS}, ("mcp_server.changed",)
    ),
    "mcpserver_delete": Write({"post": "yes"}, {}, ("mcp_server.deleted",)),
    "toolsecret_delete": Write({"post": "yes"}, {}, ("tool_secret.deleted",)),
    "toollimit_add": Write(
        {"tenant": "{tenant}", "tool": "http", "cpus": "2"},
        {"tenant": "{tenant}", "tool": "http", "cpus": "200"},
        ("tool_limits.added",),
    ),
    "toollimit_change": Write({"cpus": "0.5"}, {"memory_bytes": "1"}, ("tool_limits.changed",)),
    "toollimit_delete": Write({"post": "yes"}, {}, ("tool_limits.deleted",)),
    "tooldefault_add": Write(
        {"tool": "http", "wall_seconds": "9"},
        {"tool": "http", "wall_seconds": "-1"},
        ("tool_limits.added",),
    ),
    "tooldefault_change": Write({"artifacts": "5"}, {"artifacts": "0"}, ("tool_limits.changed",)),
    "tooldefault_delete": Write({"post": "yes"}, {}, ("tool_limits.deleted",)),
    "egressrule_add": Write(
        {"tenant": "{tenant}", "host": "new.example.org", "methods": "GET,HEAD"},
        {"tenant": "{tenant}", "host": "10.0.0.1"},
        ("egress_rule.added",),
    ),
    "egressrule_delete": Write({"post": "yes"}, {}, ("egress_rule.deleted",)),
    "budget_add": Write(
        {"tenant": "{tenant}", "api_key": "{apikey}", "usd_limit": "2.5"},
        {"tenant": "{tenant}", "user": "{user}", "token_limit": "5"},
        ("budget.changed",),
    ),
    "budget_change": Write(
        {"token_limit": "6", "usd_limit": ""}, {"token_limit": "-1"}, ("budget.changed",)
    ),
    "budget_delete": Write({"post": "yes"}, {}, ("budget.removed",)),
    "ratelimit_add": Write(
        {
            "tenant": "{tenant}",
            "api_key": "{apikey}",
            "requests_per_minute": "5",
            "algorithm": "token_bucket",
        },
        {
            "tenant": "{tenant}",
            "user": "{user}",
            "requests_per_minute": "5",
            "algorithm": "token_bucket",
        },
        ("rate_limit.changed",),
    ),
    "ratelimit_change": Write(
        {"requests_per_minute": "6", "algorithm": "sliding_window"},
        {"requests_per_minute": "0", "algorithm": "sliding_window"},
        ("rate_limit.changed",),
    ),
    "ratelimit_delete": Write({"post": "yes"}, {}, ("rate_limit.removed",)),
    "deadletter_replay": Write(
        {**YES, "changes": '{{"run_id": "0192f7a0-0000-7000-8000-000000000000"}}'},
        {**YES, "changes": '{{"run_id": 1}}'},
        ("dead_letter.replayed",),
    ),
    "deadletter_discard": Write(YES, {}, ("dead_letter.discarded",)),
}
READS = {"auditentry_export", "llmevent_usage"}
"""Pages with a form that change nothing."""
