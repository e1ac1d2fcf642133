//! The GraphQL types of events and audit entries, which are two views of the journal.

use std::sync::Arc;

use async_graphql::{Context, Enum, InputObject, Object, Result};
use uuid::Uuid;

use super::admin::{ActorBatch, Admin};
use super::date_time::DateTime;
use super::list_connection::ListConnection;
use crate::api::graphql::error::{ResolverError, nullable};
use crate::api::graphql::sized_output::{AnyJson, List, Text};
use crate::entity::journal_entry::Model;
use crate::error::Error;
use crate::service::journal::{self, AuditFilter};
use crate::service::query::listing;
use crate::types;

/// Parses the uuid of an argument.
///
/// # Errors
/// `VALIDATION_FAILED` when it is not a valid uuid.
pub(super) fn parse_uuid(field: &str, text: Option<String>) -> Result<Option<Uuid>> {
    let parse = |text: String| {
        let invalid = || ResolverError(Error::invalid(field, format!("\"{field}\" must be a uuid")));
        Ok(Uuid::try_parse(&text).map_err(|_| invalid())?)
    };
    text.map(parse).transpose()
}

/// An event.
#[derive(Clone)]
pub(super) struct Event(Arc<Model>);

impl From<Model> for Event {
    fn from(row: Model) -> Self {
        Self(Arc::new(row))
    }
}

/// An event, as webhooks receive it.
#[Object]
impl Event {
    /// Public identifier, which is also the `webhook-id` of the event's deliveries.
    async fn id(&self) -> String {
        self.0.uuid.to_string()
    }

    /// The kind of event, such as `customer.created`.
    #[graphql(name = "type")]
    async fn kind(&self) -> &str {
        self.0.kind.name()
    }

    /// The version of the format of `data`.
    async fn version(&self) -> i16 {
        self.0.schema_version
    }

    /// The uuid of the affected customer, if any.
    async fn customer(&self) -> Option<String> {
        self.0.customer_uuid.map(|uuid| uuid.to_string())
    }

    /// The number of the event among those of the customer, from 1 without gaps.
    async fn sequence(&self) -> Option<i64> {
        self.0.sequence
    }

    /// The names of the changed fields.
    async fn fields(&self) -> List<&str> {
        self.0.field_names().collect()
    }

    /// The customer, address, group or other record at the time of the event, without secrets. The `meta_data` of a
    /// changed customer contains only its changed fields (`null` for a removed one), and is absent if none changed.
    /// After the customer was deleted, the data is `{"erased": true}`.
    async fn data(&self) -> AnyJson<&serde_json::Value> {
        AnyJson(&self.0.data)
    }

    /// When the event occurred.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

/// An audit entry.
#[derive(Clone)]
pub(super) struct AuditEntry {
    row: Arc<Model>,
    /// The admins that acted in the entries of the same page, which are looked up together.
    actors: Arc<ActorBatch>,
}

impl AuditEntry {
    /// The connection of a page.
    pub(super) fn connection(page: listing::Page<Model>) -> ListConnection<Self> {
        let admins = page.rows.iter().filter_map(|(_, row)| acting_admin(row));
        let actors = Arc::new(ActorBatch::of(admins.collect()));
        ListConnection::of(page, |row| Self { row: Arc::new(row), actors: Arc::clone(&actors) })
    }
}

/// The public identifier of the admin that acted, if the actor is one.
fn acting_admin(row: &Model) -> Option<Uuid> {
    row.actor_uuid.filter(|_| row.actor == types::Actor::Admin)
}

/// An entry of the audit trail: an action, its actor, and the changed record.
#[Object]
impl AuditEntry {
    /// Public identifier, which is also the `id` of the event for this action.
    async fn id(&self) -> String {
        self.row.uuid.to_string()
    }

    /// The action, such as `customer.updated`.
    async fn action(&self) -> &str {
        self.row.kind.name()
    }

    /// The kind of actor.
    async fn actor(&self) -> Actor {
        self.row.actor.into()
    }

    /// The uuid of the customer or admin that acted.
    async fn actor_uuid(&self) -> Option<String> {
        self.row.actor_uuid.map(|uuid| uuid.to_string())
    }

    /// The admin that acted; null if the actor is not an admin.
    async fn admin(&self, ctx: &Context<'_>) -> Option<Result<Admin>> {
        nullable(async || match acting_admin(&self.row) {
            Some(uuid) => self.actors.admin(ctx, uuid).await,
            None => Ok(None),
        })
        .await
    }

    /// The token that authorized the action (its claim `jti`).
    async fn token_id(&self) -> Option<String> {
        self.row.token_id.map(|id| id.to_string())
    }

    /// The network address of the client.
    async fn address(&self) -> Option<&str> {
        self.row.ip_address.as_deref()
    }

    /// The `User-Agent` of the client.
    async fn user_agent(&self) -> Option<Text<&str>> {
        self.row.user_agent.as_deref().map(Text)
    }

    /// The ID of the request (`X-Request-Id`).
    async fn request_id(&self) -> Text<&str> {
        Text(&self.row.request_id)
    }

    /// The uuid of the changed record.
    async fn record(&self) -> String {
        self.row.record.to_string()
    }

    /// The uuid of the affected customer, if any.
    async fn customer(&self) -> Option<String> {
        self.row.customer_uuid.map(|uuid| uuid.to_string())
    }

    /// The names of the changed fields.
    async fn fields(&self) -> List<&str> {
        self.row.field_names().collect()
    }

    /// The old and new values: `{ field: { old, new } }`, and `"changed"` for secrets. Empty for an erased customer.
    async fn changes(&self) -> AnyJson<serde_json::Map<String, serde_json::Value>> {
        AnyJson(journal::changes(&self.row))
    }

    /// When the action occurred.
    async fn created_at(&self) -> DateTime {
        DateTime(self.row.created_at)
    }
}

/// The kind of actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "types::Actor")]
pub(super) enum Actor {
    /// A client without a token.
    Anonymous,
    /// A customer.
    Customer,
    /// An admin.
    Admin,
    /// The program itself, or the operator by a command.
    System,
    /// EverShop, in a database that both programs use.
    Shop,
}

/// Conditions on audit entries. All given conditions must match.
#[derive(Default, InputObject)]
pub(super) struct AuditEntryFilter {
    /// Any of these actions: `customer.updated`, `customer.*`.
    actions: Option<Vec<String>>,
    /// The kind of actor.
    actor: Option<Actor>,
    /// The uuid of the customer or admin that acted.
    actor_uuid: Option<String>,
    /// The uuid of the affected customer.
    customer: Option<String>,
    /// The uuid of the changed record.
    record: Option<String>,
    /// The ID of the request.
    request_id: Option<String>,
    /// At or after this timestamp.
    since: Option<DateTime>,
    /// Before this timestamp.
    until: Option<DateTime>,
}

impl AuditEntryFilter {
    pub(super) fn into_audit_filter(self) -> Result<AuditFilter> {
        let Self { actions, actor, actor_uuid, customer, record, request_id, since, until } = self;
        Ok(AuditFilter {
            actions,
            actor: actor.map(Into::into),
            actor_uuid: parse_uuid("actorUuid", actor_uuid)?,
            customer: parse_uuid("customer", customer)?,
            record: parse_uuid("record", record)?,
            request_id,
            since: since.map(|DateTime(since)| since),
            until: until.map(|DateTime(until)| until),
        })
    }
}
