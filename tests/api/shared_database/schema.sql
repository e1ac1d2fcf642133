-- The tables of EverShop 2.2.1 that patron shares or reads, with the names and rules that an adoption depends on. Written by
-- hand; tests/program/evershop compares it with the schema that EverShop makes.
CREATE TYPE metafield_type AS ENUM ('short_text', 'long_text', 'rich_text', 'integer', 'number', 'boolean', 'date', 'color',
    'url', 'group');

CREATE TABLE customer_group (
    customer_group_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL DEFAULT gen_random_uuid(),
    group_name varchar NOT NULL,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE customer (
    customer_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT "CUSTOMER_UUID_UNIQUE" UNIQUE,
    status smallint NOT NULL DEFAULT 1,
    group_id integer DEFAULT 1
        CONSTRAINT "FK_CUSTOMER_GROUP" REFERENCES customer_group ON DELETE SET NULL,
    email varchar NOT NULL CONSTRAINT "EMAIL_UNIQUE" UNIQUE,
    password varchar NOT NULL,
    full_name varchar,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    meta_data jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX "FK_CUSTOMER_GROUP" ON customer (group_id);
CREATE TABLE customer_address (
    customer_address_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT "CUSTOMER_ADDRESS_UUID_UNIQUE" UNIQUE,
    customer_id integer NOT NULL
        CONSTRAINT "FK_CUSTOMER_ADDRESS" REFERENCES customer ON DELETE CASCADE,
    full_name varchar,
    telephone varchar,
    address_1 varchar,
    address_2 varchar,
    postcode varchar,
    city varchar,
    province varchar,
    country varchar NOT NULL,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    is_default boolean
);
CREATE INDEX "FK_CUSTOMER_ADDRESS" ON customer_address (customer_id);
CREATE TABLE admin_user (
    admin_user_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT "ADMIN_USER_UUID_UNIQUE" UNIQUE,
    status boolean NOT NULL DEFAULT true,
    email varchar NOT NULL CONSTRAINT "ADMIN_USER_EMAIL_UNIQUE" UNIQUE,
    password varchar NOT NULL,
    full_name varchar,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE reset_password_token (
    reset_password_token_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id integer NOT NULL
        CONSTRAINT "FK_RESET_PASSWORD_TOKEN_CUSTOMER" REFERENCES customer ON DELETE CASCADE,
    token text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE metafield_definition (
    metafield_definition_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT "METAFIELD_DEFINITION_UUID_UNIQUE" UNIQUE,
    owner_type varchar(64) NOT NULL,
    namespace varchar(64) NOT NULL DEFAULT 'custom',
    field_key varchar(64) NOT NULL,
    name varchar(255) NOT NULL,
    description text,
    field_type metafield_type NOT NULL,
    is_list boolean NOT NULL DEFAULT false,
    required boolean NOT NULL DEFAULT false,
    translatable boolean NOT NULL DEFAULT false,
    visible_to_customer boolean NOT NULL DEFAULT true,
    sub_fields jsonb NOT NULL DEFAULT '[]',
    validations jsonb NOT NULL DEFAULT '[]',
    appearance jsonb NOT NULL DEFAULT '{}',
    position integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    provisioned_by_theme varchar(255),
    CONSTRAINT "METAFIELD_DEFINITION_KEY_UNIQUE" UNIQUE (owner_type, namespace, field_key),
    CONSTRAINT "METAFIELD_SUB_FIELDS_IFF_GROUP" CHECK ((field_type = 'group') = (jsonb_array_length(sub_fields) > 0))
);
CREATE INDEX "METAFIELD_DEFINITION_OWNER_IDX" ON metafield_definition (owner_type);
CREATE TABLE session (
    sid varchar NOT NULL CONSTRAINT "SESSION_PKEY" PRIMARY KEY,
    sess json NOT NULL,
    expire timestamp(6) NOT NULL
);
CREATE INDEX "IDX_SESSION_EXPIRE" ON session (expire);
CREATE TABLE event (
    event_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT "EVENT_UUID" UNIQUE,
    name varchar NOT NULL,
    data json,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    status varchar NOT NULL DEFAULT 'pending',
    started_at timestamptz,
    completed_at timestamptz
);
CREATE TABLE migration (
    migration_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    module varchar NOT NULL UNIQUE,
    version varchar NOT NULL,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP
);

-- A customer without a group joins the first one, which can't be deleted.
CREATE FUNCTION set_default_customer_group() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN NEW.group_id := coalesce(NEW.group_id, 1); RETURN NEW; END';
CREATE TRIGGER "SET_DEFAULT_CUSTOMER_GROUP" BEFORE INSERT ON customer
    FOR EACH ROW EXECUTE FUNCTION set_default_customer_group();
CREATE FUNCTION prevent_delete_default_customer_group() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN IF OLD.customer_group_id = 1 THEN RAISE EXCEPTION ''the default group stays''; END IF; RETURN OLD; END';
CREATE TRIGGER "PREVENT_DELETING_THE_DEFAULT_CUSTOMER_GROUP" BEFORE DELETE ON customer_group
    FOR EACH ROW EXECUTE FUNCTION prevent_delete_default_customer_group();

-- Every change of a customer is an event with the whole row.
CREATE FUNCTION add_customer_created_event() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN INSERT INTO event (name, data) SELECT ''customer_created'', row_to_json(NEW); RETURN NEW; END';
CREATE FUNCTION add_customer_updated_event() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN INSERT INTO event (name, data) SELECT ''customer_updated'', row_to_json(NEW); RETURN NEW; END';
CREATE FUNCTION add_customer_deleted_event() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN INSERT INTO event (name, data) SELECT ''customer_deleted'', row_to_json(OLD); RETURN OLD; END';
CREATE TRIGGER "ADD_CUSTOMER_CREATED_EVENT_TRIGGER" AFTER INSERT ON customer
    FOR EACH ROW EXECUTE FUNCTION add_customer_created_event();
CREATE TRIGGER "ADD_CUSTOMER_UPDATED_EVENT_TRIGGER" AFTER UPDATE ON customer
    FOR EACH ROW EXECUTE FUNCTION add_customer_updated_event();
CREATE TRIGGER "ADD_CUSTOMER_DELETED_EVENT_TRIGGER" AFTER DELETE ON customer
    FOR EACH ROW EXECUTE FUNCTION add_customer_deleted_event();

INSERT INTO migration (module, version) VALUES ('customer', '1.0.4'), ('auth', '1.0.1'), ('base', '1.0.7');
INSERT INTO customer_group (group_name) VALUES ('Default');
