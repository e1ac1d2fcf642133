//! The variables of a mail's template. They contain the link with its token, which is created for each attempt.

use std::time::Duration;

use sea_orm::ConnectionTrait;
use secrecy::{ExposeSecret, SecretString};

use super::limit::{MAX_PER_HOUR, count_last_hour};
use crate::app::ctx::Ctx;
use crate::db::TxResult;
use crate::entity::customer;
use crate::entity::customer_row::CustomerRow;
use crate::entity::mail::Model;
use crate::outbound::mailer::Variables;
use crate::service::{greeting, mailed_token};
use crate::types::{EmailAddress, MailKind};

/// Prepares the variables of a mail to a customer, and creates the token of its link. Returns `None` if the mail must not be sent.
pub(super) async fn prepare(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    mail: &Model,
    customer: &customer::Model,
) -> TxResult<Option<Variables>> {
    let mut variables = without_link(ctx, mail, Some(&Addressee::from(customer)));
    match mail.kind {
        MailKind::VerifyEmail => {
            if !customer.status.is_enabled() || !customer.can_confirm(&mail.recipient) {
                return Ok(None);
            }
            let token =
                mailed_token::create_for_verification(ctx, tx, customer.customer_id, &mail.recipient).await?;
            variables.link = link(&variables.public_url, "verify-email", &token);
        }
        MailKind::ResetPassword => {
            // Only to the current address of the account, not to the address at the time of the request.
            if !customer.status.is_enabled() || customer.email.key() != mail.recipient.key() {
                return Ok(None);
            }
            // Anonymous callers request it, so the limit applies here. In the response it would reveal the customer.
            let count = count_last_hour(ctx, tx, MailKind::ResetPassword, customer.customer_id).await?;
            if mail.customer_id.is_none() && count >= MAX_PER_HOUR {
                return Ok(None);
            }
            let token = mailed_token::create_for_reset(ctx, tx, customer.customer_id).await?;
            variables.link = link(&variables.public_url, "reset-password", &token);
        }
        MailKind::Invitation => {
            let is_current = customer.status.is_enabled() && customer.email.key() == mail.recipient.key();
            // A customer that has set a password since needs no invitation.
            if !is_current || customer.password.is_set() {
                return Ok(None);
            }
            let token = mailed_token::create_for_reset(ctx, tx, customer.customer_id).await?;
            variables.link = link(&variables.public_url, "reset-password", &token);
        }
        MailKind::PasswordChanged | MailKind::EmailChangeRequested | MailKind::EmailChanged => {}
        // Prepared for an admin.
        MailKind::AdminPasswordChanged
        | MailKind::SecondFactorOn
        | MailKind::SecondFactorOff
        | MailKind::SecondFactorReset
        | MailKind::RecoveryCodesCreated
        | MailKind::RecoveryCodeUsed => return Ok(None),
    }
    Ok(Some(variables))
}

/// What a mail says of its customer.
pub(super) struct Addressee<'a> {
    full_name: &'a str,
    /// The e-mail address, if it is verified.
    verified: Option<&'a EmailAddress>,
}

impl<'a> From<&'a customer::Model> for Addressee<'a> {
    fn from(customer: &'a customer::Model) -> Self {
        let verified = customer.email_verified_at.map(|_| &customer.email);
        Self { full_name: &customer.full_name, verified }
    }
}

impl<'a> From<&'a CustomerRow> for Addressee<'a> {
    fn from(customer: &'a CustomerRow) -> Self {
        let verified = customer.email_verified_at.map(|_| &customer.email);
        Self { full_name: &customer.full_name, verified }
    }
}

/// The variables of a mail except its link. Without a customer, the name is empty.
pub(super) fn without_link(ctx: &Ctx, mail: &Model, customer: Option<&Addressee<'_>>) -> Variables {
    let config = &ctx.app.config.accounts;
    let name = |customer: &Addressee<'_>| {
        let is_verified = customer.verified.is_some_and(|email| email.key() == mail.recipient.key());
        greeting::greeting_name(customer.full_name, is_verified)
    };
    Variables {
        full_name: customer.map(name).unwrap_or_default(),
        recipient: greeting::displayed_address(&mail.recipient),
        time: greeting::displayed_time(mail.created_at),
        lifetime: match mail.kind {
            MailKind::VerifyEmail => lifetime(config.verify_email_expiry),
            MailKind::ResetPassword | MailKind::Invitation => lifetime(config.reset_password_expiry),
            _ => String::new(),
        },
        public_url: ctx.app.public_url(),
        ..Variables::default()
    }
}

/// Puts the token in the fragment. Browsers do not send fragments, so the token gets into no log and no `Referer`.
fn link(public_url: &str, page: &str, token: &SecretString) -> String {
    format!("{public_url}/account/{page}#token={}", token.expose_secret())
}

/// Formats the lifetime of a link: `1 hour`, `90 minutes`.
fn lifetime(duration: Duration) -> String {
    let minutes = duration.as_secs().div_ceil(60);
    let (count, unit) = if minutes.is_multiple_of(60) { (minutes / 60, "hour") } else { (minutes, "minute") };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}
