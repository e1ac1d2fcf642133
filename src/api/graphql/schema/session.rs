//! Sessions of customers over GraphQL.

use async_graphql::{Context, Object, Result};

use super::date_time::DateTime;
use crate::api::graphql::counted::Text;
use crate::app::ctx::{Caller, Ctx};
use crate::entity::customer_session::Model;

pub(super) struct Session(pub(super) Model);

/// One login of a customer. `DELETE /api/customers/me/sessions/{id}` ends it.
#[Object]
impl Session {
    /// Public identifier.
    async fn id(&self) -> String {
        self.0.uuid.to_string()
    }

    /// When it logged in.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it logged in or last got new tokens.
    async fn last_used_at(&self) -> DateTime {
        DateTime(self.0.last_used_at)
    }

    /// What the client called itself when it logged in.
    async fn user_agent(&self) -> Option<Text<&str>> {
        self.0.user_agent.as_deref().map(Text)
    }

    /// Where it logged in from.
    async fn address(&self) -> Option<&str> {
        self.0.ip_address.as_deref()
    }

    /// Whether it is the one that asks.
    async fn current(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(match &ctx.data::<Ctx>()?.caller {
            Caller::Customer { session, .. } => *session == Some(self.0.uuid),
            Caller::Anonymous | Caller::Admin { .. } | Caller::System => false,
        })
    }
}
