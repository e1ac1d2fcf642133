-- The guard of addresses.

CREATE OR REPLACE FUNCTION patron_guard_customer_address() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $guard$
DECLARE
  becomes_default boolean;
BEGIN
  NEW.is_default := coalesce(NEW.is_default, false);
  becomes_default := NEW.is_default;
  IF TG_OP = 'INSERT' THEN
    NEW.uuid := coalesce(NEW.uuid, gen_random_uuid());
    NEW.created_at := patron_guard_time(NEW.created_at, patron_guard_now());
    NEW.updated_at := patron_guard_time(NEW.updated_at, patron_guard_now());
    NEW.version := 1;
    NEW.country_key := NULL;
    NEW.province_key := NULL;
    NEW.city_key := NULL;
    NEW.postcode_key := NULL;
    NEW.telephone_key := NULL;
  ELSE
    NEW.uuid := OLD.uuid;
    NEW.customer_id := OLD.customer_id;
    NEW.created_at := patron_guard_time(NEW.created_at, OLD.created_at);
    NEW.updated_at := OLD.updated_at;
    NEW.version := OLD.version;
    NEW.country_key := OLD.country_key;
    NEW.province_key := OLD.province_key;
    NEW.city_key := OLD.city_key;
    NEW.postcode_key := OLD.postcode_key;
    NEW.telephone_key := OLD.telephone_key;
    IF NEW *= OLD THEN
      RETURN NEW;
    END IF;
    NEW.version := CASE WHEN OLD.version < 2147483647 THEN OLD.version + 1 ELSE 1 END;
    NEW.updated_at := patron_guard_after(OLD.updated_at);
    -- The worker computes the missing keys, and the search text of the customer with them. Not done here: the program
    -- locks a customer before its addresses, so the opposite order could deadlock.
    IF (NEW.country, NEW.province, NEW.city, NEW.postcode, NEW.telephone, NEW.address_1, NEW.address_2)
      IS DISTINCT FROM (OLD.country, OLD.province, OLD.city, OLD.postcode, OLD.telephone, OLD.address_1, OLD.address_2)
    THEN
      NEW.country_key := NULL;
      NEW.province_key := NULL;
      NEW.city_key := NULL;
      NEW.postcode_key := NULL;
      NEW.telephone_key := NULL;
    END IF;
    becomes_default := NEW.is_default AND NOT OLD.is_default;
  END IF;
  IF becomes_default THEN
    -- The lock of the customer, so that of two new default addresses the second one sees the first.
    PERFORM FROM customer WHERE customer_id = NEW.customer_id FOR NO KEY UPDATE;
    UPDATE customer_address SET is_default = false
    WHERE customer_id = NEW.customer_id AND is_default AND customer_address_id <> NEW.customer_address_id;
  END IF;
  RETURN NEW;
END
$guard$;

-- What the journal needs of an address.
CREATE OR REPLACE FUNCTION patron_guard_customer_address_image(a customer_address) RETURNS jsonb
LANGUAGE sql STABLE AS $guard$
  SELECT jsonb_build_object(
    'customer_address_id', a.customer_address_id, 'uuid', a.uuid, 'customer_id', a.customer_id,
    'full_name', a.full_name, 'telephone', a.telephone, 'address_1', a.address_1, 'address_2', a.address_2,
    'postcode', a.postcode, 'city', a.city, 'province', a.province, 'country', a.country, 'is_default', a.is_default,
    'created_at', a.created_at, 'updated_at', a.updated_at, 'version', a.version)
$guard$;

CREATE OR REPLACE FUNCTION patron_guard_customer_address_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET timezone = 'UTC' AS $guard$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO shop_change (source_table, operation, row_uuid, customer_id, "after")
    VALUES ('customer_address', 'insert', NEW.uuid, NEW.customer_id, patron_guard_customer_address_image(NEW));
  ELSIF TG_OP = 'UPDATE' THEN
    IF NEW.version <> OLD.version THEN
      INSERT INTO shop_change (source_table, operation, row_uuid, customer_id, "before", "after")
      VALUES ('customer_address', 'update', NEW.uuid, NEW.customer_id, patron_guard_customer_address_image(OLD),
        patron_guard_customer_address_image(NEW));
    END IF;
  -- An address that is deleted with its customer is not recorded.
  ELSIF EXISTS (SELECT FROM customer WHERE customer_id = OLD.customer_id) THEN
    INSERT INTO shop_change (source_table, operation, row_uuid, customer_id, "before")
    VALUES ('customer_address', 'delete', OLD.uuid, OLD.customer_id, patron_guard_customer_address_image(OLD));
  END IF;
  RETURN NULL;
END
$guard$;
