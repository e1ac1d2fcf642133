//! Sends mails that are due. A mail that the mail server refuses is retried later.

use futures_util::future::join_all;

use crate::app::ctx::AdminCtx;
use crate::error::Result;
use crate::service::mail::{self, ClaimedMail};

/// Sends a batch of mails that are due and returns how many it attempted.
///
/// # Errors
/// When the database fails. A mail that is not accepted is retried.
pub async fn send_due(ctx: &AdminCtx) -> Result<usize> {
    let outgoing = mail::claim(ctx).await?;
    let results = join_all(outgoing.iter().map(|outgoing| send(ctx, outgoing))).await;
    results.into_iter().collect::<Result<Vec<()>>>().map(|results| results.len())
}

#[tracing::instrument("send mail", skip_all, fields(mail = %outgoing.mail.uuid, kind = %outgoing.mail.kind))]
async fn send(ctx: &AdminCtx, outgoing: &ClaimedMail) -> Result<()> {
    let ClaimedMail { mail, variables } = outgoing;
    let outcome = ctx.app.mailer.send(mail.uuid, mail.kind, &mail.recipient, variables).await;
    mail::record_result(ctx, mail, outcome).await
}
