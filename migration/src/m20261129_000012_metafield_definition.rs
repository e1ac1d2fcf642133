//! Definitions of custom fields.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::columns::{drop_table, sql, timestamp, unique, uuid};
use crate::step::Step;

pub(crate) const STEP: Step = Step { name: "m20261129_000012_metafield_definition", up, down };

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
