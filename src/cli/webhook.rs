//! `patron webhook`: lists endpoints and dead letters, and replays deliveries.

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use uuid::Uuid;

use super::build::admin_ctx;
use super::exit::{CommandFailure, print};
use super::list_format::ListOptions;
use super::text::{count, timestamp};
use crate::app::write::Write;
use crate::config::Flags;
use crate::entity::{webhook_delivery, webhook_endpoint};
use crate::service::query::keyset::Window;
use crate::service::webhook::{self, DeliveryFilter};
use crate::types::{self, DeliveryStatus};

/// The subcommands of `patron webhook`.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the endpoints that receive events
    List(ListOptions),
    /// List the latest deliveries that failed permanently
    Parked(ListOptions),
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
        Command::List(options) => options.print(webhook::list(&ctx).await?, endpoint_line, endpoint_object),
        Command::Parked(options) => {
            let filter =
                DeliveryFilter { status: Some(DeliveryStatus::DeadLetter), ..DeliveryFilter::default() };
            let window = Window { first: Some(100), ..Window::default() };
            let page = webhook::deliveries(&ctx, &window, &filter).await?.page(&ctx).await?;
            let parked = page.rows.into_iter().map(|(_, delivery)| delivery);
            options.print(parked, delivery_line, delivery_object)
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

fn endpoint_line(endpoint: &webhook_endpoint::Model) -> String {
    let status = if endpoint.enabled { "enabled" } else { "disabled" };
    let events = endpoint.event_filters().collect::<Vec<_>>().join(" ");
    format!("{status:<8}  {}  {}  {events}\n", endpoint.uuid, endpoint.url)
}

fn endpoint_object(endpoint: &webhook_endpoint::Model) -> Value {
    json!({
        "uuid": endpoint.uuid,
        "url": endpoint.url,
        "description": endpoint.description,
        "events": endpoint.events,
        "enabled": endpoint.enabled,
        "created_at": types::timestamp(endpoint.created_at),
    })
}

fn delivery_line(delivery: &webhook_delivery::Model) -> String {
    let created = timestamp(delivery.created_at);
    let tries = count(delivery.attempts, "try", "tries");
    let error = delivery.last_error.as_deref().unwrap_or_default();
    format!("{}  {created}  {tries}  {error}\n", delivery.uuid)
}

fn delivery_object(delivery: &webhook_delivery::Model) -> Value {
    json!({
        "uuid": delivery.uuid,
        "status": delivery.status.name(),
        "attempts": delivery.attempts,
        "response_status": delivery.response_status,
        "last_error": delivery.last_error,
        "created_at": types::timestamp(delivery.created_at),
    })
}
