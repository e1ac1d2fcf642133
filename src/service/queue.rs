//! The rules that the queues of mails and of webhook deliveries share.

use chrono::TimeDelta;
use sea_orm::{ColumnTrait, Condition};

use crate::clock::Clock;
use crate::types::first_characters;

/// The maximum length of a stored error, in characters.
const MAX_ERROR: usize = 500;

/// Matches rows whose next attempt is due. A time of the next attempt later than `max_postponement` from now was
/// written by a wrong clock, so it is due as well.
pub(super) fn is_attempt_due(
    next_attempt_at: impl ColumnTrait,
    clock: &Clock,
    max_postponement: TimeDelta,
) -> Condition {
    Condition::any()
        .add(next_attempt_at.lte(clock.now()))
        .add(next_attempt_at.gt(clock.latest(max_postponement)))
}

/// The reason of a failed attempt, as it is stored.
pub(super) fn stored_error(reason: &str) -> Option<String> {
    Some(first_characters(reason, MAX_ERROR).to_owned())
}
