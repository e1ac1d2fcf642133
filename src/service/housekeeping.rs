//! Forgetting what nobody can use any more: sessions and tokens that have expired, mails and counts that are old.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::ctx::Ctx;
use crate::entity::{reset_password_token, verify_email_token};
use crate::error::Result;
use crate::service::password::issued_after;
use crate::service::{mail, session, throttle};
use crate::transact;

/// Tidies up once, and tells how many rows it deleted.
///
/// # Errors
/// Those of the database.
pub async fn run_once(ctx: &Ctx) -> Result<u64> {
    ctx.require_admin()?;
    let config = &ctx.app.config.accounts;
    let reset = issued_after(ctx, config.reset_password_expiry)?;
    let verify = issued_after(ctx, config.verify_email_expiry)?;
    // A transaction each: none of them has to wait for the others' locks.
    let db = &ctx.app.db;
    let mut deleted = transact!(db, |tx| { session::clean_up(ctx, tx).await })?;
    deleted += transact!(db, |tx| { throttle::clean_up(ctx, tx).await })?;
    deleted += transact!(db, |tx| { mail::clean_up(ctx, tx).await })?;
    deleted += transact!(db, |tx| {
        let expired = reset_password_token::Column::CreatedAt.lte(reset);
        Ok(reset_password_token::Entity::delete_many().filter(expired).exec(tx).await?.rows_affected)
    })?;
    deleted += transact!(db, |tx| {
        let expired = verify_email_token::Column::CreatedAt.lte(verify);
        Ok(verify_email_token::Entity::delete_many().filter(expired).exec(tx).await?.rows_affected)
    })?;
    Ok(deleted)
}
