//! The database schema of patron.
//!
//! One file a table, and from then on one file a change, each with its way back. A migration that was released is never
//! edited: `migration/released.txt` holds the hashes of the statements of each, and a test compares them. Names of tables and columns
//! follow EverShop's, so that the same binary can be pointed at an existing EverShop database; columns of ours always have a
//! default, so that a row inserted by EverShop stays valid. Migrations never import entities: an entity changes, a
//! migration that has run does not.

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

mod columns;
pub mod history;
mod m20261129_000001_customer_group;
mod m20261129_000002_customer;
mod m20261129_000003_customer_search;
mod m20261129_000004_customer_address;
mod m20261129_000005_admin_user;
mod m20261129_000006_customer_session;
mod m20261129_000007_admin_session;
mod m20261129_000008_reset_password_token;
mod m20261129_000009_verify_email_token;
mod m20261129_000010_mail;
mod m20261129_000011_throttle;
mod m20261129_000012_metafield_definition;
mod m20261129_000013_idempotency_key;
mod m20261129_000014_journal_entry;
mod m20261129_000015_journal_position;
mod m20261129_000016_webhook_endpoint;
mod m20261129_000017_webhook_delivery;
pub mod search_index;
mod step;

pub use step::Step;

/// The migrations, oldest first.
pub const STEPS: [Step; 17] = [
    m20261129_000001_customer_group::STEP,
    m20261129_000002_customer::STEP,
    m20261129_000003_customer_search::STEP,
    m20261129_000004_customer_address::STEP,
    m20261129_000005_admin_user::STEP,
    m20261129_000006_customer_session::STEP,
    m20261129_000007_admin_session::STEP,
    m20261129_000008_reset_password_token::STEP,
    m20261129_000009_verify_email_token::STEP,
    m20261129_000010_mail::STEP,
    m20261129_000011_throttle::STEP,
    m20261129_000012_metafield_definition::STEP,
    m20261129_000013_idempotency_key::STEP,
    m20261129_000014_journal_entry::STEP,
    m20261129_000015_journal_position::STEP,
    m20261129_000016_webhook_endpoint::STEP,
    m20261129_000017_webhook_delivery::STEP,
];

/// How often an upgrade is tried that other instances run at the same time. Each time that one of them is ahead, it has
/// done something that need not be done again.
const ATTEMPTS: u32 = 100;

/// Brings the schema up to date, and creates the search index where that was not possible before. Instances that start
/// together may all do it: one that another one overtakes starts again, since every statement can be repeated.
///
/// # Errors
/// Those of the database.
pub async fn up(db: &sea_orm::DatabaseConnection) -> Result<(), DbErr> {
    let mut attempt = 1;
    while let Err(error) = up_once(db).await {
        if attempt == ATTEMPTS || !history::is_overtaken(&error) {
            return Err(error);
        }
        attempt += 1;
    }
    Ok(())
}

async fn up_once(db: &sea_orm::DatabaseConnection) -> Result<(), DbErr> {
    Migrator::up(db, None).await?;
    search_index::ensure(db).await
}

/// Runs [`STEPS`].
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        STEPS.into_iter().map(|step| Box::new(step) as Box<dyn MigrationTrait>).collect()
    }
}
