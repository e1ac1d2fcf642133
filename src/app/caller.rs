//! The caller of a service function.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::clock::Clock;

/// How long a step-up lasts: the time in which an admin may do what needs one without confirming again who it is.
pub const STEP_UP: TimeDelta = TimeDelta::minutes(10);

/// The caller of a service function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A client without a token.
    Anonymous,
    /// A customer with a token of an enabled account.
    Customer {
        /// Primary key of the account.
        customer_id: i32,
        /// Public identifier of the account.
        uuid: Uuid,
        /// The session of the token. `None` for a token that EverShop issued.
        session: Option<Uuid>,
    },
    /// An admin with a token of an enabled account.
    Admin {
        /// Primary key of the account.
        admin_user_id: i32,
        /// Public identifier of the account.
        uuid: Uuid,
        /// How the admin has proven who it is.
        proof: AdminProof,
    },
    /// An admin that has to set up a second factor before it may do what admins may (`PATRON_ADMIN_SECOND_FACTOR`).
    UnenrolledAdmin {
        /// Primary key of the account.
        admin_user_id: i32,
        /// Public identifier of the account.
        uuid: Uuid,
        /// How the admin has proven who it is: without a second factor.
        proof: AdminProof,
    },
    /// The program itself: a command or a job.
    System,
}

impl Caller {
    /// How this admin has proven who it is, if it is the caller.
    pub fn proof_of(&self, admin: Uuid) -> Option<&AdminProof> {
        match self {
            Self::Admin { uuid, proof, .. } | Self::UnenrolledAdmin { uuid, proof, .. } => {
                Some(proof).filter(|_| *uuid == admin)
            }
            Self::Anonymous | Self::Customer { .. } | Self::System => None,
        }
    }
}

/// How a calling admin has proven who it is, and what it last did, as read from the primary with this request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdminProof {
    /// The session of the token. `None` for a token that EverShop issued.
    pub session: Option<Uuid>,
    /// Whether the second factor of the admin is on.
    pub has_second_factor: bool,
    /// When the admin last confirmed in this session who it is.
    pub stepped_up_at: Option<DateTime<Utc>>,
    /// When the tokens of this session were last issued.
    pub session_used_at: Option<DateTime<Utc>>,
    /// When the admin last changed something, in any session, with a resolution of a second; see `app::own_writes`.
    pub last_write_at: Option<DateTime<Utc>>,
}

impl AdminProof {
    /// The end of the step-up, if it lasts.
    pub fn stepped_up_until(&self, clock: &Clock) -> Option<DateTime<Utc>> {
        self.stepped_up_at.map(|at| at + STEP_UP).filter(|until| clock.is_pending(*until, STEP_UP))
    }
}
