//! Connections of lists that only grow: events, audit entries, deliveries, mails, admins (GraphQL Cursor Connections
//! Specification).

use async_graphql::{OutputType, SimpleObject};

use super::admin::Admin;
use super::connection::PageInfo;
use super::journal::{AuditEntry, Event};
use super::mail::Mail;
use super::webhook::WebhookDelivery;
use crate::api::graphql::sized_output::List;
use crate::service::query::listing;

/// A page of a list.
#[derive(SimpleObject)]
#[graphql(concrete(name = "EventConnection", params(Event)))]
#[graphql(concrete(name = "AuditEntryConnection", params(AuditEntry)))]
#[graphql(concrete(name = "AdminConnection", params(Admin)))]
#[graphql(concrete(name = "MailConnection", params(Mail)))]
#[graphql(concrete(name = "WebhookDeliveryConnection", params(WebhookDelivery)))]
pub(super) struct ListConnection<N: OutputType>
where
    Edge<N>: OutputType,
{
    /// The items, each with its cursor.
    edges: List<Edge<N>>,
    /// The items.
    nodes: List<N>,
    /// Information about the pages before and after this one.
    page_info: PageInfo,
}

/// An item of a list.
#[derive(Clone, SimpleObject)]
#[graphql(concrete(name = "EventEdge", params(Event)))]
#[graphql(concrete(name = "AuditEntryEdge", params(AuditEntry)))]
#[graphql(concrete(name = "AdminEdge", params(Admin)))]
#[graphql(concrete(name = "MailEdge", params(Mail)))]
#[graphql(concrete(name = "WebhookDeliveryEdge", params(WebhookDelivery)))]
pub(super) struct Edge<N: OutputType> {
    /// The position of the item, for `after` and `before`.
    cursor: String,
    /// The item.
    node: N,
}

impl<N> ListConnection<N>
where
    N: OutputType + Clone,
    Edge<N>: OutputType,
{
    /// The connection of a page of rows.
    pub(super) fn of<M>(page: listing::Page<M>, node: impl Fn(M) -> N) -> Self {
        let edges: Vec<Edge<N>> =
            page.rows.into_iter().map(|(cursor, row)| Edge { cursor, node: node(row) }).collect();
        let start = edges.first().map(|edge| edge.cursor.clone());
        let page_info = PageInfo::known(page.has_next, page.has_previous, start, page.end);
        Self { nodes: edges.iter().map(|edge| edge.node.clone()).collect(), edges: List(edges), page_info }
    }
}
