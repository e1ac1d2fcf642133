//! Publishing events, and telling endpoints of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::join_all;
use tokio::sync::watch;

use crate::app::ctx::Ctx;
use crate::clock::Timer;
use crate::error::Result;
use crate::service::webhook::{self, Outgoing};
use crate::worker::task::Task;

/// The endpoints that are being told: each on its own, so that one that hangs keeps none of the others waiting.
#[derive(Clone, Debug, Default)]
pub(super) struct ActiveDeliveries(Arc<Mutex<HashMap<i64, Task<()>>>>);

/// Gives events that were committed their place in the feed, and tells how many they were.
///
/// # Errors
/// Those of the database.
pub async fn publish(ctx: &Ctx) -> Result<usize> {
    webhook::publish(ctx).await
}

/// Tells every endpoint what is due, once, and tells how much was tried.
///
/// # Errors
/// Those of the database. That a receiver takes nothing is none: it is tried again.
pub async fn deliver_due(ctx: &Ctx) -> Result<usize> {
    let endpoints = webhook::endpoints_with_work(ctx).await?;
    let tried = join_all(endpoints.into_iter().map(|endpoint| deliver_batch(ctx, endpoint))).await;
    tried.into_iter().sum()
}

/// Starts delivering to every endpoint for which something is due, until `stop` becomes true.
pub(super) async fn keep_delivering(
    ctx: &Ctx,
    active: &ActiveDeliveries,
    stop: &watch::Receiver<bool>,
) -> Result<()> {
    let endpoints = webhook::endpoints_with_work(ctx).await?;
    let mut running = active.0.lock().unwrap_or_else(PoisonError::into_inner);
    running.retain(|_, task| !task.is_finished());
    for endpoint in endpoints {
        let deliver = || Task::spawn(deliver_all(ctx.clone(), endpoint, stop.clone()));
        running.entry(endpoint).or_insert_with(deliver);
    }
    Ok(())
}

/// Waits for deliveries that are under way, so that what was taken is noted. They are given up when this is dropped.
pub(super) async fn wait(active: &ActiveDeliveries) {
    let running: Vec<_> = {
        let mut running = active.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.drain().map(|(_, task)| task).collect()
    };
    // One that panicked has been told of.
    drop(join_all(running).await);
}

/// Delivers to an endpoint what is due, until nothing is. Nothing is claimed after `stop` has become true.
async fn deliver_all(ctx: Ctx, endpoint: i64, stop: watch::Receiver<bool>) {
    // Bounded; the next round continues.
    for _ in 0..10 {
        if *stop.borrow() {
            return;
        }
        match deliver_batch(&ctx, endpoint).await {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "telling an endpoint failed; it goes on");
                return;
            }
        }
    }
}

async fn deliver_batch(ctx: &Ctx, endpoint: i64) -> Result<usize> {
    let outgoing = webhook::claim(ctx, endpoint).await?;
    let sent = join_all(outgoing.iter().map(|outgoing| deliver(ctx, outgoing))).await;
    sent.into_iter().collect::<Result<Vec<()>>>().map(|sent| sent.len())
}

#[tracing::instrument("send webhook", skip_all, fields(delivery = %outgoing.delivery.uuid, attempt = outgoing.delivery.attempts))]
async fn deliver(ctx: &Ctx, outgoing: &Outgoing) -> Result<()> {
    let watch = Timer::start();
    // The headers of Standard Webhooks.
    let mut headers = vec![
        ("webhook-id", outgoing.id.to_string()),
        ("webhook-timestamp", outgoing.timestamp.to_string()),
        ("webhook-signature", outgoing.signature.clone()),
    ];
    headers.extend(ctx.traceparent().map(|trace| ("traceparent", trace)));
    let result = ctx.app.webhook_client.post(&outgoing.url, &headers, outgoing.body.clone()).await;
    let duration_ms = i32::try_from(watch.elapsed().as_millis()).unwrap_or(i32::MAX);
    webhook::record_result(ctx, &outgoing.delivery, &result, duration_ms).await
}
