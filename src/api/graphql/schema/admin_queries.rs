//! The root fields of admins: themselves, other admins and their saved views.

use async_graphql::{Context, Object, Result};
use uuid::Uuid;

use super::ROOT;
use super::admin::Admin;
use super::connection::max_connection_rows;
use super::list_connection::ListConnection;
use super::saved_view::SavedView;
use crate::api::graphql::caller::{admin, caller};
use crate::api::graphql::error::{ResolverError, nullable};
use crate::api::graphql::sized_output::List;
use crate::service;
use crate::service::query::keyset::Window;
use crate::service::saved_view::{self, MAX_VIEWS};

/// The root fields of admins: themselves, other admins and their saved views.
#[derive(Default)]
pub(super) struct AdminQueries;

#[Object]
impl AdminQueries {
    /// The calling admin; null for any other caller.
    #[graphql(complexity = "ROOT + child_complexity")]
    async fn me(&self, ctx: &Context<'_>) -> Option<Result<Admin>> {
        nullable(async || {
            let row = service::admin::find_caller(caller(ctx)?).await.map_err(ResolverError)?;
            Ok(row.map(Admin::from))
        })
        .await
    }

    /// An admin by uuid; null if it does not exist. Admins only.
    #[graphql(complexity = "ROOT + child_complexity")]
    async fn admin(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The admin's uuid, with or without hyphens.")] uuid: String,
    ) -> Option<Result<Admin>> {
        nullable(async || {
            let ctx = admin(ctx)?;
            // No admin has an invalid uuid.
            let Ok(uuid) = Uuid::try_parse(&uuid) else { return Ok(None) };
            let rows = service::admin::by_uuids(ctx, &[uuid]).await.map_err(ResolverError)?;
            Ok(rows.into_iter().next().map(Admin::from))
        })
        .await
    }

    /// All admins, the oldest first. Admins only.
    #[graphql(complexity = "ROOT + child_complexity * max_connection_rows(first, last)")]
    async fn admins(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Return the first n items.")] first: Option<i32>,
        #[graphql(desc = "Return items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Return the last n items.")] last: Option<i32>,
        #[graphql(desc = "Return items before this cursor.")] before: Option<String>,
    ) -> Result<ListConnection<Admin>> {
        let ctx = admin(ctx)?;
        let window = Window { first, after, last, before };
        let admins = service::admin::page(ctx, &window).map_err(ResolverError)?;
        Ok(Admin::connection(admins.page(ctx).await.map_err(ResolverError)?))
    }

    /// The saved views of the calling admin, by name. Admins only.
    #[graphql(complexity = "ROOT + MAX_VIEWS as usize * child_complexity")]
    async fn saved_views(&self, ctx: &Context<'_>) -> Result<List<SavedView>> {
        let rows = saved_view::list(admin(ctx)?).await.map_err(ResolverError)?;
        Ok(rows.into_iter().map(SavedView::from).collect())
    }
}
