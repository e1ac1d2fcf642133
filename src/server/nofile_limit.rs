//! The limit of open files (RLIMIT_NOFILE): each connection is an open file.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that are open besides connections: the database, logs, files of mails and those of the runtime.
const RESERVED: u64 = 256;

/// Raises the limit of open files so that `wanted` connections fit. Returns `wanted`, or the number of connections that the
/// limit allows. Systems start processes with a low limit for the sake of old programs, and let them raise it.
pub(super) fn raise_nofile_limit(wanted: usize) -> usize {
    let needed = u64::try_from(wanted).unwrap_or(u64::MAX).saturating_add(RESERVED);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let is_enough = |limit: Option<u64>| limit.is_none_or(|limit| limit >= needed);
    if is_enough(current) {
        return wanted;
    }
    let raised = if is_enough(maximum) { Some(needed) } else { maximum };
    let allowed = match setrlimit(Resource::Nofile, Rlimit { current: raised, maximum }) {
        Ok(()) => raised,
        Err(error) => {
            tracing::debug!(%error, "the limit of open files could not be raised");
            current
        }
    };
    if is_enough(allowed) {
        return wanted;
    }
    let allowed =
        usize::try_from(allowed.unwrap_or(u64::MAX).saturating_sub(RESERVED)).unwrap_or(wanted).max(1);
    tracing::warn!(
        wanted,
        allowed,
        "fewer connections than PATRON_CONNECTIONS: the system allows too few open files"
    );
    allowed
}
