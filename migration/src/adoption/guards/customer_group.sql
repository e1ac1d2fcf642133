-- The guard of customer groups.

CREATE OR REPLACE FUNCTION patron_guard_customer_group() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $guard$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.uuid := coalesce(NEW.uuid, gen_random_uuid());
    NEW.created_at := patron_guard_time(NEW.created_at, patron_guard_now());
    NEW.updated_at := patron_guard_time(NEW.updated_at, patron_guard_now());
    NEW.name_key := NULL;
    RETURN NEW;
  END IF;
  NEW.uuid := OLD.uuid;
  NEW.created_at := patron_guard_time(NEW.created_at, OLD.created_at);
  NEW.updated_at := OLD.updated_at;
  NEW.name_key := OLD.name_key;
  IF NEW *= OLD THEN
    RETURN NEW;
  END IF;
  NEW.updated_at := patron_guard_after(OLD.updated_at);
  IF NEW.group_name <> OLD.group_name THEN
    NEW.name_key := NULL;
  END IF;
  RETURN NEW;
END
$guard$;

-- What the journal needs of a group.
CREATE OR REPLACE FUNCTION patron_guard_customer_group_image(g customer_group) RETURNS jsonb
LANGUAGE sql STABLE AS $guard$
  SELECT jsonb_build_object('customer_group_id', g.customer_group_id, 'uuid', g.uuid, 'group_name', g.group_name,
    'created_at', g.created_at, 'updated_at', g.updated_at)
$guard$;

CREATE OR REPLACE FUNCTION patron_guard_customer_group_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET timezone = 'UTC' AS $guard$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO shop_change (source_table, operation, row_uuid, "after")
    VALUES ('customer_group', 'insert', NEW.uuid, patron_guard_customer_group_image(NEW));
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO shop_change (source_table, operation, row_uuid, "before")
    VALUES ('customer_group', 'delete', OLD.uuid, patron_guard_customer_group_image(OLD));
  ELSIF NEW.updated_at <> OLD.updated_at THEN
    INSERT INTO shop_change (source_table, operation, row_uuid, "before", "after")
    VALUES ('customer_group', 'update', NEW.uuid, patron_guard_customer_group_image(OLD),
      patron_guard_customer_group_image(NEW));
  END IF;
  RETURN NULL;
END
$guard$;
