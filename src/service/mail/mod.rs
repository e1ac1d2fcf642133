//! The mail queue. A mail is enqueued in the transaction of its cause. The worker sends it later, and retries it for a
//! day.
//!
//! A row contains the kind and the recipient of a mail, but no secret. The token of a link is created when the mail is
//! sent, and only its hash is stored, so the database and its backups contain no valid link. Each attempt has another
//! token; all of them are valid until one of them is used.

mod by_customer;
mod claim;
mod enqueue;
mod invitation;
mod limit;
mod list;
mod operator;
mod request;
mod resend;
mod result;
mod subject;
mod variables;

use chrono::{DateTime, TimeDelta, Utc};

pub use by_customer::CustomerMails;
pub(super) use claim::backlog;
pub use claim::{ClaimedMail, claim};
pub(super) use enqueue::{enqueue, withdraw};
pub(super) use invitation::{invite, without_recent_invitation};
pub(super) use limit::check_mail_limit;
pub use list::{MailFilter, Mails, page};
pub use operator::{list, retry};
pub(super) use request::record_request;
pub use resend::resend;
pub(crate) use resend::{ALREADY_SENT, STILL_PENDING, WITHDRAWN};
pub use result::record_result;
pub use subject::subject;

use crate::app::ctx::Ctx;

/// The retention of mails that were sent or failed permanently, so that their status can be inspected.
const RETENTION: TimeDelta = TimeDelta::days(30);

/// The latest creation time of mails whose retention has ended. Pending mails are excepted.
pub(super) fn retention_cutoff(ctx: &Ctx) -> DateTime<Utc> {
    ctx.app.clock.now() - RETENTION
}
