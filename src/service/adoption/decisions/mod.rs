//! The operator's decisions about rows that patron can't have twice: accounts with the same e-mail address, groups with the
//! same name, several default addresses. A check proposes them as a TOML file, the operator edits it, and an adoption
//! applies it.

mod model;
mod proposals;
mod resolve;
mod statements;

pub use model::{
    AccountAction, AccountDecision, Decisions, DefaultDecision, GroupAction, GroupDecision, MAX_FILE_BYTES,
};
pub use proposals::{MAX_PROPOSALS, Proposals};
pub use resolve::{AppliedDecisions, resolve};
