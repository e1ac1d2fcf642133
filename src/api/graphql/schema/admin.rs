//! The GraphQL type of admins. What belongs to the admins of a page is looked up together.

use std::sync::Arc;

use async_graphql::{Context, Object, Result};
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::date_time::DateTime;
use super::list_connection::ListConnection;
use super::loader::{Fetched, lookup};
use crate::api::graphql::caller::{admin, caller};
use crate::api::graphql::error::ResolverError;
use crate::api::graphql::sized_output::Text;
use crate::entity::admin_user::Model;
use crate::http::urls;
use crate::service;
use crate::service::content_version::ContentVersion;
use crate::service::query::listing;
use crate::service::second_factor;

/// An admin. Only admins can read it.
#[derive(Clone)]
pub(super) struct Admin {
    row: Arc<Model>,
    /// The admins of the same page, whose second factors are looked up together.
    batch: Arc<AdminBatch>,
}

impl Admin {
    /// The admins of a page.
    fn page(rows: Vec<Model>) -> Vec<Self> {
        let batch = Arc::new(AdminBatch::of(rows.iter()));
        rows.into_iter().map(|row| Self { row: Arc::new(row), batch: Arc::clone(&batch) }).collect()
    }

    /// The connection of a page.
    pub(super) fn connection(page: listing::Page<Model>) -> ListConnection<Self> {
        let batch = Arc::new(AdminBatch::of(page.rows.iter().map(|(_, row)| row)));
        ListConnection::of(page, |row| Self { row: Arc::new(row), batch: Arc::clone(&batch) })
    }
}

/// A single admin.
impl From<Model> for Admin {
    fn from(row: Model) -> Self {
        let batch = Arc::new(AdminBatch::of(std::iter::once(&row)));
        Self { row: Arc::new(row), batch }
    }
}

/// An admin: a person or a script of the back office. `POST /api/users` creates one.
#[Object]
impl Admin {
    /// Public identifier.
    async fn uuid(&self) -> String {
        self.row.uuid.to_string()
    }

    /// The e-mail address to log in with.
    async fn email(&self) -> Text<&str> {
        Text(self.row.email.as_str())
    }

    /// The display name.
    async fn full_name(&self) -> Text<&str> {
        Text(&self.row.full_name)
    }

    /// 1: enabled, 0: disabled.
    async fn status(&self) -> i32 {
        self.row.status.into()
    }

    /// Whether the second factor is on.
    async fn second_factor(&self, ctx: &Context<'_>) -> Result<bool> {
        self.batch.second_factor(ctx, self.row.admin_user_id).await
    }

    /// Whether the settings require a second factor of every admin.
    async fn second_factor_required(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(second_factor::is_required(caller(ctx)?))
    }

    /// The number of unused recovery codes of the calling admin; 0 for other admins.
    async fn recovery_codes_left(&self, ctx: &Context<'_>) -> Result<u64> {
        let left = second_factor::codes_left(caller(ctx)?, self.row.uuid).await;
        Ok(left.map_err(ResolverError)?)
    }

    /// The end of the step-up of the calling admin, if it lasts; null for other admins.
    async fn stepped_up_until(&self, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        let ctx = caller(ctx)?;
        let proof = ctx.caller.proof_of(self.row.uuid);
        Ok(proof.and_then(|proof| proof.stepped_up_until(&ctx.app.clock)).map(DateTime))
    }

    /// When the admin was created.
    async fn created_at(&self) -> DateTime {
        DateTime(self.row.created_at)
    }

    /// When the admin was last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.row.updated_at)
    }

    /// When the admin last logged in.
    async fn last_sign_in_at(&self) -> Option<DateTime> {
        self.row.last_sign_in_at.map(DateTime)
    }

    /// Version, which depends on the content. A change with the header `If-Match: "<version>"` changes only this version.
    async fn version(&self) -> String {
        self.row.content_version()
    }

    /// URL that updates the admin with PATCH.
    async fn update_api(&self) -> String {
        urls::admin(self.row.uuid)
    }
}

/// The admins of a page.
struct AdminBatch {
    ids: Vec<i32>,
    second_factors: Fetched<bool>,
}

impl AdminBatch {
    fn of<'a>(rows: impl Iterator<Item = &'a Model>) -> Self {
        Self { ids: rows.map(|row| row.admin_user_id).collect(), second_factors: OnceCell::new() }
    }

    /// Whether the second factor of an admin of the page is on.
    async fn second_factor(&self, ctx: &Context<'_>, id: i32) -> Result<bool> {
        let ctx = caller(ctx)?;
        let fetch = async || service::admin::second_factors(ctx, &self.ids).await;
        Ok(lookup(self.second_factors.get_or_init(fetch).await, id)?.unwrap_or_default())
    }
}

/// The admins that acted in the audit entries of a page.
pub(super) struct ActorBatch {
    uuids: Vec<Uuid>,
    admins: Fetched<Admin, Uuid>,
}

impl ActorBatch {
    pub(super) fn of(mut uuids: Vec<Uuid>) -> Self {
        uuids.sort_unstable();
        uuids.dedup();
        Self { uuids, admins: OnceCell::new() }
    }

    /// An admin that acted in an entry of the page, if it exists.
    pub(super) async fn admin(&self, ctx: &Context<'_>, uuid: Uuid) -> Result<Option<Admin>> {
        let ctx = admin(ctx)?;
        let fetch = async || {
            let rows = service::admin::by_uuids(ctx, &self.uuids).await?;
            let uuids: Vec<Uuid> = rows.iter().map(|row| row.uuid).collect();
            Ok(uuids.into_iter().zip(Admin::page(rows)).collect())
        };
        lookup(self.admins.get_or_init(fetch).await, uuid)
    }
}
