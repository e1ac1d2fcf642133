//! The context of a request, command or job: the first argument of every service function. It identifies the caller and
//! checks permissions.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

use uuid::Uuid;

use crate::app::App;
use crate::app::idempotency::KeyedRequest;
use crate::crypto::password_hasher::Lane;
use crate::error::{Error, Result};
use crate::telemetry::{self, Trace};
use crate::types::IfMatch;

pub use crate::app::caller::{AdminProof, Caller, STEP_UP};

/// The maximum length of a stored user agent, in characters.
const MAX_CLIENT_NAME: usize = 255;

/// The [`request_id`](Ctx::request_id) of commands and jobs.
pub const NO_REQUEST: &str = "system";

/// The error for every access token that is not accepted, whatever the reason.
pub const INVALID_ACCESS_TOKEN: Error = Error::Unauthenticated("The token is invalid or expired");
/// The error for a customer that does what only admins may.
pub const ADMINS_ONLY: Error = Error::Forbidden("Only admins may do this");
/// The error for an admin that does what only customers may.
pub const CUSTOMERS_ONLY: Error = Error::Forbidden("Only customers may do this");

/// The context of a request, command or job.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// The shared state of the program.
    pub app: Arc<App>,
    /// The customer, admin or program on whose behalf a service acts.
    pub caller: Caller,
    /// Identifies the request in logs and responses. [`NO_REQUEST`] for commands and jobs.
    pub request_id: String,
    /// The client's address, also behind a trusted proxy. `None` for commands and jobs.
    pub ip: Option<IpAddr>,
    /// The `User-Agent` of the client.
    pub user_agent: Option<String>,
    /// The `jti` of the caller's token, if it has one.
    pub token_id: Option<Uuid>,
    /// The expected version of the changed resource (`If-Match`).
    pub if_match: IfMatch,
    /// The request's idempotency key. Services only record which customer's data the response contains.
    pub keyed: Option<Arc<KeyedRequest>>,
    /// The trace context of the request.
    pub trace: Option<Trace>,
}

impl Ctx {
    /// The context of a command or a job.
    fn system(app: Arc<App>) -> Self {
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

    /// The value of the header `traceparent` (W3C Trace Context) for requests that are sent on behalf of this one, now or
    /// later. `None` without a trace.
    pub fn traceparent(&self) -> Option<String> {
        telemetry::current().or_else(|| self.trace.clone()).map(|trace| trace.traceparent())
    }

    /// The user agent as it is stored.
    pub fn client_name(&self) -> Option<String> {
        self.user_agent.as_ref().map(|name| name.chars().take(MAX_CLIENT_NAME).collect())
    }

    /// The lane of the caller in the hashing queue.
    pub fn lane(&self) -> Lane {
        Lane::of(self.ip)
    }

    /// Whether the caller has the permissions of an admin.
    pub fn is_admin(&self) -> bool {
        match self.caller {
            Caller::Admin { .. } | Caller::System => true,
            Caller::Anonymous | Caller::Customer { .. } | Caller::UnenrolledAdmin { .. } => false,
        }
    }

    /// Whether the caller may do what needs a step-up. An admin without a second factor needs none, so that scripts that
    /// sign in with a password keep working.
    fn is_stepped_up(&self) -> bool {
        match &self.caller {
            Caller::Admin { proof, .. } => {
                !proof.has_second_factor || proof.stepped_up_until(&self.app.clock).is_some()
            }
            Caller::System => true,
            Caller::Anonymous | Caller::Customer { .. } | Caller::UnenrolledAdmin { .. } => false,
        }
    }

    /// Requires the header `If-Match` of a change, if the settings demand it.
    ///
    /// # Errors
    /// [`Error::PreconditionRequired`] if the header is missing.
    pub fn require_if_match(&self) -> Result<()> {
        let required = self.app.config.server.require_if_match && self.caller != Caller::System;
        if required && self.if_match == IfMatch::Absent { Err(Error::PreconditionRequired) } else { Ok(()) }
    }

    /// Sets the conditions of the request: the version that it is for, and its idempotency key.
    pub fn set_conditions(&mut self, if_match: IfMatch, keyed: Option<Arc<KeyedRequest>>) {
        self.if_match = if_match;
        self.keyed = keyed;
    }

    /// Converts the context to that of an admin.
    ///
    /// # Errors
    /// The unchanged context, if the caller is neither an admin nor the program itself.
    /// [`refuse_admin`](Self::refuse_admin) returns the error of such a request.
    #[expect(clippy::result_large_err, reason = "the context is moved, whatever the result")]
    pub fn into_admin(self) -> std::result::Result<AdminCtx, Self> {
        if self.is_admin() { Ok(AdminCtx(self)) } else { Err(self) }
    }

    /// Why the caller may not do what admins may: [`Error::Unauthenticated`] for an anonymous caller, [`Error::Forbidden`]
    /// for a customer, [`Error::SecondFactorSetupRequired`] for an admin that has no second factor and needs one.
    pub fn refuse_admin(&self) -> Error {
        match self.caller {
            Caller::Anonymous => Error::Unauthenticated("An admin token is required"),
            Caller::UnenrolledAdmin { .. } => Error::SecondFactorSetupRequired,
            _ => ADMINS_ONLY,
        }
    }

    /// Converts the context to that of an admin that acts on its own account, also of one that has yet to set up a second
    /// factor.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for an anonymous caller, [`Error::Forbidden`] for any other caller.
    pub fn into_own_admin(self) -> Result<OwnAdminCtx> {
        match self.caller {
            Caller::Admin { admin_user_id, uuid, proof }
            | Caller::UnenrolledAdmin { admin_user_id, uuid, proof } => {
                Ok(OwnAdminCtx { ctx: self, admin_user_id, uuid, proof })
            }
            _ => Err(self.refuse_admin()),
        }
    }

    /// Converts the context to that of a customer.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for an anonymous caller, [`Error::Forbidden`] for any other caller.
    pub fn into_customer(self) -> Result<CustomerCtx> {
        match self.caller {
            Caller::Customer { customer_id, uuid, session } => {
                Ok(CustomerCtx { ctx: self, customer_id, uuid, session })
            }
            Caller::Anonymous => Err(Error::Unauthenticated("A customer token is required")),
            Caller::Admin { .. } | Caller::UnenrolledAdmin { .. } | Caller::System => Err(CUSTOMERS_ONLY),
        }
    }
}

/// The right to do what admins may: the context of an admin, of a command or of a job. Only [`Ctx::into_admin`] and
/// [`AdminCtx::system`] create one, so a service that takes it cannot be called for anyone else.
#[derive(Clone, Debug)]
pub struct AdminCtx(Ctx);

impl AdminCtx {
    /// The context of a command or a job.
    pub fn system(app: Arc<App>) -> Self {
        Self(Ctx::system(app))
    }

    /// Sets the version that the request is for, and its idempotency key.
    pub fn set_conditions(&mut self, if_match: IfMatch, keyed: Option<Arc<KeyedRequest>>) {
        self.0.set_conditions(if_match, keyed);
    }

    /// Gives up the right of an admin.
    pub fn into_inner(self) -> Ctx {
        self.0
    }

    /// The same context, with the right to do what needs a step-up.
    ///
    /// # Errors
    /// [`Error::StepUpRequired`] if the admin has a second factor and has not confirmed with a code who it is, lately.
    pub fn stepped_up(&self) -> Result<SteppedUpCtx> {
        if self.0.is_stepped_up() { Ok(SteppedUpCtx(self.clone())) } else { Err(Error::StepUpRequired) }
    }
}

impl Deref for AdminCtx {
    type Target = Ctx;

    fn deref(&self) -> &Ctx {
        &self.0
    }
}

/// The right to do what an admin may only shortly after confirming who it is: with a code of its second factor in the last
/// ten minutes, unless it has none. Only [`AdminCtx::stepped_up`] creates one.
#[derive(Clone, Debug)]
pub struct SteppedUpCtx(AdminCtx);

impl SteppedUpCtx {
    /// Sets the version that the request is for, and its idempotency key.
    pub fn set_conditions(&mut self, if_match: IfMatch, keyed: Option<Arc<KeyedRequest>>) {
        self.0.set_conditions(if_match, keyed);
    }

    /// The context of the admin that acts on its own account.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for a command or a job, which has no account.
    pub fn own(&self) -> Result<OwnAdminCtx> {
        self.0.0.clone().into_own_admin()
    }
}

impl Deref for SteppedUpCtx {
    type Target = AdminCtx;

    fn deref(&self) -> &AdminCtx {
        &self.0
    }
}

/// The right to act on the caller's own account in the back office: the context of an admin, also of one that has yet to
/// set up a second factor. Only [`Ctx::into_own_admin`] creates one.
#[derive(Clone, Debug)]
pub struct OwnAdminCtx {
    ctx: Ctx,
    /// Primary key of the account.
    pub admin_user_id: i32,
    /// Public identifier of the account.
    pub uuid: Uuid,
    /// How the admin has proven who it is.
    pub proof: AdminProof,
}

impl OwnAdminCtx {
    /// Sets the version that the request is for, and its idempotency key.
    pub fn set_conditions(&mut self, if_match: IfMatch, keyed: Option<Arc<KeyedRequest>>) {
        self.ctx.set_conditions(if_match, keyed);
    }

    /// Gives up the right to act on the account.
    pub fn into_inner(self) -> Ctx {
        self.ctx
    }
}

impl Deref for OwnAdminCtx {
    type Target = Ctx;

    fn deref(&self) -> &Ctx {
        &self.ctx
    }
}

/// The right to do what only the program itself may: the context of a job. Only [`SystemCtx::system`] creates one.
#[derive(Clone, Debug)]
pub struct SystemCtx(AdminCtx);

impl SystemCtx {
    /// The context of a job.
    pub fn system(app: Arc<App>) -> Self {
        Self(AdminCtx::system(app))
    }
}

impl Deref for SystemCtx {
    type Target = AdminCtx;

    fn deref(&self) -> &AdminCtx {
        &self.0
    }
}

/// The right to act on the caller's own account: the context of a customer. Only [`Ctx::into_customer`] creates one.
#[derive(Clone, Debug)]
pub struct CustomerCtx {
    ctx: Ctx,
    /// Primary key of the account.
    pub customer_id: i32,
    /// Public identifier of the account.
    pub uuid: Uuid,
    /// The session of the token. `None` for a token that EverShop issued.
    pub session: Option<Uuid>,
}

impl CustomerCtx {
    /// Sets the version that the request is for, and its idempotency key.
    pub fn set_conditions(&mut self, if_match: IfMatch, keyed: Option<Arc<KeyedRequest>>) {
        self.ctx.set_conditions(if_match, keyed);
    }
}

impl Deref for CustomerCtx {
    type Target = Ctx;

    fn deref(&self) -> &Ctx {
        &self.ctx
    }
}
