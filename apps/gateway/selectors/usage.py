"""What a tenant's model calls used, summed up by the database."""

from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from agentplatform.core.transactions import scope_connection
from apps.gateway.contracts import GroupKey, UsageQuestion, Usages, UsageSums

_COLUMNS: Final[dict[GroupKey, str]] = {
    "day": "(e.created_at at time zone %(time_zone)s)::date",
    "provider": "e.provider",
    "model": "e.model",
    "user_id": "coalesce(e.user_id, s.user_id)",
    "api_key_id": "coalesce(e.api_key_id, s.api_key_id)",
    "run_id": "e.run_id",
}
_OF_SPENDER: Final = {"user_id", "api_key_id"}
_SUMS: Final = {
    "attempts": "count(*)",
    "attempts_without_price": "count(*) filter (where cost_nanos is null)",
    "attempts_unconfirmed": "count(*) filter (where not is_confirmed)",
    "prompt_tokens": "coalesce(sum(prompt_tokens), 0)",
    "completion_tokens": "coalesce(sum(completion_tokens), 0)",
    "cached_tokens": "coalesce(sum(cached_tokens), 0)",
    "cache_write_tokens": "coalesce(sum(cache_write_tokens), 0)",
    "reasoning_tokens": "coalesce(sum(reasoning_tokens), 0)",
    "known_cost_nanos": "coalesce(sum(cost_nanos), 0)",
}


def sum_usage(question: UsageQuestion) -> Usages:
    """The groups of one page, and the sums over all of them. One query."""
    with scope_connection().cursor() as cursor:
        cursor.execute(*_query(question))
        rows = cursor.fetchall()
    total, *groups = [_sums(question, row) for row in rows]  # the total is there, and comes first
    return Usages(
        groups=tuple(groups[: question.limit]), total=total, has_more=len(groups) > question.limit
    )


def month_so_far(at: datetime, time_zone: str) -> tuple[date, date]:
    """The first day of the month, and the day after today."""
    today = at.astimezone(ZoneInfo(time_zone)).date()
    return today.replace(day=1), today + timedelta(days=1)


def _sums(question: UsageQuestion, row: tuple[Any, ...]) -> UsageSums:
    width = len(question.group_by)
    key = {name: text or None for name, text in zip(question.group_by, row[1:], strict=False)}
    sums = zip(_SUMS, map(int, row[1 + width :]), strict=True)
    return UsageSums(key={} if row[0] else key, **dict(sums))


def _query(question: UsageQuestion) -> tuple[str, dict[str, Any]]:
    keys = ", ".join(f"key_{number}" for number in range(len(question.group_by)))
    columns = ", ".join(
        f"coalesce(({_COLUMNS[name]})::text, '') collate \"C\" as key_{number}"
        for number, name in enumerate(question.group_by)
    )
    arguments: dict[str, Any] = {
        "tenant": question.tenant_id,
        "time_zone": question.time_zone,
        "since": _midnight(question.since, question.time_zone),
        "until": _midnight(question.until, question.time_zone),
        "rows": question.limit + 2,  # the total, and one of the next page
        **{f"only_{name}": value for name, value in question.only.items()},
        **{f"after_{number}": text for number, text in enumerate(question.after)},
    }
    only = "".join(f" and {_COLUMNS[name]} = %(only_{name})s" for name in question.only)
    marks = ", ".join(f"%(after_{number})s" for number in range(len(question.after)))
    after = f"where is_total or ({keys}) > ({marks})" if question.after else ""
    spenders = "left join run_spenders s on s.tenant_id = e.tenant_id and s.run_id = e.run_id"
    joined = spenders if _OF_SPENDER & {*question.group_by, *question.only} else ""
    sums = ", ".join(f"{sql} as {name}" for name, sql in _SUMS.items())
    sql = f"""
      with found as (
        select {columns}, e.prompt_tokens, e.completion_tokens, e.cached_tokens,
          e.cache_write_tokens, e.reasoning_tokens, e.cost_nanos, e.is_confirmed
        from llm_events e {joined}
        where e.tenant_id = %(tenant)s and e.created_at >= %(since)s and e.created_at < %(until)s
          {only}
      ), summed as (
        select grouping({keys}) > 0 as is_total, {keys}, {sums}
        from found group by grouping sets (({keys}), ())
      )
      select * from summed {after} order by is_total desc, {keys} limit %(rows)s
    """  # noqa: S608  nothing of the question but names of ours
    return sql, arguments


def _midnight(day: date, time_zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(time_zone))
