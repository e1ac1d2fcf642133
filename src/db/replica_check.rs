//! The check of the replicas: about once a second it writes the heartbeat on the primary, and asks every replica for it.
//! Without checks, as in a command, no replica is used.

use std::time::Duration;

use futures_util::future::join_all;

use super::database::Database;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::random::Random;

/// The maximum pause between two checks. A lag is known with this resolution.
const MAX_PAUSE: Duration = Duration::from_secs(1);

impl Database {
    /// Whether the settings name replicas.
    pub fn has_replicas(&self) -> bool {
        self.replicas.is_some()
    }

    /// Writes the heartbeat, and asks every replica for it. Returns the pause before the next check. Also if the primary is
    /// unavailable: readiness and requests report that, and the replicas are needed as soon as it is back.
    ///
    /// # Errors
    /// The primary refuses the heartbeat.
    pub async fn check_replicas(&self, clock: &Clock, random: &Random) -> Result<Duration> {
        let Some(set) = &self.replicas else { return Ok(MAX_PAUSE) };
        let beat = set.heartbeat.beat(&self.writer, clock, random).await;
        if beat.is_ok() {
            // Readiness does not have to prove it again.
            self.record_write();
        }
        join_all(set.replicas.iter().map(|replica| replica.check(set.freshness(clock)))).await;
        match beat.map_err(Error::from) {
            Ok(()) | Err(Error::Unavailable { .. }) => Ok((set.limit / 4).min(MAX_PAUSE)),
            Err(error) => Err(error),
        }
    }

    /// Records the lag of the replicas and the numbers of their connections in the metrics.
    pub fn record_replicas(&self, clock: &Clock) {
        let Some(set) = &self.replicas else { return };
        for replica in &set.replicas {
            replica.record(clock.monotonic(), set.limit);
            self.metrics.record(replica.count());
        }
    }
}
