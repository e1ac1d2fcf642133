//! Sending mails that are due.

use futures_util::future::join_all;

use crate::app::ctx::Ctx;
use crate::error::Result;
use crate::service::mail::{self, Outgoing};

/// Sends the mails that are due, up to a handful at once, and tells how many were tried.
///
/// # Errors
/// Those of the database. That a mail was not taken is none: it is tried again.
pub async fn send_due(ctx: &Ctx) -> Result<usize> {
    let outgoing = mail::claim(ctx).await?;
    let sent = join_all(outgoing.iter().map(|outgoing| send(ctx, outgoing))).await;
    sent.into_iter().collect::<Result<Vec<()>>>().map(|sent| sent.len())
}

#[tracing::instrument("send mail", skip_all, fields(mail = %outgoing.mail.uuid, kind = %outgoing.mail.kind))]
async fn send(ctx: &Ctx, outgoing: &Outgoing) -> Result<()> {
    let Outgoing { mail, variables } = outgoing;
    let outcome = ctx.app.mailer.send(mail.uuid, mail.kind, &mail.recipient, variables).await;
    mail::record_result(ctx, mail, outcome).await
}
