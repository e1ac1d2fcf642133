//! The tables and columns that the shop must have, and the names that patron needs and that must be free.

use std::collections::BTreeSet;

use migration::adoption;

use crate::error::Result;
use crate::service::adoption::inspection::Inspection;
use crate::service::adoption::report::{Finding, Severity};

/// The columns of EverShop 2.2.1 that patron uses, by table.
const SHOP_COLUMNS: [(&str, &[&str]); 8] = [
    (
        "customer",
        &[
            "customer_id",
            "uuid",
            "status",
            "group_id",
            "email",
            "password",
            "full_name",
            "created_at",
            "updated_at",
            "meta_data",
        ],
    ),
    (
        "customer_address",
        &[
            "customer_address_id",
            "uuid",
            "customer_id",
            "full_name",
            "telephone",
            "address_1",
            "address_2",
            "postcode",
            "city",
            "province",
            "country",
            "is_default",
            "created_at",
            "updated_at",
        ],
    ),
    ("customer_group", &["customer_group_id", "uuid", "group_name", "created_at", "updated_at"]),
    (
        "admin_user",
        &["admin_user_id", "uuid", "status", "email", "password", "full_name", "created_at", "updated_at"],
    ),
    ("reset_password_token", &["reset_password_token_id", "customer_id", "token", "created_at"]),
    (
        "metafield_definition",
        &[
            "metafield_definition_id",
            "uuid",
            "owner_type",
            "namespace",
            "field_key",
            "name",
            "description",
            "field_type",
            "is_list",
            "required",
            "visible_to_customer",
            "validations",
            "sub_fields",
            "position",
            "created_at",
            "updated_at",
        ],
    ),
    ("session", &["sid", "sess", "expire"]),
    ("event", &["name", "data"]),
];

/// The columns of these tables, as `table.column`.
const COLUMNS: &str = "SELECT c.relname::text || '.' || a.attname::text FROM pg_class c \
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
    WHERE c.oid IN (SELECT to_regclass(name) FROM jsonb_array_elements_text(CAST($1 AS text)::jsonb) AS t(name))";

/// What an adoption replaces and an undo restores, if it is not as EverShop made it: of the triggers and functions with these
/// names, and of the type of custom fields.
const CHANGED: &str = "SELECT 'trigger ' || name FROM jsonb_array_elements_text(CAST($1 AS text)::jsonb) AS t(name) \
    WHERE NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = to_regclass('customer') AND tgname = name \
    AND tgenabled = 'O' AND tgqual IS NULL) \
    UNION ALL SELECT 'function ' || name FROM jsonb_array_elements_text(CAST($2 AS text)::jsonb) AS f(name) \
    WHERE to_regproc(name) IS NULL \
    UNION ALL SELECT 'constraint METAFIELD_SUB_FIELDS_IFF_GROUP' WHERE NOT EXISTS (SELECT FROM pg_constraint \
    WHERE conrelid = to_regclass('metafield_definition') AND conname = 'METAFIELD_SUB_FIELDS_IFF_GROUP') \
    UNION ALL SELECT 'type of metafield_definition.field_type' WHERE NOT EXISTS (SELECT FROM pg_attribute \
    WHERE attrelid = to_regclass('metafield_definition') AND attname = 'field_type' \
    AND atttypid = to_regtype('metafield_type'))";

/// The views that use the column whose type an adoption changes, which PostgreSQL refuses.
const VIEWS: &str = "SELECT DISTINCT 'view ' || r.ev_class::regclass::text FROM pg_depend d \
    JOIN pg_rewrite r ON r.oid = d.objid AND d.classid = 'pg_rewrite'::regclass \
    JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid AND a.attname = 'field_type' \
    WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = to_regclass('metafield_definition') ORDER BY 1";

/// The tables and indexes with these names.
const RELATIONS: &str = "SELECT CASE c.relkind WHEN 'i' THEN 'index ' WHEN 'v' THEN 'view ' ELSE 'table ' END || c.relname::text \
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema() \
    WHERE c.relname IN (SELECT jsonb_array_elements_text(CAST($1 AS text)::jsonb)) OR c.relname LIKE 'patron\\_%' ORDER BY 1";

/// The functions and triggers with names of patron.
const FUNCTIONS: &str = "SELECT 'function ' || p.proname::text FROM pg_proc p \
    JOIN pg_namespace n ON n.oid = p.pronamespace AND n.nspname = current_schema() WHERE p.proname LIKE 'patron\\_%' \
    UNION SELECT 'trigger ' || t.tgname::text FROM pg_trigger t WHERE t.tgname LIKE 'patron\\_%' ORDER BY 1";

/// Tables and columns of EverShop 2.2.1 that the database lacks. Without them, the other queries of a check fail.
pub(in crate::service::adoption) async fn of_missing_columns(
    inspection: &Inspection,
) -> Result<Vec<Finding>> {
    let existing = columns(inspection).await?;
    let expected = SHOP_COLUMNS.iter().flat_map(|(table, columns)| qualified(table, columns));
    let missing: Vec<String> = expected.filter(|column| !existing.contains(column)).collect();
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let finding = Finding::new(
        "unexpected_schema",
        Severity::Blocks,
        "the database lacks columns of EverShop 2.2.1",
        "start EverShop once, so that it runs its migrations; an extension that removes columns can't be adopted",
    );
    let count = missing.len() as u64;
    Ok(vec![finding.of_rows("", count, missing)])
}

/// Objects of the shop that are not as EverShop 2.2.1 made them, and views that an adoption can't keep.
pub(in crate::service::adoption) async fn of_changed_objects(
    inspection: &Inspection,
) -> Result<Vec<Finding>> {
    let (triggers, functions): (Vec<&str>, Vec<&str>) = adoption::event_triggers().into_iter().unzip();
    let json = |names: Vec<&str>| sea_orm::Value::from(serde_json::Value::from(names).to_string());
    let rows = inspection.rows(CHANGED, [json(triggers), json(functions)]).await?;
    let changed = rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect::<Result<Vec<String>>>()?;
    let views = inspection.texts(VIEWS).await?;
    let mut findings = Vec::new();
    let mut block = |code, objects: Vec<String>, text: &str, remedy: &str| {
        if !objects.is_empty() {
            let count = objects.len() as u64;
            findings.push(Finding::new(code, Severity::Blocks, text, remedy).of_rows("", count, objects));
        }
    };
    block(
        "changed_objects",
        changed,
        "the adoption replaces these objects, and they are missing, disabled or not those of EverShop 2.2.1",
        "create or enable them as EverShop's migrations do: an undo restores them like that",
    );
    block(
        "dependent_views",
        views,
        "views use metafield_definition.field_type, whose type the adoption changes",
        "drop them before the adoption and before its undo, and create them again afterwards",
    );
    Ok(findings)
}

/// Objects in the database that have names which patron's objects need.
pub(in crate::service::adoption) async fn of_taken_names(inspection: &Inspection) -> Result<Vec<Finding>> {
    let objects = adoption::objects();
    let names = serde_json::Value::from([objects.tables, objects.indexes].concat()).to_string();
    let rows = inspection.rows(RELATIONS, [names.into()]).await?;
    let mut taken = rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect::<Result<Vec<String>>>()?;
    taken.extend(inspection.texts(FUNCTIONS).await?);
    let existing = columns(inspection).await?;
    let added = objects.columns.iter().map(|(table, column)| format!("{table}.{column}"));
    taken.extend(added.filter(|column| existing.contains(column)).map(|column| format!("column {column}")));
    if taken.is_empty() {
        return Ok(Vec::new());
    }
    let finding = Finding::new(
        "names_taken",
        Severity::Blocks,
        "the database has objects with names that patron needs",
        "rename or drop them; if they are left over from an older trial of patron, restore EverShop's schema first",
    );
    let count = taken.len() as u64;
    Ok(vec![finding.of_rows("", count, taken)])
}

async fn columns(inspection: &Inspection) -> Result<BTreeSet<String>> {
    let tables: Vec<&str> = SHOP_COLUMNS.iter().map(|(table, _)| *table).collect();
    let names = serde_json::Value::from(tables).to_string();
    let rows = inspection.rows(COLUMNS, [names.into()]).await?;
    rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
}

fn qualified(table: &str, columns: &[&str]) -> Vec<String> {
    columns.iter().map(|column| format!("{table}.{column}")).collect()
}
