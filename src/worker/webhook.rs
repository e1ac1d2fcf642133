//! Publishes events and delivers them to webhook endpoints. Failed deliveries are retried later.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::join_all;
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::app::ctx::AdminCtx;
use crate::clock::Timer;
use crate::error::Result;
use crate::service::webhook::{self, ClaimedDelivery};
use crate::worker::task::Task;

/// The running deliveries, as one task for each endpoint, so that a slow endpoint doesn't delay the others.
#[derive(Clone, Debug, Default)]
pub(super) struct ActiveDeliveries(Arc<Mutex<HashMap<i64, Task<()>>>>);

/// Adds committed events to the feed and returns their number.
///
/// # Errors
/// When the database fails.
pub async fn publish(ctx: &AdminCtx) -> Result<usize> {
    webhook::publish(ctx).await
}

/// Sends one batch of due deliveries to each endpoint and returns how many it attempted.
///
/// # Errors
/// When the database fails. A delivery that the receiver doesn't accept is retried.
pub async fn deliver_due(ctx: &AdminCtx) -> Result<usize> {
    let endpoints = webhook::endpoints_with_work(ctx).await?;
    let attempts = join_all(endpoints.into_iter().map(|endpoint| deliver_batch(ctx, endpoint))).await;
    attempts.into_iter().sum()
}

/// Starts a task for each endpoint that has due deliveries and no running task. The tasks end when `stop` becomes true.
pub(super) async fn start_deliveries(
    ctx: &AdminCtx,
    active: &ActiveDeliveries,
    stop: &watch::Receiver<bool>,
) -> Result<()> {
    let endpoints = webhook::endpoints_with_work(ctx).await?;
    let mut running = active.0.lock();
    running.retain(|_, task| !task.is_finished());
    for endpoint in endpoints {
        let deliver = || Task::spawn(deliver_all(ctx.clone(), endpoint, stop.clone()));
        running.entry(endpoint).or_insert_with(deliver);
    }
    Ok(())
}

/// Waits for the running deliveries, so that the accepted ones are recorded. They are aborted when this future is
/// dropped.
pub(super) async fn wait(active: &ActiveDeliveries) {
    let running: Vec<_> = {
        let mut running = active.0.lock();
        running.drain().map(|(_, task)| task).collect()
    };
    // Panics have been logged already.
    drop(join_all(running).await);
}

/// Sends batches to an endpoint until no delivery is due. No batch is claimed after `stop` has become true.
async fn deliver_all(ctx: AdminCtx, endpoint: i64, stop: watch::Receiver<bool>) {
    // A limited number of batches. The next search for due deliveries continues.
    for _ in 0..10 {
        if *stop.borrow() {
            return;
        }
        match deliver_batch(&ctx, endpoint).await {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "webhook batch failed, will retry");
                return;
            }
        }
    }
}

async fn deliver_batch(ctx: &AdminCtx, endpoint: i64) -> Result<usize> {
    let outgoing = webhook::claim(ctx, endpoint).await?;
    let results = join_all(outgoing.iter().map(|outgoing| deliver(ctx, outgoing))).await;
    results.into_iter().collect::<Result<Vec<()>>>().map(|results| results.len())
}

#[tracing::instrument("send webhook", skip_all, fields(delivery = %outgoing.delivery.uuid, attempt = outgoing.delivery.attempts))]
async fn deliver(ctx: &AdminCtx, outgoing: &ClaimedDelivery) -> Result<()> {
    let timer = Timer::start();
    // The headers of Standard Webhooks.
    let mut headers = vec![
        ("webhook-id", outgoing.id.to_string()),
        ("webhook-timestamp", outgoing.timestamp.to_string()),
        ("webhook-signature", outgoing.signature.clone()),
    ];
    headers.extend(ctx.traceparent().map(|trace| ("traceparent", trace)));
    let result = ctx.app.webhook_client.post(&outgoing.url, &headers, outgoing.body.clone()).await;
    let duration_ms = i32::try_from(timer.elapsed().as_millis()).unwrap_or(i32::MAX);
    webhook::record_result(ctx, &outgoing.delivery, &result, duration_ms).await
}
