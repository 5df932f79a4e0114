-- Whom each call is charged to, and those of its accounts that are open: of the run, of the runs
-- that it works for, and of the month of tenant, user and key. `place` numbers the calls from 1. As
-- a function its plan is kept by a session: to make it takes several times as long as the reading.
-- It runs as whoever asks, so row-level security holds.
create function spending(
  of_tenant_id uuid, run_ids uuid[], user_ids uuid[], api_key_ids uuid[], ats timestamptz[]
) returns table (
  place bigint, user_id uuid, api_key_id uuid, id bigint, kind text, unit text,
  hard_limit bigint, posted bigint, reserved bigint
) language plpgsql stable as $$
#variable_conflict use_column
begin
  return query
  with recursive spender as (
    select w.*, date_trunc('month', w.at at time zone t.time_zone)::date as period
    from tenants t, unnest(run_ids, user_ids, api_key_ids,
      ats) with ordinality as w(run_id, own_user_id, own_api_key_id, at, place)
    where t.id = of_tenant_id
  ), spending_runs as (
    select s.place, a.id, a.kind, a.unit, a.hard_limit, a.posted, a.reserved, a.parent_owner_id,
      a.user_id, a.api_key_id, 0 as up
    from spender s join accounts a
      on a.tenant_id = of_tenant_id and a.kind = 'run' and a.owner_id = s.run_id
        and a.period is null
    union
    select r.place, a.id, a.kind, a.unit, a.hard_limit, a.posted, a.reserved, a.parent_owner_id,
      a.user_id, a.api_key_id, r.up + 1
    from spending_runs r join accounts a
      on a.tenant_id = of_tenant_id and a.kind = 'run' and a.owner_id = r.parent_owner_id
        and a.period is null
  ), charged as (
    select distinct on (s.place) s.place, s.period,
      coalesce(s.own_user_id, r.user_id) as user_id,
      coalesce(s.own_api_key_id, r.api_key_id) as api_key_id
    from spender s left join spending_runs r using (place) order by s.place, r.up
  ), found as (
    select place, id, kind, unit, hard_limit, posted, reserved from spending_runs
    union
    select c.place, a.id, a.kind, a.unit, a.hard_limit, a.posted, a.reserved
    from charged c join accounts a on a.tenant_id = of_tenant_id and a.period = c.period
      and (a.kind, a.owner_id) in
        (('tenant', of_tenant_id), ('user', c.user_id), ('key', c.api_key_id))
  )
  select c.place, c.user_id, c.api_key_id, f.id, f.kind::text, f.unit::text, f.hard_limit,
    f.posted, f.reserved
  from charged c left join found f using (place) order by c.place, f.id;
end $$;
