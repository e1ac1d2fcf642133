//! The subject of a mail, for admins.

use super::variables::{Addressee, without_link};
use crate::app::ctx::AdminCtx;
use crate::entity::customer_row::CustomerRow;
use crate::entity::mail::Model;

/// Renders the subject of a mail from its template, as when it is sent. It is not stored. Links stay empty, because their
/// tokens are secrets. `customer`: the customer of the mail, if it is known; without one, the name is empty.
pub fn subject(ctx: &AdminCtx, mail: &Model, customer: Option<&CustomerRow>) -> String {
    let variables = without_link(ctx, mail, customer.map(Addressee::from).as_ref());
    ctx.app.mailer.subject(mail.kind, &variables).unwrap_or_else(|| mail.kind.to_string())
}
