//! Exports the customers that a filter finds, one batch after the other.
//!
//! Each batch is read by its own statements, after the primary key of the last customer. So no statement and no transaction
//! stays open while the client reads.

use futures_util::future::BoxFuture;
use sea_orm::EntityTrait;
use sea_orm::prelude::Json;
use serde_json::json;

use super::all::{ExportedCustomer, complete, max_addresses};
use crate::app::ctx::{AdminCtx, Caller, INVALID_ACCESS_TOKEN};
use crate::app::export_limits::ExportPermit;
use crate::app::write::Write;
use crate::clock::Timer;
use crate::entity::{PublicId, admin_session, admin_user, metafield_definition};
use crate::error::{Error, Result};
use crate::service::address::MAX_ADDRESSES;
use crate::service::customer::{Criterion, matching_after, most_addresses, parse_json_filter};
use crate::service::journal::{self, Change};
use crate::service::metafield;
use crate::spend;
use crate::types::EventKind;

/// The number of customers in a batch. With `meta_data` of 64 KiB each, a batch is 6.4 MiB.
const BATCH: u64 = 100;
/// How long a client should wait when there are too many exports, in seconds.
const RETRY_AFTER: u32 = 10;

/// A running export. It ends when it is dropped.
pub struct FilteredExport {
    ctx: AdminCtx,
    filter: Option<Criterion>,
    /// The primary key of the last customer that was exported.
    last: i32,
    /// The generation of the admin's tokens at the start.
    generation: Option<i64>,
    started: Timer,
    _permit: ExportPermit,
}

impl std::fmt::Debug for FilteredExport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FilteredExport").field("last", &self.last).finish_non_exhaustive()
    }
}

impl FilteredExport {
    /// Begins an export, which is recorded in the journal. Without a filter it exports all customers. Returns it with the
    /// definitions of the custom fields.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an invalid filter; [`Error::Unavailable`] if too many exports are running.
    pub async fn begin(
        ctx: AdminCtx,
        filter: Option<&Json>,
    ) -> Result<(Self, Vec<metafield_definition::Model>)> {
        let filter = parse(filter)?;
        let admin = match ctx.caller {
            Caller::Admin { uuid, .. } => Some(uuid),
            _ => None,
        };
        let permit = ctx.app.export_limits.try_begin(admin).ok_or_else(|| Error::Unavailable {
            reason: "too many exports at once".to_owned(),
            retry_after: RETRY_AFTER,
        })?;
        let filter = prepare(&ctx, filter).await?;
        let generation = calling_admin(&ctx).await?.map(|admin| admin.token_generation);
        let definitions = metafield::visible(&ctx).await?;
        let is_filtered = filter.is_some();
        spend!(ctx, Write::<()>::of_job(), |tx| {
            let data = json!({"filtered": is_filtered});
            let created = Change::event(EventKind::ExportCreated, ctx.app.random.uuid(), data);
            journal::append(&ctx, tx, created).await
        })?;
        let started = Timer::start();
        Ok((Self { ctx, filter, last: 0, generation, started, _permit: permit }, definitions))
    }

    /// Checks what [`begin`](Self::begin) checks before it begins an export: the filter.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an invalid filter.
    pub async fn check(ctx: &AdminCtx, filter: Option<&Json>) -> Result<()> {
        prepare(ctx, parse(filter)?).await?;
        Ok(())
    }

    /// The id of the request that began the export, for the log.
    pub fn request_id(&self) -> &str {
        &self.ctx.request_id
    }

    /// The highest number of addresses of a customer that the filter finds. If that takes too long, of all customers.
    /// Dropping the future interrupts the search.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not respond.
    pub async fn max_addresses(&self) -> Result<usize> {
        let most: BoxFuture<'_, Result<u64>> = Box::pin(most_addresses(&self.ctx, self.filter.as_ref()));
        match self.ctx.app.db.cancel_lists_on_drop(most).await {
            Ok(most) => Ok(usize::try_from(most.min(MAX_ADDRESSES)).unwrap_or_default()),
            Err(_) if self.filter.is_some() => max_addresses(&self.ctx).await,
            Err(error) => Err(error),
        }
    }

    /// The next customers, in the order of their creation; an empty batch is the end. Dropping the future interrupts the
    /// search.
    ///
    /// The batches do not form a snapshot: a customer that changes during the export is exported either before or after
    /// the change.
    ///
    /// # Errors
    /// [`Error::Unavailable`] after an hour; [`Error::Unauthenticated`] if the admin was disabled, its session has ended, or
    /// its token without a session was invalidated.
    pub async fn next(&mut self) -> Result<Vec<ExportedCustomer>> {
        let max_duration = *self.ctx.app.export_limits.max_duration.read();
        if self.started.elapsed() > max_duration {
            return Err(Error::unavailable("an export took longer than an hour"));
        }
        self.ensure_signed_in().await?;
        let batch = self.ctx.app.db.cancel_lists_on_drop(self.batch()).await?;
        if let Some(exported) = batch.last() {
            self.last = exported.customer.customer_id;
        }
        Ok(batch)
    }

    /// The next customers. Boxed, because the compiler can't prove that the future of [`Self::next`] is `Send` otherwise.
    fn batch(&self) -> BoxFuture<'_, Result<Vec<ExportedCustomer>>> {
        Box::pin(async {
            let db = &self.ctx.list_reader();
            let customers = matching_after(&self.ctx, db, self.filter.as_ref(), self.last, BATCH).await?;
            complete(customers, db).await
        })
    }

    /// Checks that the admin may still read customers: an export outlasts the request that began it.
    async fn ensure_signed_in(&self) -> Result<()> {
        let Caller::Admin { proof, .. } = &self.ctx.caller else { return Ok(()) };
        let admin = calling_admin(&self.ctx).await?.filter(|admin| admin.status);
        let admin = admin.ok_or(INVALID_ACCESS_TOKEN)?;
        let is_signed_in = match proof.session {
            // It ends when the tokens are invalidated, unless the admin continued it with its new password.
            Some(session) => {
                let session = admin_session::Entity::find_by_public_id(session);
                session.one(self.ctx.app.db.reader()).await?.is_some()
            }
            None => self.generation == Some(admin.token_generation),
        };
        if is_signed_in { Ok(()) } else { Err(INVALID_ACCESS_TOKEN) }
    }
}

fn parse(filter: Option<&Json>) -> Result<Option<Criterion>> {
    filter.map(|filter| parse_json_filter("filter", filter)).transpose()
}

async fn prepare(ctx: &AdminCtx, mut filter: Option<Criterion>) -> Result<Option<Criterion>> {
    if let Some(filter) = &mut filter {
        filter.prepare(ctx).await?;
    }
    Ok(filter)
}

/// The row of the calling admin. `None` for the program itself.
async fn calling_admin(ctx: &AdminCtx) -> Result<Option<admin_user::Model>> {
    let Caller::Admin { admin_user_id, .. } = ctx.caller else { return Ok(None) };
    Ok(admin_user::Entity::find_by_id(admin_user_id).one(ctx.app.db.reader()).await?)
}
