//! Recognizes the database of an EverShop shop.

use std::collections::BTreeMap;

use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};

use super::query;

/// The tables of EverShop that patron's own databases don't have, or have as well. Reads the catalog only: a role without
/// rights to the tables can also recognize them.
const IS_EVERSHOP: &str =
    "SELECT to_regclass('customer') IS NOT NULL AND to_regclass('customer_group') IS NOT NULL
AND (SELECT count(*) = 2 FROM pg_attribute
WHERE attrelid = to_regclass('migration') AND attname IN ('module', 'version') AND NOT attisdropped)";

/// EverShop records each of its modules with the version of its last migration.
const MODULES: &str =
    "SELECT module::text, coalesce(version::text, '') FROM migration WHERE module IS NOT NULL";

/// The refusal of a plain migration.
const HAS_A_SHOP: &str = "this is the database of an EverShop shop: run `patron adopt --check`; `patron migrate up` upgrades it \
    after the adoption, and `patron adopt --undo` takes patron's schema back";

/// Whether this is the database of an EverShop shop, adopted or not. Never on SQLite.
pub async fn is_evershop(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Ok(false);
    }
    query::value(db, IS_EVERSHOP).await
}

/// The versions of EverShop's modules, if this is the database of an EverShop shop.
pub async fn modules(db: &impl ConnectionTrait) -> Result<Option<BTreeMap<String, String>>, DbErr> {
    if !is_evershop(db).await? {
        return Ok(None);
    }
    let select = Statement::from_string(db.get_database_backend(), MODULES);
    let mut modules = BTreeMap::new();
    for row in db.query_all_raw(select).await? {
        modules.insert(row.try_get_by_index(0)?, row.try_get_by_index(1)?);
    }
    Ok(Some(modules))
}

/// Fails if the tables of this database belong to a shop: a plain migration would create or drop them.
pub(crate) async fn ensure_own(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    if is_evershop(db).await? { Err(DbErr::Migration(HAS_A_SHOP.to_owned())) } else { Ok(()) }
}

/// Fails if there is no shop to adopt.
pub(super) async fn ensure_shop(db: &DatabaseConnection) -> Result<(), DbErr> {
    if is_evershop(db).await? {
        return Ok(());
    }
    let text =
        "this is not the database of an EverShop shop: set DATABASE_URL to the shop's PostgreSQL database";
    Err(DbErr::Migration(text.to_owned()))
}
