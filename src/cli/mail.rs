//! `patron mail`: lists mails with their status, and retries failed ones.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use uuid::Uuid;

use super::build::admin_ctx;
use super::exit::{CommandFailure, print};
use super::list_format::ListOptions;
use super::text::{count, timestamp};
use crate::config::Flags;
use crate::entity::mail::Model;
use crate::service::mail;
use crate::types::{self, MailStatus};

/// The subcommands of `patron mail`.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List recent mails with their status
    List {
        /// Only mails with this status
        #[arg(long)]
        status: Option<Status>,
        #[command(flatten)]
        options: ListOptions,
    },
    /// Retry unsent mail at once, and for another day
    Retry(MailSelector),
}

/// The mails to retry.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct MailSelector {
    /// The mail with this id
    id: Option<Uuid>,
    /// All mails that failed permanently
    #[arg(long)]
    failed: bool,
}

/// The status of a mail.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Status {
    /// Waits to be sent
    Pending,
    /// Accepted by the mail server
    Sent,
    /// Failed permanently
    Failed,
    /// Superseded by a newer mail or change
    Withdrawn,
}

impl From<Status> for MailStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Pending => Self::Pending,
            Status::Sent => Self::Sent,
            Status::Failed => Self::Failed,
            Status::Withdrawn => Self::Withdrawn,
        }
    }
}

/// Runs the command.
pub(super) async fn run(flags: &Flags, command: Command) -> Result<(), CommandFailure> {
    let ctx = admin_ctx(flags).await?;
    match command {
        Command::List { status, options } => {
            options.print(mail::list(&ctx, status.map(MailStatus::from)).await?, line, object)
        }
        Command::Retry(MailSelector { id, failed: _ }) => {
            let mails = count(mail::retry(&ctx, id).await?, "mail", "mails");
            print(&format!("{mails} will be sent by `patron serve`\n"))
        }
    }
}

fn line(mail: &Model) -> String {
    let Model { uuid, kind, recipient, status, attempts, last_error, created_at, .. } = mail;
    let (created, tries) = (timestamp(*created_at), count(*attempts, "try", "tries"));
    let (status, kind) = (status.to_string(), kind.to_string());
    let error = last_error.as_ref().map(|error| format!("  {error}")).unwrap_or_default();
    format!("{status:<9}  {uuid}  {created}  {kind:<22}  {}  {tries}{error}\n", recipient.as_str())
}

fn object(mail: &Model) -> Value {
    json!({
        "uuid": mail.uuid,
        "kind": mail.kind.to_string(),
        "recipient": mail.recipient.as_str(),
        "status": mail.status.to_string(),
        "attempts": mail.attempts,
        "last_error": mail.last_error,
        "created_at": types::timestamp(mail.created_at),
        "sent_at": mail.sent_at.map(types::timestamp),
    })
}
