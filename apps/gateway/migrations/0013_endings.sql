-- What came of attempts and calls. As functions their plans are kept by a session: to make them takes
-- several times as long as the work. They run as whoever asks, so row-level security holds.
-- `endings` is an array of objects with the fields that `given` names.

-- The events of attempts, each once.
create function note_attempts(endings jsonb) returns void language plpgsql as $$
#variable_conflict use_column
begin
  insert into llm_events (tenant_id, run_id, step_id, call_id, user_id, api_key_id,
    attempt_id, provider, model, status, error_code, prompt_tokens, completion_tokens,
    cached_tokens, cache_write_tokens, reasoning_tokens, cost_nanos,
    latency_ms, is_fallback, previous_provider, is_confirmed, is_own_key, created_at, is_discarded)
  select tenant_id, run_id, step_id, call_id, user_id, api_key_id,
    attempt_id, provider, model, attempt_status, error_code, prompt_tokens, completion_tokens,
    cached_tokens, cache_write_tokens, reasoning_tokens, cost_nanos,
    latency_ms, is_fallback, previous_provider, is_confirmed, is_own_key, at,
    coalesce(is_discarded, false)
  from jsonb_to_recordset(endings) as given(
    call_id uuid, tenant_id uuid, run_id uuid, step_id uuid, user_id uuid,
    api_key_id uuid, at timestamptz,
    status text, token uuid, error jsonb, response jsonb, duration_ms int,
    attempt_id uuid, attempt_status text, error_code text, provider text, model text,
    prompt_tokens bigint, completion_tokens bigint, cached_tokens bigint,
    cache_write_tokens bigint, reasoning_tokens bigint, cost_nanos bigint,
    latency_ms int, is_fallback bool, previous_provider text, is_confirmed bool,
    is_own_key bool, is_discarded bool)
  on conflict (attempt_id) do nothing;
end $$;

-- Ends the calls that still have the fence `token` and one of the statuses `sources`, and notes
-- the attempts that gave the ends; those of lost fences are discarded. Returns the fences that held.
--
-- The sums are those of the call's earlier attempts and of the one that is given: a statement does
-- not see what it inserts itself. An unknown cost makes the sum unknown.
create function end_calls(endings jsonb, sources text[]) returns setof uuid language plpgsql as $$
#variable_conflict use_column
declare
  held uuid[];
begin
  with given as (
    select * from jsonb_to_recordset(endings) as given(
    call_id uuid, tenant_id uuid, run_id uuid, step_id uuid, user_id uuid,
    api_key_id uuid, at timestamptz,
    status text, token uuid, error jsonb, response jsonb, duration_ms int,
    attempt_id uuid, attempt_status text, error_code text, provider text, model text,
    prompt_tokens bigint, completion_tokens bigint, cached_tokens bigint,
    cache_write_tokens bigint, reasoning_tokens bigint, cost_nanos bigint,
    latency_ms int, is_fallback bool, previous_provider text, is_confirmed bool,
    is_own_key bool)
  ), locked as (
    select id from llm_calls where id = any(array(select call_id from given))
    order by id for update
  ), ended as (
    update llm_calls call set status = given.status, error = given.error,
      response = given.response, duration_ms = given.duration_ms, completed_at = given.at,
      lease_token = null, lease_expires_at = null,
      provider = case when given.status = 'SUCCESS' then given.provider else call.provider end,
      model = case when given.status = 'SUCCESS' then given.model else call.model end,
      is_fallback = given.status = 'SUCCESS' and given.is_fallback,
      prompt_tokens = before.prompt_tokens + given.prompt_tokens,
      completion_tokens = before.completion_tokens + given.completion_tokens,
      cost_nanos = before.cost_nanos + given.cost_nanos
    from given join locked on locked.id = given.call_id, lateral (
      select coalesce(sum(prompt_tokens), 0) as prompt_tokens,
        coalesce(sum(completion_tokens), 0) as completion_tokens,
        case when count(cost_nanos) = count(*) then coalesce(sum(cost_nanos), 0) end as cost_nanos
      from llm_events event
      where event.call_id = locked.id and event.attempt_id is distinct from given.attempt_id
    ) before
    where call.id = locked.id and call.lease_token = given.token and call.status = any(sources)
    returning given.token
  )
  select coalesce(array_agg(token), '{}') into held from ended;
  perform note_attempts(jsonb_agg((given - 'response')
      || jsonb_build_object('is_discarded', not (given ->> 'token')::uuid = any(held))))
    from jsonb_array_elements(endings) given where given ->> 'attempt_id' is not null;
  return query select unnest(held);
end $$;
