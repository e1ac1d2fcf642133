//! The GraphQL type of customer sessions.

use async_graphql::{Context, Object, Result};

use super::date_time::DateTime;
use crate::api::graphql::caller::caller;
use crate::api::graphql::sized_output::Text;
use crate::app::ctx::Caller;
use crate::entity::customer_session::Model;

pub(super) struct Session(pub(super) Model);

/// A session of a customer, created by a login. `DELETE /api/customers/me/sessions/{id}` ends it.
#[Object]
impl Session {
    /// Public identifier.
    async fn id(&self) -> String {
        self.0.uuid.to_string()
    }

    /// When the customer logged in.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When the customer logged in or last refreshed its tokens.
    async fn last_used_at(&self) -> DateTime {
        DateTime(self.0.last_used_at)
    }

    /// The `User-Agent` of the client at login.
    async fn user_agent(&self) -> Option<Text<&str>> {
        self.0.user_agent.as_deref().map(Text)
    }

    /// The network address of the client at login.
    async fn address(&self) -> Option<&str> {
        self.0.ip_address.as_deref()
    }

    /// Whether this is the session of the current request.
    async fn current(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(match &caller(ctx)?.caller {
            Caller::Customer { session, .. } => *session == Some(self.0.uuid),
            Caller::Anonymous | Caller::Admin { .. } | Caller::UnenrolledAdmin { .. } | Caller::System => {
                false
            }
        })
    }
}
