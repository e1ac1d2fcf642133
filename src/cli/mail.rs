//! `patron mail`: lists mails with their status, and retries failed ones.

use clap::{Args, Subcommand, ValueEnum};
use uuid::Uuid;

use super::exit::{Failure, print};
use crate::app::ctx::AdminCtx;
use crate::config::Flags;
use crate::entity::mail::Model;
use crate::service::{health, mail};
use crate::types::MailStatus;

/// The subcommands of `patron mail`.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List recent mails with their status
    List {
        /// Only mails with this status
        #[arg(long)]
        status: Option<Status>,
    },
    /// Retry unsent mail at once, and for another day
    Retry(Selector),
}

/// The mails to retry.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Selector {
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
pub(super) async fn run(flags: &Flags, command: Command) -> Result<(), Failure> {
    let app = super::build::build_command(flags).await?;
    health::ensure_ready(&app).await?;
    let ctx = AdminCtx::system(app);
    match command {
        Command::List { status } => {
            let lines: Vec<String> =
                mail::list(&ctx, status.map(MailStatus::from)).await?.iter().map(line).collect();
            print(&lines.concat())
        }
        Command::Retry(Selector { id, failed: _ }) => {
            let count = mail::retry(&ctx, id).await?;
            let noun = if count == 1 { "mail" } else { "mails" };
            print(&format!("{count} {noun} will be sent by `patron serve`\n"))
        }
    }
}

fn line(mail: &Model) -> String {
    let Model { uuid, kind, recipient, status, attempts, last_error, created_at, .. } = mail;
    let created = created_at.format("%Y-%m-%d %H:%M:%S");
    let (status, kind) = (status.to_string(), kind.to_string());
    let tries = if *attempts == 1 { "try" } else { "tries" };
    let error = last_error.as_ref().map(|error| format!("  {error}")).unwrap_or_default();
    format!("{status:<9}  {uuid}  {created}  {kind:<22}  {}  {attempts} {tries}{error}\n", recipient.as_str())
}
