-- The guard of the definitions of custom fields. The table also has those of products and of the shop, which are not
-- journaled.

CREATE OR REPLACE FUNCTION patron_guard_metafield_definition() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
AS $guard$
BEGIN
  -- The shop's column had this type, so other texts are refused as before. An undo could not restore the column with them.
  PERFORM NEW.field_type::metafield_type;
  IF TG_OP = 'INSERT' THEN
    NEW.uuid := coalesce(NEW.uuid, gen_random_uuid());
    NEW.created_at := patron_guard_time(NEW.created_at, patron_guard_now());
    NEW.updated_at := patron_guard_time(NEW.updated_at, patron_guard_now());
    NEW.deleted_at := NULL;
    NEW.cleaned_up_to := 0;
    RETURN NEW;
  END IF;
  NEW.uuid := OLD.uuid;
  NEW.created_at := patron_guard_time(NEW.created_at, OLD.created_at);
  NEW.updated_at := OLD.updated_at;
  NEW.deleted_at := OLD.deleted_at;
  NEW.cleaned_up_to := OLD.cleaned_up_to;
  IF NEW *<> OLD THEN
    NEW.updated_at := patron_guard_after(OLD.updated_at);
  END IF;
  RETURN NEW;
END
$guard$;

-- What the journal needs of a definition.
CREATE OR REPLACE FUNCTION patron_guard_metafield_definition_image(d metafield_definition) RETURNS jsonb
LANGUAGE sql STABLE AS $guard$
  SELECT jsonb_build_object(
    'metafield_definition_id', d.metafield_definition_id, 'uuid', d.uuid, 'owner_type', d.owner_type,
    'namespace', d.namespace, 'field_key', d.field_key, 'name', d.name, 'description', d.description,
    'field_type', d.field_type, 'is_list', d.is_list, 'required', d.required,
    'visible_to_customer', d.visible_to_customer, 'validations', d.validations, 'sub_fields', d.sub_fields,
    'position', d.position, 'created_at', d.created_at, 'updated_at', d.updated_at)
$guard$;

CREATE OR REPLACE FUNCTION patron_guard_metafield_definition_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET timezone = 'UTC' AS $guard$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.owner_type = 'customer' THEN
      INSERT INTO shop_change (source_table, operation, row_uuid, "after")
      VALUES ('metafield_definition', 'insert', NEW.uuid, patron_guard_metafield_definition_image(NEW));
    END IF;
  -- A definition that was deleted with patron is journaled already.
  ELSIF OLD.owner_type <> 'customer' OR OLD.deleted_at IS NOT NULL THEN
    RETURN NULL;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO shop_change (source_table, operation, row_uuid, "before")
    VALUES ('metafield_definition', 'delete', OLD.uuid, patron_guard_metafield_definition_image(OLD));
  ELSIF NEW.updated_at <> OLD.updated_at THEN
    INSERT INTO shop_change (source_table, operation, row_uuid, "before", "after")
    VALUES ('metafield_definition', 'update', NEW.uuid, patron_guard_metafield_definition_image(OLD),
      patron_guard_metafield_definition_image(NEW));
  END IF;
  RETURN NULL;
END
$guard$;
