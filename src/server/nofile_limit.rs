//! How many files the system lets the process open: each connection is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What else is open: the database, logs, files of mails and whatever the runtime needs.
const OTHERS: u64 = 256;

/// As many connections as are wanted, or as many as there can be. Systems start processes with a low limit, for programs
/// that can't cope with more, and let them raise it.
pub(super) fn raise_nofile_limit(wanted: usize) -> usize {
    let needed = u64::try_from(wanted).unwrap_or(u64::MAX).saturating_add(OTHERS);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let is_enough = |limit: Option<u64>| limit.is_none_or(|limit| limit >= needed);
    if is_enough(current) {
        return wanted;
    }
    let raised = if is_enough(maximum) { Some(needed) } else { maximum };
    let allowed = match setrlimit(Resource::Nofile, Rlimit { current: raised, maximum }) {
        Ok(()) => raised,
        Err(error) => {
            tracing::debug!(%error, "the limit of open files stays as it is");
            current
        }
    };
    if is_enough(allowed) {
        return wanted;
    }
    let allowed =
        usize::try_from(allowed.unwrap_or(u64::MAX).saturating_sub(OTHERS)).unwrap_or(wanted).max(1);
    tracing::warn!(
        wanted,
        allowed,
        "fewer connections than PATRON_CONNECTIONS: the system allows too few open files"
    );
    allowed
}
