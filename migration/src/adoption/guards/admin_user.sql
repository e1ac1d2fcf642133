-- The guard of admins.

CREATE OR REPLACE FUNCTION patron_guard_admin_user() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $guard$
BEGIN
  NEW.full_name := coalesce(NEW.full_name, '');
  NEW.status := coalesce(NEW.status, false);
  IF TG_OP = 'INSERT' THEN
    NEW.uuid := coalesce(NEW.uuid, gen_random_uuid());
    NEW.created_at := patron_guard_time(NEW.created_at, patron_guard_now());
    NEW.updated_at := patron_guard_time(NEW.updated_at, patron_guard_now());
    NEW.token_generation := 0;
    NEW.tokens_valid_from := NULL;
    NEW.email_key := patron_plain_email_key(NEW.email);
    NEW.last_sign_in_at := NULL;
    RETURN NEW;
  END IF;
  NEW.uuid := OLD.uuid;
  NEW.created_at := patron_guard_time(NEW.created_at, OLD.created_at);
  NEW.updated_at := OLD.updated_at;
  NEW.token_generation := OLD.token_generation;
  NEW.tokens_valid_from := OLD.tokens_valid_from;
  NEW.email_key := OLD.email_key;
  NEW.last_sign_in_at := OLD.last_sign_in_at;
  IF NEW *= OLD THEN
    RETURN NEW;
  END IF;
  NEW.updated_at := patron_guard_after(OLD.updated_at);
  IF NEW.email <> OLD.email THEN
    NEW.email_key := patron_plain_email_key(NEW.email);
  END IF;
  IF NEW.password <> OLD.password OR (OLD.status AND NOT NEW.status) THEN
    NEW.token_generation := OLD.token_generation + 1;
    NEW.tokens_valid_from := patron_guard_next_second(OLD.tokens_valid_from);
  END IF;
  RETURN NEW;
END
$guard$;

-- What the journal needs of an admin. No secrets.
CREATE OR REPLACE FUNCTION patron_guard_admin_user_image(u admin_user) RETURNS jsonb
LANGUAGE sql STABLE AS $guard$
  SELECT jsonb_build_object('admin_user_id', u.admin_user_id, 'uuid', u.uuid, 'status', u.status, 'email', u.email,
    'full_name', u.full_name, 'created_at', u.created_at, 'updated_at', u.updated_at)
$guard$;

CREATE OR REPLACE FUNCTION patron_guard_admin_user_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET timezone = 'UTC' AS $guard$
DECLARE
  ended bigint := 0;
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO shop_change (source_table, operation, row_uuid, "after")
    VALUES ('admin_user', 'insert', NEW.uuid, patron_guard_admin_user_image(NEW));
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO shop_change (source_table, operation, row_uuid, "before")
    VALUES ('admin_user', 'delete', OLD.uuid, patron_guard_admin_user_image(OLD));
  ELSIF NEW.updated_at <> OLD.updated_at THEN
    IF NEW.token_generation <> OLD.token_generation THEN
      DELETE FROM admin_session WHERE admin_user_id = NEW.admin_user_id;
      GET DIAGNOSTICS ended = ROW_COUNT;
    END IF;
    INSERT INTO shop_change (source_table, operation, row_uuid, "before", "after", new_password, ended_sessions)
    VALUES ('admin_user', 'update', NEW.uuid, patron_guard_admin_user_image(OLD), patron_guard_admin_user_image(NEW),
      NEW.password <> OLD.password, ended);
  END IF;
  RETURN NULL;
END
$guard$;
