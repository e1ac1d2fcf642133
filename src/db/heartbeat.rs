//! The heartbeat by which an instance knows how far replicas lag.
//!
//! About once a second, the instance writes the next number into a row on the primary that only it writes. A replica that
//! shows a number has everything that was committed before that number was written, because it replays commits in their
//! order. This also holds after a failover, when positions in the write-ahead logs of two servers can't be compared, and on a
//! primary without other writes, whose last commit may be long ago.

use std::collections::VecDeque;
use std::sync::OnceLock;
use std::time::Duration;

use parking_lot::Mutex;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{DbBackend, DbErr, EntityTrait, Statement};

use super::database_pool::DatabasePool;
use crate::clock::Clock;
use crate::entity::throttle::{ActiveModel, Column, Entity};
use crate::random::Random;

/// The number of beats whose times are known: about an hour. The lag of a replica that is further behind is not known
/// exactly.
const MAX_BEATS: usize = 3600;

/// Every how many beats the row is marked as used, so that the housekeeping does not delete it. That changes an index, and a
/// beat alone does not.
const REFRESH: i32 = 60;

/// Reads the number that a server shows.
const SELECT: &str = r#"SELECT "count" FROM "throttle" WHERE "key" = $1"#;

/// The heartbeat of an instance.
#[derive(Debug, Default)]
pub(super) struct Heartbeat {
    /// The key of the row; none before the first beat.
    key: OnceLock<String>,
    /// The latest beats, the oldest first.
    beats: Mutex<VecDeque<Beat>>,
}

#[derive(Clone, Copy, Debug)]
struct Beat {
    number: i32,
    /// When it was about to be written, on the monotonic clock.
    at: Duration,
}

impl Heartbeat {
    /// Writes the next number.
    ///
    /// # Errors
    /// The primary is unavailable. The number may be written.
    pub(super) async fn beat(
        &self,
        primary: &DatabasePool,
        clock: &Clock,
        random: &Random,
    ) -> Result<(), DbErr> {
        let key = self.key.get_or_init(|| format!("replicas {}", random.uuid().simple()));
        let (number, now) = (self.count(clock.monotonic()), clock.now());
        let row = ActiveModel {
            key: Set(key.clone()),
            count: Set(number),
            since: Set(now),
            updated_at: Set(now),
            blocked_until: Set(None),
        };
        let mut overwrite = OnConflict::column(Column::Key);
        overwrite.update_column(Column::Count);
        if number % REFRESH == 0 {
            overwrite.update_column(Column::UpdatedAt);
        }
        Entity::insert(row).on_conflict(overwrite).exec_without_returning(primary).await?;
        Ok(())
    }

    /// Adds a beat at this time, and returns its number.
    fn count(&self, at: Duration) -> i32 {
        let mut beats = self.beats.lock();
        let number = beats.back().map_or(1, |last| last.number.saturating_add(1));
        beats.push_back(Beat { number, at });
        if beats.len() > MAX_BEATS {
            beats.pop_front();
        }
        number
    }

    /// The statement that reads the number; none before the first beat.
    pub(super) fn select(&self) -> Option<Statement> {
        let key = self.key.get()?.as_str();
        Some(Statement::from_sql_and_values(DbBackend::Postgres, SELECT, [key.into()]))
    }

    /// The time, on the monotonic clock, before which everything that was committed is on a server that shows this number. `None`
    /// if that is too long ago to be known.
    pub(super) fn time_of(&self, number: i32) -> Option<Duration> {
        let beats = self.beats.lock();
        beats.iter().rev().find(|beat| beat.number <= number).map(|beat| beat.at)
    }
}

#[cfg(test)]
mod tests {
    use super::{Heartbeat, MAX_BEATS};
    use std::time::Duration;

    #[test]
    fn a_number_stands_for_the_time_at_which_it_was_written() {
        let heartbeat = Heartbeat::default();
        assert_eq!(heartbeat.time_of(1), None);
        for second in 1..=5 {
            heartbeat.count(Duration::from_secs(second * 10));
        }
        assert_eq!(heartbeat.time_of(3), Some(Duration::from_secs(30)));
        assert_eq!(heartbeat.time_of(0), None);
    }

    #[test]
    fn old_beats_are_forgotten() {
        let heartbeat = Heartbeat::default();
        let beats = u64::try_from(MAX_BEATS).unwrap();
        for second in 0..beats + 2 {
            heartbeat.count(Duration::from_secs(second));
        }
        assert_eq!(heartbeat.time_of(2), None);
        assert_eq!(heartbeat.time_of(3), Some(Duration::from_secs(2)));
    }
}
