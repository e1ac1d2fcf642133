//! The limits that the server has to keep under attack.

use std::time::Duration;

/// Maximum memory of the process, without the pages of its program file, in KiB. Of that file a release build has 33 MB in
/// memory, so it uses less than 300 MB, and a debug build 67 MB.
pub(crate) const MEMORY: u64 = 265 * 1000;
/// Maximum growth of the embedded database in one phase, in bytes.
pub(crate) const DATABASE_GROWTH: u64 = 32 * 1000 * 1000;
/// At this size, also without the program file, in KiB, the server is killed and the test ends, before the machine runs out of memory.
pub(crate) const KILL_AT: u64 = 930 * 1000;
/// Maximum response time of `{__typename}` for a legitimate client.
pub(crate) const QUERY: Duration = Duration::from_secs(1);
/// Maximum response time of a login with the right password.
pub(crate) const LOGIN: Duration = Duration::from_secs(2);
/// The factor for debug builds. They parse and validate 10 to 20 times slower, but hash passwords with optimized code as
/// well.
const DEBUG_FACTOR: u32 = 4;

/// A time limit, adjusted to the tested build.
pub(crate) fn of_this_build(limit: Duration) -> Duration {
    let debug = cfg!(debug_assertions) && std::env::var_os("PATRON_TEST_PROGRAM").is_none();
    if debug { limit * DEBUG_FACTOR } else { limit }
}
