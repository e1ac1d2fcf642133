//! Verification of e-mail addresses. A link with a token is mailed to an address; opening the link proves access to the
//! mailbox. A pending e-mail change takes effect with the verification.

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};
use uuid::Uuid;

use crate::app::ctx::{AdminCtx, Ctx, CustomerCtx};
use crate::app::write::{Write, Written};
use crate::db::TxResult;
use crate::entity::{customer, verify_email_token as tokens};
use crate::error::{Error, Result};
use crate::service::account::{enqueue_verification_mail, find_by_id_for_update, save};
use crate::service::input::property::Rule;
use crate::service::password::CUSTOMER_DISABLED;
use crate::service::query::lock::find_for_update;
use crate::service::{mail, mailed_token, password};
use crate::types::MailKind;
use crate::{input, spend};

/// The error for a verified address without a pending e-mail change.
pub(crate) const ALREADY_VERIFIED: Error = Error::fixed_conflict("The e-mail address is already verified");

input! {
    /// A mailed token.
    pub struct VerificationInput {
        /// The token from the mailed link.
        token: "token" = Rule::Text { max: None }, [required], "\"c2h5mn4wq8zr0t6xk3vbj7dfpy9las1e\"";
    }
}

/// Sends another verification mail, to the address of the pending e-mail change or else to the unverified current
/// address.
///
/// # Errors
/// [`Error::Conflict`] if no address needs verification; [`Error::RateLimited`] after five mails in an hour.
pub async fn resend(ctx: &CustomerCtx, write: Write<()>) -> Result<Written<()>> {
    let customer_id = ctx.customer_id;
    ensure_enabled(ctx)?;
    spend!(ctx, write, |tx| {
        let customer = find_by_id_for_update(tx, customer_id).await?;
        send_link(ctx, tx, &customer).await
    })
}

/// Sends a verification mail on behalf of an admin, as [`resend`] does for the customer.
///
/// # Errors
/// Those of [`resend`]; [`Error::NotFound`] for an unknown customer; [`Error::Conflict`] for a disabled one.
pub async fn send(ctx: &AdminCtx, write: Write<()>, customer: Uuid) -> Result<Written<()>> {
    ensure_enabled(ctx)?;
    spend!(ctx, write, |tx| {
        let customer = find_for_update::<customer::Entity>(tx, customer).await?;
        if !customer.status.is_enabled() {
            return Err(CUSTOMER_DISABLED.into());
        }
        send_link(ctx, tx, &customer).await?;
        mail::record_request(ctx, tx, MailKind::VerifyEmail, &customer).await
    })
}

fn ensure_enabled(ctx: &Ctx) -> Result<()> {
    match ctx.app.config.accounts.email_verification {
        true => Ok(()),
        false => Err(Error::conflict("E-mail verification is disabled")),
    }
}

async fn send_link(ctx: &Ctx, tx: &impl ConnectionTrait, customer: &customer::Model) -> TxResult<()> {
    if customer.pending_email.is_none() && customer.email_verified_at.is_some() {
        return Err(ALREADY_VERIFIED.into());
    }
    mail::check_mail_limit(ctx, tx, MailKind::VerifyEmail, customer.customer_id).await?;
    enqueue_verification_mail(ctx, tx, customer).await
}

/// Verifies the address that the token was mailed to. If it is the address of the pending e-mail change, it becomes the
/// customer's address.
///
/// # Errors
/// [`Error::Invalid`] for a token that is unknown, used, expired or superseded; [`Error::EmailTaken`] if another
/// customer now has the address.
pub async fn verify(ctx: &Ctx, write: Write<()>, input: VerificationInput) -> Result<Written<()>> {
    let token = password::parse_token(input.token)?;
    let expiry = ctx.app.config.accounts.verify_email_expiry;
    let columns = [tokens::Column::Token, tokens::Column::CreatedAt];
    let select = mailed_token::select::<tokens::Entity>(ctx, &token, columns, expiry)?;
    // Checked without a transaction, so that requests with random tokens don't block writers.
    let token = select.clone().one(ctx.app.db.reader()).await?.ok_or_else(mailed_token::invalid)?;
    spend!(ctx, write, |tx| {
        let current = mailed_token::lock_customer(tx, token.customer_id).await?;
        // Of concurrent requests with the same token, only the first finds it.
        let token = select.clone().one(tx).await?.filter(|token| current.can_confirm(&token.email));
        let token = token.ok_or_else(mailed_token::invalid)?;
        let siblings =
            tokens::Entity::delete_many().filter(tokens::Column::CustomerId.eq(current.customer_id));
        siblings.filter(tokens::Column::Email.eq(token.email.clone())).exec(tx).await?;
        let mut row = current.clone().into_active_model();
        if let Some(pending) =
            current.pending_email.clone().filter(|_| current.is_pending_email(&token.email))
        {
            row.email = Set(pending);
        }
        row.email_verified_at = Set(Some(ctx.app.clock.now()));
        save(ctx, tx, current, row, None).await?;
        Ok(())
    })
}
