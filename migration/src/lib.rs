//! The database schema of patron.
//!
//! There is one file for each table, and later one file for each change. Each migration can be undone. A released migration
//! is never edited: a test compares its statements with the hashes in `migration/released.txt`.
//!
//! Names of tables and columns follow EverShop's, so that patron can use an existing EverShop database (`adoption/`).
//! Additional columns always have a default, so that rows that EverShop inserts are valid. Migrations do not import entities,
//! because entities change and released migrations must not.

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

pub mod adoption;
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
mod m20261129_000018_admin_second_factor;
mod m20261129_000019_admin_recovery_code;
mod m20261129_000020_admin_step_up;
mod m20261129_000021_admin_sign_in;
mod m20261129_000030_saved_view;
mod m20261129_000040_address_keys;
mod m20261129_000041_customer_metafield_value;
mod m20261129_000042_last_sign_in;
mod m20261129_000043_mail_list;
mod m20261130_000050_tokens_valid_from;
mod m20261130_000060_admin_write;
pub mod search_index;
mod step;

pub use step::Step;

/// The migrations, oldest first.
pub const STEPS: [Step; 28] = [
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
    m20261129_000018_admin_second_factor::STEP,
    m20261129_000019_admin_recovery_code::STEP,
    m20261129_000020_admin_step_up::STEP,
    m20261129_000021_admin_sign_in::STEP,
    m20261129_000030_saved_view::STEP,
    m20261129_000040_address_keys::STEP,
    m20261129_000041_customer_metafield_value::STEP,
    m20261129_000042_last_sign_in::STEP,
    m20261129_000043_mail_list::STEP,
    m20261130_000050_tokens_valid_from::STEP,
    m20261130_000060_admin_write::STEP,
];

/// The maximum number of attempts at an upgrade that other instances run at the same time. Each failed attempt means that
/// another instance has made progress.
const ATTEMPTS: u32 = 100;

/// Runs the pending migrations, and creates the search index if that was not possible before. Several instances may do this
/// at the same time: if another instance was faster with a statement, the upgrade starts again, because every statement can
/// be repeated.
///
/// On an adopted database, the shop keeps running, and the guards are created again.
pub async fn up(db: &sea_orm::DatabaseConnection) -> Result<(), DbErr> {
    if adoption::phase(db).await?.is_some() {
        return adoption::upgrade(db).await;
    }
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
