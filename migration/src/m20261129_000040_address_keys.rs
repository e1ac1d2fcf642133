//! Columns by which addresses are found: the program folds what was typed, so that both databases compare it alike.
//!
//! Addresses that are older, or that another program inserted, have no keys. The worker computes them, and adds these
//! addresses to the search text of their customers.

use sea_orm_migration::sea_orm::DbBackend;

use crate::columns::{add_column, drop_column, drop_index, index};
use crate::step::Step;

pub(crate) const STEP: Step = Step { name: "m20261129_000040_address_keys", up, down, shared: None };

const TABLE: &str = "customer_address";

const KEYS: [&str; 5] = ["country_key", "province_key", "city_key", "postcode_key", "telephone_key"];

/// The indexed columns. Each index ends in the customer, so that the customers of an address are read from it alone.
const INDEXES: [&[&str]; 5] = [
    &["country_key", "city_key", "customer_id"],
    &["province_key", "customer_id"],
    &["city_key", "customer_id"],
    &["postcode_key", "customer_id"],
    &["telephone_key", "customer_id"],
];

/// The addresses without keys. The condition is the same text as in the query.
const MISSING: &str = r#"CREATE INDEX IF NOT EXISTS "customer_address_keys_missing_idx"
ON "customer_address" ("customer_id") WHERE "city_key" IS NULL"#;

fn up(backend: DbBackend) -> Vec<String> {
    // Compared by code point, as in `computed_text`.
    let kind = if backend == DbBackend::Postgres { r#"varchar COLLATE "C""# } else { "varchar" };
    let mut statements: Vec<String> =
        KEYS.iter().map(|key| add_column(backend, TABLE, &format!(r#""{key}" {kind}"#))).collect();
    statements.extend(INDEXES.iter().map(|columns| index(backend, TABLE, columns)));
    statements.push(MISSING.to_owned());
    statements
}

fn down(backend: DbBackend) -> Vec<String> {
    let indexes = INDEXES.iter().map(|columns| drop_index(&format!("{TABLE}_{}_idx", columns.join("_"))));
    let mut statements = vec![drop_index("customer_address_keys_missing_idx")];
    statements.extend(indexes);
    statements.extend(KEYS.iter().map(|key| drop_column(backend, TABLE, key)));
    statements
}
