//! The mails to the customers of a page. They are read together, once for each combination of arguments.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, Result};
use parking_lot::Mutex;

use super::list_connection::ListConnection;
use super::loader::{Fetched, lookup};
use super::mail::Mail;
use crate::api::graphql::caller::admin;
use crate::api::graphql::error::ResolverError;
use crate::service::mail::CustomerMails;
use crate::service::query::listing::Page;

/// The arguments of the field: `first` and `after`.
type Arguments = (Option<i32>, Option<String>);

/// The mails to the customers of a page, by the arguments of the field.
#[derive(Default)]
pub(super) struct CustomerMailPages(Mutex<HashMap<Arguments, Arc<Fetched<Page<Mail>>>>>);

impl CustomerMailPages {
    /// The page of one of the customers.
    pub(super) async fn of(
        &self,
        ctx: &Context<'_>,
        customer_ids: &[i32],
        customer_id: i32,
        (first, after): Arguments,
    ) -> Result<ListConnection<Mail>> {
        let ctx = admin(ctx)?;
        let query = CustomerMails::parse(ctx, first, after.clone()).map_err(ResolverError)?;
        let pages = Arc::clone(self.0.lock().entry((first, after)).or_default());
        let fetch = async || Ok(Mail::pages(query.pages(ctx, customer_ids).await?));
        let page = lookup(pages.get_or_init(fetch).await, customer_id)?;
        let nothing = Page { rows: Vec::new(), has_next: false, has_previous: false, end: None };
        Ok(ListConnection::of(page.unwrap_or(nothing), |mail| mail))
    }
}
