//! Definitions of custom fields.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::adoption::{Change, SharedStep};
use crate::columns::{add_columns, drop_columns, drop_table, sql, timestamp, unique, uuid};
use crate::step::Step;

pub(crate) const STEP: Step =
    Step { name: "m20261129_000012_metafield_definition", up, down, shared: Some(SHARED) };

const SHARED: SharedStep = SharedStep { up: shared_up, down: shared_down };

const TABLE: &str = "metafield_definition";

fn up(backend: DbBackend) -> Vec<String> {
    let table = Table::create()
        .table(TABLE)
        .if_not_exists()
        .col(pk_auto("metafield_definition_id"))
        .col(uuid(backend))
        .col(string("owner_type"))
        .col(string("namespace").default("custom"))
        .col(string("field_key"))
        .col(string("name"))
        .col(text_null("description"))
        .col(string("field_type"))
        .col(boolean("is_list").default(false))
        .col(boolean("required").default(false))
        .col(boolean("visible_to_customer").default(true))
        .col(json_binary("validations").default("[]"))
        .col(json_binary("sub_fields").default("[]"))
        .col(integer("position").default(0))
        .col(timestamp(backend, "created_at"))
        .col(timestamp(backend, "updated_at"))
        .col(timestamp_with_time_zone_null("deleted_at"))
        .col(integer("cleaned_up_to").default(0))
        .take();
    vec![sql(backend, &table), unique(backend, TABLE, &["owner_type", "namespace", "field_key"])]
}

fn down(backend: DbBackend) -> Vec<String> {
    drop_table(backend, TABLE)
}

/// The columns that a shop does not have, with their types on PostgreSQL.
const COLUMNS: [(&str, &str); 2] =
    [("deleted_at", "timestamp with time zone"), ("cleaned_up_to", "integer NOT NULL DEFAULT 0")];

/// The shop's type of `field_type`, an enumeration. patron reads and writes texts. The shop casts what it writes to this type,
/// which can be stored as a text, so the type stays.
const SHOP_TYPE: &str = "metafield_type";

/// The shop's constraint that compares the column with a value, and is created again for its new type.
const SUB_FIELDS: &str = "METAFIELD_SUB_FIELDS_IFF_GROUP";

/// Changes the type of the column, unless it has that type. There are few definitions, so it takes an instant.
fn change_type(from: &str, to: &str) -> Change {
    Change::Statement(format!(
        r#"DO $$ BEGIN
IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = '{TABLE}'::regclass AND attname = 'field_type' AND atttypid = '{from}'::regtype) THEN
ALTER TABLE "{TABLE}" DROP CONSTRAINT "{SUB_FIELDS}",
ALTER COLUMN "field_type" TYPE {to} USING "field_type"::text::{to},
ADD CONSTRAINT "{SUB_FIELDS}" CHECK (("field_type" = 'group') = (jsonb_array_length("sub_fields") > 0));
END IF;
END $$"#
    ))
}

/// Definitions that patron has deleted, and whose values it has not removed yet. The shop would show them again.
fn delete_deleted() -> Change {
    Change::Statement(format!(
        r#"DO $$ BEGIN
IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = '{TABLE}'::regclass AND attname = 'deleted_at' AND NOT attisdropped) THEN
DELETE FROM "{TABLE}" WHERE "deleted_at" IS NOT NULL;
END IF;
END $$"#
    ))
}

/// The shop has a unique constraint of what identifies a definition.
fn shared_up() -> Vec<Change> {
    vec![Change::Statement(add_columns(TABLE, &COLUMNS)), change_type(SHOP_TYPE, "varchar")]
}

fn shared_down() -> Vec<Change> {
    vec![
        change_type("varchar", SHOP_TYPE),
        delete_deleted(),
        Change::Statement(drop_columns(TABLE, &COLUMNS.map(|(name, _)| name))),
    ]
}
