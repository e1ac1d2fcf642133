//! The schema that the tests of `tests/api/shared_database` use is written by hand. It has what an adoption depends on, exactly as
//! EverShop's own migrations create it.

use std::collections::BTreeSet;

use super::schema::catalog;
use super::shop::ShopDatabase;
use crate::support::{Postgres, execute};

/// The tables that are compared with all columns, constraints, indexes and triggers.
const TABLES: [&str; 7] = [
    "customer",
    "customer_address",
    "customer_group",
    "admin_user",
    "reset_password_token",
    "metafield_definition",
    "session",
];
/// The tables of which only the columns are compared: patron reads them.
const READ_TABLES: [&str; 2] = ["event", "migration"];

/// The lines of the catalogs about these tables.
fn relevant(url: &str) -> BTreeSet<String> {
    let is_relevant = |line: &String| {
        let of = |table: &&str| {
            let qualified = [format!("column {table}."), format!("constraint {table}.")];
            let named = [format!("index of {table}:"), format!("trigger of {table}:")];
            qualified.iter().chain(&named).any(|start| line.starts_with(start))
        };
        let is_read = |table: &&str| line.starts_with(&format!("column {table}."));
        TABLES.iter().any(of) || READ_TABLES.iter().any(is_read) || line.starts_with("type ")
    };
    catalog(url).into_iter().filter(is_relevant).collect()
}

#[test]
fn the_schema_of_the_other_tests_is_like_that_of_the_shop() {
    let Some(shop) = ShopDatabase::create("minimal") else { return };
    let written = Postgres::create("evershop_written");
    execute(&written.url, include_str!("../../api/shared_database/schema.sql"));
    let (shop, written) = (relevant(shop.url()), relevant(&written.url));
    let only_shop: Vec<&String> = shop.difference(&written).collect();
    let only_written: Vec<&String> = written.difference(&shop).collect();
    assert!(
        only_shop.is_empty() && only_written.is_empty(),
        "only EverShop has {only_shop:#?}\nonly tests/api/shared_database/schema.sql has {only_written:#?}"
    );
}
