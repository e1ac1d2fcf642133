//! What a bulk action does to each customer, and its results.

use uuid::Uuid;

/// The maximum number of customers of one request.
pub(super) const MAX_CUSTOMERS: usize = 1000;

/// What is done to each customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkAction {
    /// Lets it log in.
    Enable,
    /// Ends its sessions, and lets it no longer log in.
    Disable,
    /// Moves it to the group with this primary key.
    SetGroup(i32),
    /// Ends its sessions and invalidates its tokens.
    EndSessions,
    /// Deletes it with all its data.
    Delete,
}

impl BulkAction {
    /// The names in the API.
    pub const NAMES: [&str; 5] = ["enable", "disable", "set_group", "end_sessions", "delete"];

    /// Its name in the API.
    pub fn name(self) -> &'static str {
        let [enable, disable, set_group, end_sessions, delete] = Self::NAMES;
        match self {
            Self::Enable => enable,
            Self::Disable => disable,
            Self::SetGroup(_) => set_group,
            Self::EndSessions => end_sessions,
            Self::Delete => delete,
        }
    }
}

/// The result of one customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowResult {
    /// The customer has changed.
    Done,
    /// The customer already was as the action makes it.
    Unchanged,
    /// There is no such customer.
    NotFound,
}

/// One customer of a request, and its result.
#[derive(Clone, Copy, Debug)]
pub struct BulkRow {
    /// The public identifier of the customer.
    pub customer: Uuid,
    /// What happened to it.
    pub result: RowResult,
}

/// The outcome of a request, with a row for each customer in the order of the request.
#[derive(Clone, Debug)]
pub struct BulkOutcome {
    /// The action.
    pub action: BulkAction,
    /// The rows.
    pub rows: Vec<BulkRow>,
}
