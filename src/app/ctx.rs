//! Who asks: the first argument of every service function, whether HTTP, a command or a job calls it.

use std::net::IpAddr;
use std::sync::Arc;

use uuid::Uuid;

use crate::app::App;
use crate::app::idempotency::KeyedRequest;
use crate::crypto::password_hasher::Lane;
use crate::error::{Error, Result};
use crate::telemetry::{self, Trace};
use crate::types::IfMatch;

/// The longest name of a client that is kept, in characters.
const MAX_CLIENT_NAME: usize = 255;

/// The [`request_id`](Ctx::request_id) of commands and jobs.
pub const NO_REQUEST: &str = "system";

/// One request, command or job.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// The program.
    pub app: Arc<App>,
    /// Who asks.
    pub caller: Caller,
    /// Names this request in logs and answers; [`NO_REQUEST`] when it is none.
    pub request_id: String,
    /// Where it came from, when it came over the network: the client's address, also behind a trusted proxy.
    pub ip: Option<IpAddr>,
    /// What the client calls itself.
    pub user_agent: Option<String>,
    /// The token it came with (`jti`), when it says so.
    pub token_id: Option<Uuid>,
    /// Which version of a thing it wants to change.
    pub if_match: IfMatch,
    /// The key it is done once for. Services only say whose data its answer holds.
    pub keyed: Option<Arc<KeyedRequest>>,
    /// Its place in a trace, when it has one.
    pub trace: Option<Trace>,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Someone without a token.
    Anonymous,
    /// A customer, by the token of an enabled account.
    Customer {
        /// Primary key of the account.
        customer_id: i32,
        /// Its public identifier.
        uuid: Uuid,
        /// The session that the token belongs to; none for a token of EverShop's own.
        session: Option<Uuid>,
    },
    /// An admin, by the token of an enabled account.
    Admin {
        /// Primary key of the account.
        admin_user_id: i32,
        /// Its public identifier.
        uuid: Uuid,
    },
    /// The program itself: a command line, a job.
    System,
}

impl Ctx {
    /// The program itself asks.
    pub fn system(app: Arc<App>) -> Self {
        Self {
            app,
            caller: Caller::System,
            request_id: NO_REQUEST.to_owned(),
            ip: None,
            user_agent: None,
            token_id: None,
            if_match: IfMatch::Absent,
            keyed: None,
            trace: None,
        }
    }

    /// The value of the header `traceparent` (W3C Trace Context) of a request that is sent on behalf of this one, or of
    /// an entry that is to be sent later. None when there is no trace.
    pub fn traceparent(&self) -> Option<String> {
        telemetry::current().or_else(|| self.trace.clone()).map(|trace| trace.traceparent())
    }

    /// What the client calls itself, as it is kept.
    pub fn client_name(&self) -> Option<String> {
        self.user_agent.as_ref().map(|name| name.chars().take(MAX_CLIENT_NAME).collect())
    }

    /// Whose turn it is to have a password hashed.
    pub fn lane(&self) -> Lane {
        Lane::of(self.ip)
    }

    /// Whether the caller may do what admins may.
    pub fn is_admin(&self) -> bool {
        match self.caller {
            Caller::Admin { .. } | Caller::System => true,
            Caller::Anonymous | Caller::Customer { .. } => false,
        }
    }

    /// Lets a change pass that says which version it is for, where that is asked of everybody.
    ///
    /// # Errors
    /// [`Error::PreconditionRequired`].
    pub fn require_if_match(&self) -> Result<()> {
        let required = self.app.config.server.require_if_match && self.caller != Caller::System;
        if required && self.if_match == IfMatch::Absent { Err(Error::PreconditionRequired) } else { Ok(()) }
    }

    /// Lets admins pass.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for an anonymous caller, [`Error::Forbidden`] for a customer.
    pub fn require_admin(&self) -> Result<()> {
        match self.caller {
            Caller::Admin { .. } | Caller::System => Ok(()),
            Caller::Anonymous => Err(Error::Unauthenticated("An admin token is required")),
            Caller::Customer { .. } => Err(Error::Forbidden("Only admins may do this")),
        }
    }

    /// Lets customers pass, and tells which one it is, by primary key and public identifier.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for an anonymous caller, [`Error::Forbidden`] for anyone else.
    pub fn require_customer(&self) -> Result<(i32, Uuid)> {
        match self.caller {
            Caller::Customer { customer_id, uuid, .. } => Ok((customer_id, uuid)),
            Caller::Anonymous => Err(Error::Unauthenticated("A customer token is required")),
            Caller::Admin { .. } | Caller::System => Err(Error::Forbidden("Only customers may do this")),
        }
    }
}
