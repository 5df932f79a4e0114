-- Books a batch of settlements and admissions in one transaction: the only writer of accounts.
--
-- s_*: settlements. tokens null settles at the reserved amounts. An attempt without a reservation
--      (settled before, or never admitted) changes nothing.
-- a_*: admissions, each all or nothing over its lines. An attempt that is already admitted stays so.
-- l_*: their lines: l_admissions (1-based, ascending) names the admission, with account and amount.
-- Returns one number per admission: 0 when admitted, else the id of the account that refused.
--
-- It runs as the owner of the tables, for one batch serves many tenants; so it holds every line to
-- the tenant of its admission, and inside a tenant's scope settles for that tenant alone.
create or replace function book(
  booked_at timestamptz,
  s_attempts uuid[], s_tokens bigint[], s_costs bigint[], s_confirmed boolean[],
  a_attempts uuid[], a_tenants uuid[], a_calls uuid[], a_runs uuid[],
  a_tokens bigint[], a_costs bigint[], a_deadlines timestamptz[], a_memos jsonb[],
  l_admissions int[], l_accounts bigint[], l_amounts bigint[]
) returns bigint[] language plpgsql
security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  no_limit constant bigint := 4000000000000000000;
  scope constant uuid := nullif(current_setting('app.tenant_id', true), '')::uuid;
  ids bigint[]; owners uuid[]; room bigint[]; held bigint[]; admitted bigint[]; known uuid[];
  answers bigint[] := '{}'; refused bigint; place int; line int := 1; first_line int; last_line int;
  fresh int[] := '{}';
begin
  -- One order of locks for everybody: no deadlock.
  perform 1 from accounts
    where id = any(l_accounts || array(
      select unnest(account_ids) from reservations where attempt_id = any(s_attempts)))
    order by id for update;

  if cardinality(s_attempts) > 0 then
    with settled as (
      delete from reservations r
      using unnest(s_attempts, s_tokens, s_costs, s_confirmed) as s(attempt, tokens, cost, confirmed)
      where r.attempt_id = s.attempt and (scope is null or r.tenant_id = scope)
      returning r.*, s.tokens as used_tokens, s.cost as used_cost, s.confirmed
    ), entries as (
      insert into ledger_entries (attempt_id, tenant_id, call_id, run_id, kind, account_ids, tokens,
        cost_nanos, reserved_tokens, is_confirmed, created_at)
      select attempt_id, tenant_id, call_id, run_id, 'settlement', account_ids,
        coalesce(used_tokens, tokens),
        case when used_tokens is null then cost_nanos else used_cost end,
        tokens, confirmed, booked_at
      from settled
      where used_tokens is null or used_tokens > 0 or used_cost > 0
    ), lines as (
      select a.id, held.amount,
        case when used_tokens is null then held.amount
             when a.unit = 'tokens' then used_tokens
             else coalesce(used_cost, held.amount) end as used
      from settled, unnest(account_ids, amounts) as held(account_id, amount)
      join accounts a on a.id = held.account_id
    ), sums as (
      select id, sum(amount) as released, sum(used) as used from lines group by id
    )
    update accounts set posted = posted + sums.used, reserved = reserved - sums.released
    from sums where accounts.id = sums.id;
  end if;

  if cardinality(a_attempts) = 0 then return answers; end if;

  select array_agg(id order by id), array_agg(tenant_id order by id),
         array_agg(coalesce(hard_limit, no_limit) - posted - reserved order by id)
    into ids, owners, room from accounts where id = any(l_accounts);
  held := array_fill(0::bigint, array[coalesce(cardinality(ids), 0)]);
  known := array(select attempt_id from reservations where attempt_id = any(a_attempts));

  for i in 1 .. cardinality(a_attempts) loop
    first_line := line;
    while line <= cardinality(l_admissions) and l_admissions[line] = i loop line := line + 1; end loop;
    last_line := line - 1;
    refused := 0;
    if a_attempts[i] <> all(known) then
      admitted := held;
      for j in first_line .. last_line loop
        place := array_position(ids, l_accounts[j]);
        if place is null or owners[place] <> a_tenants[i] or l_amounts[j] is null or l_amounts[j] < 0
           or room[place] - admitted[place] < l_amounts[j] then
          refused := l_accounts[j];
          exit;
        end if;
        admitted[place] := admitted[place] + l_amounts[j];
      end loop;
      if refused = 0 then
        held := admitted;
        fresh := fresh || i;
        known := known || a_attempts[i];
      end if;
    end if;
    answers := answers || refused;
  end loop;

  update accounts set reserved = reserved + held.amount
    from unnest(ids, held) as held(id, amount)
    where accounts.id = held.id and held.amount > 0;
  insert into reservations (attempt_id, tenant_id, call_id, run_id, account_ids, amounts, tokens,
      cost_nanos, memo, deadline)
    select a_attempts[i], a_tenants[i], a_calls[i], a_runs[i],
      coalesce(array_agg(l.account order by l.place) filter (where l.account is not null), '{}'),
      coalesce(array_agg(l.amount order by l.place) filter (where l.account is not null), '{}'),
      a_tokens[i], a_costs[i], a_memos[i], a_deadlines[i]
    from unnest(fresh) as i
    left join unnest(l_admissions, l_accounts, l_amounts) with ordinality
      as l(admission, account, amount, place) on l.admission = i
    group by i;
  return answers;
end $$;
