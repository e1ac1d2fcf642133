//! The database schema of patron.
//!
//! One file a change, each with its way back. Names of tables and columns follow EverShop's, so that the
//! same binary can be pointed at an existing EverShop database; columns of ours always have a default, so
//! that a row inserted by EverShop stays valid. Migrations never import entities: an entity changes, a
//! migration that has run does not.

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

mod columns;
mod m20261123_000001_create_customer_group;
mod m20261123_000002_create_customer;
mod m20261123_000003_create_customer_address;
mod m20261123_000004_create_admin_user;
mod m20261124_000001_create_customer_session;
mod m20261124_000002_add_customer_verification;
mod m20261124_000003_create_reset_password_token;
mod m20261124_000004_create_verify_email_token;
mod m20261124_000005_create_mail;
mod m20261124_000006_create_throttle;
mod m20261124_000010_unique_group_name;
mod m20261124_000011_create_metafield_definition;
mod m20261124_000020_index_customer_sorts;
mod m20261124_000021_add_customer_search_text;
mod m20261125_000001_add_address_version;
mod m20261125_000002_create_idempotency_key;
mod m20261125_000003_create_journal_entry;
mod m20261125_000004_create_webhook_endpoint;
mod m20261128_000001_widen_keys;
mod m20261128_000002_create_admin_session;
mod m20261128_000003_add_journal_retention;
mod m20261128_000010_add_idempotency_caller;
pub mod search_index;

/// Brings the schema up to date, and makes the index of searches where that was not possible before.
///
/// # Errors
/// Those of the database.
pub async fn up(db: &sea_orm::DatabaseConnection) -> Result<(), DbErr> {
    Migrator::up(db, None).await?;
    search_index::ensure(db).await
}

/// The migrations, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_000001_create_customer_group::Migration),
            Box::new(m20261123_000002_create_customer::Migration),
            Box::new(m20261123_000003_create_customer_address::Migration),
            Box::new(m20261123_000004_create_admin_user::Migration),
            Box::new(m20261124_000001_create_customer_session::Migration),
            Box::new(m20261124_000002_add_customer_verification::Migration),
            Box::new(m20261124_000003_create_reset_password_token::Migration),
            Box::new(m20261124_000004_create_verify_email_token::Migration),
            Box::new(m20261124_000005_create_mail::Migration),
            Box::new(m20261124_000006_create_throttle::Migration),
            Box::new(m20261124_000010_unique_group_name::Migration),
            Box::new(m20261124_000011_create_metafield_definition::Migration),
            Box::new(m20261124_000020_index_customer_sorts::Migration),
            Box::new(m20261124_000021_add_customer_search_text::Migration),
            Box::new(m20261125_000001_add_address_version::Migration),
            Box::new(m20261125_000002_create_idempotency_key::Migration),
            Box::new(m20261125_000003_create_journal_entry::Migration),
            Box::new(m20261125_000004_create_webhook_endpoint::Migration),
            Box::new(m20261128_000001_widen_keys::Migration),
            Box::new(m20261128_000002_create_admin_session::Migration),
            Box::new(m20261128_000003_add_journal_retention::Migration),
            Box::new(m20261128_000010_add_idempotency_caller::Migration),
        ]
    }
}
