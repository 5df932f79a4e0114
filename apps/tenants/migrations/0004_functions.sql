-- What is asked before anybody knows whose rows may be seen. Each runs as the owner of the tables
-- and answers for exactly one row, which the asker must already know something secret of.

-- The key of this prefix if one of `hashes` is its hash; remembers its use, at most every
-- `use_interval`, and its hash under the present secret (the first of `hashes`).
create function authenticate_api_key(
  key_prefix text, hashes text[], asked_at timestamptz, use_interval interval
) returns table (
  id uuid, tenant_id uuid, name text, scopes text[], expires_at timestamptz,
  revoked_at timestamptz, tenant_status text, user_id uuid, user_role text, user_is_active boolean
) language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  update api_keys k set last_used_at = asked_at, key_hash = hashes[1]
    where k.prefix = key_prefix and k.key_hash = any(hashes)
      and k.revoked_at is null and (k.expires_at is null or k.expires_at > asked_at)
      and (k.last_used_at is null or k.last_used_at <= asked_at - use_interval
           or k.key_hash <> hashes[1]);
  return query
    select k.id, k.tenant_id, k.name::text, k.scopes::text[], k.expires_at, k.revoked_at,
      t.status::text, k.user_id, u.role::text, u.is_active
    from api_keys k join tenants t on t.id = k.tenant_id
    left join users u on u.id = k.user_id and u.tenant_id = k.tenant_id
    where k.prefix = key_prefix and k.key_hash = any(hashes);
end $$;

-- The tenant of the user whom Cognito knows by this subject.
create function tenant_of_subject(subject text) returns uuid language sql stable
security definer set search_path = pg_catalog, public, pg_temp as
$$ select tenant_id from users where cognito_subject = subject $$;

-- The trigger of tables whose rows are only ever added.
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'rows of % are never changed or deleted', tg_table_name
    using errcode = 'insufficient_privilege';
end $$;

revoke execute on function book, authenticate_api_key, tenant_of_subject from public;
grant execute on function book, authenticate_api_key, tenant_of_subject
  to agentplatform_app, agentplatform_admin;

-- The admin's role reads and writes every table, those of later migrations too; the application's
-- role only those that are put under row-level security, and which migrations are applied.
grant select, insert, update, delete on all tables in schema public to agentplatform_admin;
alter default privileges in schema public
  grant select, insert, update, delete on tables to agentplatform_admin;
grant select on django_migrations to agentplatform_app;
