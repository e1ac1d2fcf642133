//! The adoption of an EverShop database: patron's tables and columns beside those of the shop, which keeps running.
//!
//! The six [`SHARED_TABLES`] belong to the shop. An adoption adds columns and indexes to them, and an undo takes exactly
//! these away: neither creates or drops one of them. The table `patron_adoption` has the [`Phase`] in its only row.
//!
//! Every statement can be repeated, so that an adoption or undo that was interrupted runs again from its start, in either
//! direction. The shop is never stopped: a statement that needs a lock of a table waits 0.3 s for it and is tried again,
//! indexes are built concurrently, and values are filled in small transactions. Guards (`guards.rs`) correct what the shop
//! writes, from before the first value is filled.

mod apply;
mod change;
mod concurrently;
mod detect;
mod fill;
mod finish;
mod guards;
mod lock;
mod not_null;
mod objects;
mod plan;
mod query;
mod retry;
mod run;
mod session;
mod state;
mod undo;
mod upgrade;

use std::collections::BTreeMap;

use sea_orm_migration::sea_orm::prelude::DateTimeUtc;

pub use apply::apply;
pub use change::{Change, Fill, SharedStep};
pub(crate) use detect::ensure_own;
pub use detect::{is_evershop, modules};
pub use finish::finish;
pub use guards::{event_triggers, guards_are_complete};
pub use lock::{AdoptionLock, lock};
pub use objects::{Objects, objects};
pub use state::{phase, read};
pub use undo::undo;
pub(crate) use upgrade::upgrade;

/// The modules of EverShop whose tables patron shares, with the versions that an adoption is known to work with.
pub const KNOWN_MODULES: [(&str, &str); 3] = [("customer", "1.0.4"), ("auth", "1.0.1"), ("base", "1.0.7")];

/// The tables of the shop that patron uses as well.
pub const SHARED_TABLES: [&str; 6] = [
    "customer",
    "customer_address",
    "customer_group",
    "admin_user",
    "reset_password_token",
    "metafield_definition",
];

/// How far an adoption has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The adoption runs, or was interrupted.
    Adopting,
    /// patron and the shop both write.
    Shared,
    /// The shop no longer writes customers: there are no guards.
    Finished,
    /// The undo runs, or was interrupted.
    Undoing,
}

impl Phase {
    /// All phases.
    const ALL: [Self; 4] = [Self::Adopting, Self::Shared, Self::Finished, Self::Undoing];

    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Adopting => "adopting",
            Self::Shared => "shared",
            Self::Finished => "finished",
            Self::Undoing => "undoing",
        }
    }
}

/// The adoption of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adoption {
    /// How far it has come.
    pub phase: Phase,
    /// The versions of EverShop's modules when it started.
    pub modules: BTreeMap<String, String>,
    /// When it started.
    pub started_at: DateTimeUtc,
    /// When the phase [`Phase::Shared`] began.
    pub adopted_at: Option<DateTimeUtc>,
    /// When the phase [`Phase::Finished`] began.
    pub finished_at: Option<DateTimeUtc>,
}

/// What an adoption, an undo or a finish has done. Reported after each statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The number of the step, from 1.
    pub step: usize,
    /// The number of steps.
    pub steps: usize,
    /// What the step does, such as "indexes".
    pub name: &'static str,
    /// The number of statements, or of rows, that the step has processed.
    pub done: u64,
    /// Their total number.
    pub total: u64,
}

/// Receives the progress.
pub type Report<'a> = &'a mut (dyn FnMut(Progress) + Send);
