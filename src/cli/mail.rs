//! `patron mail`.

use clap::{Args, Subcommand, ValueEnum};
use uuid::Uuid;

use super::exit::{Failure, print};
use crate::app::ctx::Ctx;
use crate::config::Flags;
use crate::entity::mail::Model;
use crate::service::{health, mail};
use crate::types::MailStatus;

/// What to do with the mails.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the mails of the last days, and what became of them
    List {
        /// Only those that are so far
        #[arg(long)]
        status: Option<Status>,
    },
    /// Send a mail that was not sent again, at once and for another day
    Retry(Selector),
}

/// Which mails.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Selector {
    /// The mail with this id
    id: Option<Uuid>,
    /// All that were given up
    #[arg(long)]
    failed: bool,
}

/// How far a mail is.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Status {
    /// To be sent
    Pending,
    /// The mail server took it
    Sent,
    /// Given up
    Failed,
    /// Overtaken by something newer
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
    let ctx = Ctx::system(app);
    match command {
        Command::List { status } => {
            let lines: Vec<String> =
                mail::list(&ctx, status.map(MailStatus::from)).await?.iter().map(line).collect();
            print(&lines.concat())
        }
        Command::Retry(Selector { id, failed: _ }) => {
            let count = mail::retry(&ctx, id).await?;
            let noun = if count == 1 { "mail" } else { "mails" };
            print(&format!("{count} {noun} will be sent; `patron serve` does it\n"))
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
