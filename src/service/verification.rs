//! Verification of e-mail addresses. A link with a token is mailed to an address; opening the link proves access to the
//! mailbox. A pending e-mail change takes effect with the verification.

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};

use crate::app::ctx::{Ctx, CustomerCtx};
use crate::app::write::{Write, Written};
use crate::entity::{customer, verify_email_token as tokens};
use crate::error::{Error, Result};
use crate::service::account::{enqueue_verification_mail, save};
use crate::service::input::property::Rule;
use crate::service::{mail, password, secret};
use crate::types::MailKind;
use crate::{input, spend};

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
    if !ctx.app.config.accounts.email_verification {
        return Err(Error::conflict("E-mail verification is disabled"));
    }
    spend!(ctx, write, |tx| {
        let select = customer::Entity::find_by_id(customer_id).lock_exclusive();
        let customer = select.one(tx).await?.ok_or(Error::NotFound("Customer"))?;
        if customer.pending_email.is_none() && customer.email_verified_at.is_some() {
            return Err(Error::conflict("The e-mail address is already verified").into());
        }
        mail::check_mail_limit(ctx, tx, MailKind::VerifyEmail, customer_id).await?;
        enqueue_verification_mail(ctx, tx, &customer).await
    })
}

/// Verifies the address that the token was mailed to. If it is the address of the pending e-mail change, it becomes the
/// customer's address.
///
/// # Errors
/// [`Error::Invalid`] for a token that is unknown, used, expired or superseded; [`Error::EmailTaken`] if another
/// customer now has the address.
pub async fn verify(ctx: &Ctx, write: Write<()>, input: VerificationInput) -> Result<Written<()>> {
    let invalid = || Error::invalid("token", password::INVALID_TOKEN);
    let hash = secret::token_hash(&password::parse_token(input.token)?);
    let expiry = ctx.app.config.accounts.verify_email_expiry;
    let is_valid = password::not_expired(ctx, tokens::Column::CreatedAt, expiry)?;
    let find = || {
        let select = tokens::Entity::find().filter(tokens::Column::Token.eq(hash.clone()));
        select.filter(is_valid.clone())
    };
    // Checked without a transaction, so that requests with random tokens don't block writers.
    let token = find().one(ctx.app.db.reader()).await?.ok_or_else(invalid)?;
    spend!(ctx, write, |tx| {
        // The customer's lock serializes requests with the same token; the first one uses the token.
        let select = customer::Entity::find_by_id(token.customer_id).lock_exclusive();
        let current =
            select.one(tx).await?.filter(|customer| customer.status.is_enabled()).ok_or_else(invalid)?;
        let token =
            find().one(tx).await?.filter(|token| current.can_confirm(&token.email)).ok_or_else(invalid)?;
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
