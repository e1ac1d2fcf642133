//! `patron webhook`: lists endpoints and dead letters, and replays deliveries.

use clap::{Args, Subcommand};
use uuid::Uuid;

use super::build::admin_ctx;
use super::exit::{CommandFailure, print};
use super::text::{count, timestamp};
use crate::app::write::Write;
use crate::config::Flags;
use crate::service::query::keyset::Window;
use crate::service::webhook::{self, DeliveryFilter};
use crate::types::DeliveryStatus;

/// The subcommands of `patron webhook`.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the endpoints that receive events
    List,
    /// List the latest deliveries that failed permanently
    Parked,
    /// Retry deliveries at once, and for another three days
    Replay(DeliverySelector),
}

/// The deliveries to replay.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct DeliverySelector {
    /// The delivery with this id
    id: Option<Uuid>,
    /// All deliveries that failed permanently
    #[arg(long)]
    parked: bool,
    /// All deliveries to the endpoint with this id that failed permanently
    #[arg(long, value_name = "ID")]
    endpoint: Option<Uuid>,
}

/// Runs the command.
pub(super) async fn run(flags: &Flags, command: Command) -> Result<(), CommandFailure> {
    let ctx = admin_ctx(flags).await?;
    match command {
        Command::List => {
            let endpoints = webhook::list(&ctx).await?;
            let lines = endpoints.iter().map(|endpoint| {
                let status = if endpoint.enabled { "enabled" } else { "disabled" };
                let events = endpoint.event_filters().collect::<Vec<_>>().join(" ");
                format!("{status:<8}  {}  {}  {events}\n", endpoint.uuid, endpoint.url)
            });
            print(&lines.collect::<String>())
        }
        Command::Parked => {
            let filter =
                DeliveryFilter { status: Some(DeliveryStatus::DeadLetter), ..DeliveryFilter::default() };
            let window = Window { first: Some(100), ..Window::default() };
            let page = webhook::deliveries(&ctx, &window, &filter).await?.page(&ctx).await?;
            let lines = page.rows.iter().map(|(_, delivery)| {
                let created = timestamp(delivery.created_at);
                let tries = count(delivery.attempts, "try", "tries");
                let error = delivery.last_error.as_deref().unwrap_or_default();
                format!("{}  {created}  {tries}  {error}\n", delivery.uuid)
            });
            print(&lines.collect::<String>())
        }
        Command::Replay(DeliverySelector { id, parked: _, endpoint }) => {
            let replayed = match id {
                Some(id) => webhook::replay(&ctx, Write::of_job(), id).await.map(|_| 1)?,
                None => webhook::replay_dead_letters(&ctx, Write::of_job(), endpoint).await?.value,
            };
            let deliveries = count(replayed, "delivery", "deliveries");
            print(&format!("{deliveries} will be sent by `patron serve`\n"))
        }
    }
}
