//! The customer that an operation is about, with the right to it.

use uuid::Uuid;

use crate::app::ctx::{AdminCtx, CustomerCtx};

/// The customer whose addresses or custom fields an operation is about. To have one is the right to change them: only a
/// customer's own context, or an admin's, creates it.
#[derive(Clone, Copy, Debug)]
pub struct Owner {
    uuid: Uuid,
    is_caller: bool,
}

impl Owner {
    /// The caller.
    pub fn me(ctx: &CustomerCtx) -> Self {
        Self { uuid: ctx.uuid, is_caller: true }
    }

    /// Any customer, for an admin.
    pub fn of(_ctx: &AdminCtx, uuid: Uuid) -> Self {
        Self { uuid, is_caller: false }
    }

    /// The customer's public identifier.
    pub fn uuid(self) -> Uuid {
        self.uuid
    }

    /// Whether the customer is the caller.
    pub fn is_caller(self) -> bool {
        self.is_caller
    }
}
