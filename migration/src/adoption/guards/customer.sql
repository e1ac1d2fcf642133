-- The guard of customers.

CREATE OR REPLACE FUNCTION patron_guard_customer() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $guard$
BEGIN
  NEW.full_name := coalesce(NEW.full_name, '');
  IF NEW.status IS DISTINCT FROM 1 THEN
    NEW.status := 0;
  END IF;
  IF TG_OP = 'INSERT' THEN
    NEW.uuid := coalesce(NEW.uuid, gen_random_uuid());
    NEW.created_at := patron_guard_time(NEW.created_at, patron_guard_now());
    NEW.updated_at := patron_guard_time(NEW.updated_at, patron_guard_now());
    IF jsonb_typeof(NEW.meta_data) IS DISTINCT FROM 'object' THEN
      NEW.meta_data := '{}';
    END IF;
    NEW.version := 1;
    NEW.token_generation := 0;
    NEW.tokens_valid_from := NULL;
    NEW.email_verified_at := NULL;
    NEW.pending_email := NULL;
    NEW.email_key := patron_plain_email_key(NEW.email);
    NEW.email_unicode := NULL;
    NEW.search_text := '';
    NEW.metafields_indexed := false;
    NEW.last_sign_in_at := NULL;
    -- The shop may choose the uuid of a customer that was deleted: the numbers of its journal entries are not used again.
    NEW.event_sequence := coalesce((SELECT max(sequence) FROM journal_entry WHERE customer_uuid = NEW.uuid), 0);
    RETURN NEW;
  END IF;

  NEW.uuid := OLD.uuid;
  NEW.created_at := patron_guard_time(NEW.created_at, OLD.created_at);
  NEW.updated_at := OLD.updated_at;
  IF jsonb_typeof(NEW.meta_data) IS DISTINCT FROM 'object' THEN
    NEW.meta_data := OLD.meta_data;
  END IF;
  NEW.version := OLD.version;
  NEW.token_generation := OLD.token_generation;
  NEW.tokens_valid_from := OLD.tokens_valid_from;
  NEW.email_verified_at := OLD.email_verified_at;
  NEW.pending_email := OLD.pending_email;
  NEW.email_key := OLD.email_key;
  NEW.email_unicode := OLD.email_unicode;
  NEW.search_text := OLD.search_text;
  NEW.metafields_indexed := OLD.metafields_indexed;
  NEW.last_sign_in_at := OLD.last_sign_in_at;
  NEW.event_sequence := OLD.event_sequence;
  IF NEW *= OLD THEN
    RETURN NEW;
  END IF;

  NEW.version := CASE WHEN OLD.version < 2147483647 THEN OLD.version + 1 ELSE 1 END;
  NEW.updated_at := patron_guard_after(OLD.updated_at);
  IF NEW.full_name IS DISTINCT FROM OLD.full_name OR NEW.email <> OLD.email THEN
    NEW.search_text := '';
  END IF;
  IF NEW.meta_data <> OLD.meta_data THEN
    NEW.metafields_indexed := false;
  END IF;
  IF NEW.email <> OLD.email THEN
    NEW.email_key := patron_plain_email_key(NEW.email);
    NEW.email_unicode := NULL;
    IF NOT patron_guard_same_mailbox(OLD.email, OLD.email_key, NEW.email) THEN
      NEW.email_verified_at := NULL;
      NEW.pending_email := NULL;
    END IF;
  END IF;
  IF NEW.password <> OLD.password OR (OLD.status = 1 AND NEW.status <> 1) THEN
    NEW.token_generation := OLD.token_generation + 1;
    NEW.tokens_valid_from := patron_guard_next_second(OLD.tokens_valid_from);
    NEW.pending_email := NULL;
  END IF;
  RETURN NEW;
END
$guard$;

-- What the journal needs of a customer. No secrets.
CREATE OR REPLACE FUNCTION patron_guard_customer_image(c customer, with_meta_data boolean) RETURNS jsonb
LANGUAGE sql STABLE AS $guard$
  SELECT jsonb_build_object(
    'customer_id', c.customer_id, 'uuid', c.uuid, 'status', c.status, 'group_id', c.group_id, 'email', c.email,
    'pending_email', c.pending_email, 'email_verified_at', c.email_verified_at, 'full_name', c.full_name,
    'created_at', c.created_at, 'updated_at', c.updated_at, 'version', c.version)
    || CASE WHEN with_meta_data THEN jsonb_build_object('meta_data', c.meta_data) ELSE '{}' END
$guard$;

CREATE OR REPLACE FUNCTION patron_guard_customer_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET timezone = 'UTC' AS $guard$
DECLARE
  ended bigint := 0;
  has_new_mailbox boolean;
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO shop_change (source_table, operation, row_uuid, customer_id, "after")
    VALUES ('customer', 'insert', NEW.uuid, NEW.customer_id, patron_guard_customer_image(NEW, true));
    RETURN NULL;
  END IF;
  IF TG_OP = 'DELETE' THEN
    INSERT INTO shop_change (source_table, operation, row_uuid, customer_id, "before")
    VALUES ('customer', 'delete', OLD.uuid, OLD.customer_id, patron_guard_customer_image(OLD, false));
    RETURN NULL;
  END IF;
  -- The guard leaves the version of an unchanged row.
  IF NEW.version = OLD.version THEN
    RETURN NULL;
  END IF;
  has_new_mailbox := NOT patron_guard_same_mailbox(OLD.email, OLD.email_key, NEW.email);
  IF NEW.token_generation <> OLD.token_generation THEN
    DELETE FROM customer_session WHERE customer_id = NEW.customer_id;
    GET DIAGNOSTICS ended = ROW_COUNT;
  END IF;
  IF NEW.password <> OLD.password OR has_new_mailbox THEN
    DELETE FROM reset_password_token WHERE customer_id = NEW.customer_id;
  END IF;
  IF has_new_mailbox THEN
    DELETE FROM verify_email_token WHERE customer_id = NEW.customer_id;
  ELSIF OLD.pending_email IS NOT NULL AND NEW.pending_email IS NULL THEN
    DELETE FROM verify_email_token WHERE customer_id = NEW.customer_id AND email <> NEW.email;
  END IF;
  INSERT INTO shop_change (source_table, operation, row_uuid, customer_id, "before", "after", new_password, ended_sessions)
  VALUES ('customer', 'update', NEW.uuid, NEW.customer_id,
    patron_guard_customer_image(OLD, NEW.meta_data <> OLD.meta_data),
    patron_guard_customer_image(NEW, NEW.meta_data <> OLD.meta_data), NEW.password <> OLD.password, ended);
  RETURN NULL;
END
$guard$;
