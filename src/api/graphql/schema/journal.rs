//! Events and audit entries over GraphQL: two views of the journal.

use std::sync::Arc;

use async_graphql::{Enum, InputObject, Object, Result};
use uuid::Uuid;

use super::date_time::DateTime;
use crate::api::graphql::counted::{AnyJson, List, Text};
use crate::api::graphql::error::Failed;
use crate::entity::journal_entry::Model;
use crate::error::Error;
use crate::service::journal::{self, AuditFilter};
use crate::types;

/// The identifier that an argument says.
pub(super) fn uuid_of(field: &str, text: Option<String>) -> Result<Option<Uuid>> {
    let parse = |text: String| {
        let invalid = || Failed(Error::invalid(field, format!("\"{field}\" must be a uuid")));
        Ok(Uuid::try_parse(&text).map_err(|_| invalid())?)
    };
    text.map(parse).transpose()
}

/// Something that happened.
#[derive(Clone)]
pub(super) struct Event(Arc<Model>);

impl From<Model> for Event {
    fn from(row: Model) -> Self {
        Self(Arc::new(row))
    }
}

/// Something that happened, as webhooks are told of it.
#[Object]
impl Event {
    /// Public identifier; the `webhook-id` of its deliveries.
    async fn id(&self) -> String {
        self.0.uuid.to_string()
    }

    /// What happened, as `customer.created`.
    #[graphql(name = "type")]
    async fn kind(&self) -> &str {
        self.0.kind.name()
    }

    /// The version of the form of `data`.
    async fn version(&self) -> i16 {
        self.0.schema_version
    }

    /// The uuid of the customer it happened to, if any.
    async fn customer(&self) -> Option<String> {
        self.0.customer_uuid.map(|uuid| uuid.to_string())
    }

    /// Which of this customer's events it is, from 1 without gaps.
    async fn sequence(&self) -> Option<i64> {
        self.0.sequence
    }

    /// The names of the fields that changed.
    async fn fields(&self) -> List<&str> {
        self.0.field_names().collect()
    }

    /// The customer, address, group … as it was then; no secrets. A changed customer's `meta_data` is there only if it
    /// changed, with the fields that did (`null` of one that is gone). `{"erased": true}` of a customer that was deleted.
    async fn data(&self) -> AnyJson<&serde_json::Value> {
        AnyJson(&self.0.data)
    }

    /// When it happened.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

/// Who did what.
#[derive(Clone)]
pub(super) struct AuditEntry(Arc<Model>);

impl From<Model> for AuditEntry {
    fn from(row: Model) -> Self {
        Self(Arc::new(row))
    }
}

/// Who did what to what.
#[Object]
impl AuditEntry {
    /// Public identifier; that of the event that tells of it as well.
    async fn id(&self) -> String {
        self.0.uuid.to_string()
    }

    /// What was done, as `customer.updated`.
    async fn action(&self) -> &str {
        self.0.kind.name()
    }

    /// What kind of caller did it.
    async fn actor(&self) -> Actor {
        self.0.actor.into()
    }

    /// The uuid of the customer or admin who did it.
    async fn actor_uuid(&self) -> Option<String> {
        self.0.actor_uuid.map(|uuid| uuid.to_string())
    }

    /// The token by which it was done (its claim `jti`).
    async fn token_id(&self) -> Option<String> {
        self.0.token_id.map(|id| id.to_string())
    }

    /// The network address that it was done from.
    async fn address(&self) -> Option<&str> {
        self.0.ip_address.as_deref()
    }

    /// What the client called itself.
    async fn user_agent(&self) -> Option<Text<&str>> {
        self.0.user_agent.as_deref().map(Text)
    }

    /// The request that did it (`X-Request-Id`).
    async fn request_id(&self) -> Text<&str> {
        Text(&self.0.request_id)
    }

    /// The uuid of what was changed.
    async fn record(&self) -> String {
        self.0.record.to_string()
    }

    /// The uuid of the customer it was done to, if any.
    async fn customer(&self) -> Option<String> {
        self.0.customer_uuid.map(|uuid| uuid.to_string())
    }

    /// The names of the fields that changed.
    async fn fields(&self) -> List<&str> {
        self.0.field_names().collect()
    }

    /// What they were and are: `{ field: { old, new } }`, and `"changed"` for secrets. Empty of an erased customer.
    async fn changes(&self) -> AnyJson<serde_json::Map<String, serde_json::Value>> {
        AnyJson(journal::changes(&self.0))
    }

    /// When it was done.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

/// What kind of caller did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "types::Actor")]
pub(super) enum Actor {
    /// Somebody without a token.
    Anonymous,
    /// A customer.
    Customer,
    /// An admin.
    Admin,
    /// The program itself, or who runs its commands.
    System,
}

/// Which audit entries are wanted: those that meet all of what is said.
#[derive(Default, InputObject)]
pub(super) struct AuditEntryFilter {
    /// What was done: `customer.updated`, `customer.*`.
    actions: Option<Vec<String>>,
    /// What kind of caller did it.
    actor: Option<Actor>,
    /// The uuid of who did it.
    actor_uuid: Option<String>,
    /// The uuid of the customer it was done to.
    customer: Option<String>,
    /// The uuid of what was changed.
    record: Option<String>,
    /// The request that did it.
    request_id: Option<String>,
    /// Since when.
    since: Option<DateTime>,
    /// Until before when.
    until: Option<DateTime>,
}

impl AuditEntryFilter {
    pub(super) fn read(self) -> Result<AuditFilter> {
        let Self { actions, actor, actor_uuid, customer, record, request_id, since, until } = self;
        Ok(AuditFilter {
            actions,
            actor: actor.map(Into::into),
            actor_uuid: uuid_of("actorUuid", actor_uuid)?,
            customer: uuid_of("customer", customer)?,
            record: uuid_of("record", record)?,
            request_id,
            since: since.map(|DateTime(since)| since),
            until: until.map(|DateTime(until)| until),
        })
    }
}
