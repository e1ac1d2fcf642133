//! What has to hold while the server is attacked.

use std::time::Duration;

/// The most memory of the process (VmHWM), in KiB.
pub(crate) const MEMORY: u64 = 300 * 1000;
/// The most that the embedded database may grow by in one phase, in bytes.
pub(crate) const STORED: u64 = 32 * 1000 * 1000;
/// Beyond this the server is killed and the test ends: it would take the machine's memory.
pub(crate) const ENOUGH: u64 = 1_000 * 1000;
/// How long another client may wait for `{__typename}`.
pub(crate) const QUERY: Duration = Duration::from_secs(1);
/// How long another client may wait for a login with the right password.
pub(crate) const LOGIN: Duration = Duration::from_secs(2);
/// How much longer a debug build may take: parsing and validating take 10 to 20 times as long there. Passwords are hashed
/// by optimized code in both builds, so this is for everything around them.
const SLOWER: u32 = 4;

/// A time limit for the build that is tested.
pub(crate) fn of_this_build(limit: Duration) -> Duration {
    let debug = cfg!(debug_assertions) && std::env::var_os("PATRON_TEST_PROGRAM").is_none();
    if debug { limit * SLOWER } else { limit }
}
