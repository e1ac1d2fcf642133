//! The adoption of an EverShop database ("the shop"): checked, applied while the shop runs, undone or finished.
//!
//! `migration::adoption` changes the schema and can be interrupted at any statement. This module decides whether it may
//! start ([`check()`]), applies the operator's decisions about rows that patron can't have twice ([`Decisions`]), computes
//! the columns that only the program can compute, and counts what an undo loses.

mod apply;
mod check;
mod decisions;
mod findings;
mod finish;
mod inspection;
mod report;
mod session;
mod state;
mod undo;

pub use apply::{Adopted, apply};
pub use check::check;
pub use decisions::{
    AccountAction, AccountDecision, AppliedDecisions, Decisions, DefaultDecision, GroupAction, GroupDecision,
    MAX_FILE_BYTES, MAX_PROPOSALS, Proposals, resolve,
};
pub use finish::{finish, settle};
pub use migration::adoption::{Adoption, Phase, Progress};
pub use report::{AdoptionReport, Finding, Severity};
pub use session::AdoptionSession;
pub use state::{DatabaseState, state};
pub use undo::{Losses, losses, undo};
