//! The table of attacks. A row is one kind, one file; a round is what one connection does before it starts again.

use std::io;

use futures_util::future::BoxFuture;

use crate::target::Attacker;
use crate::{
    errors, hanging_up, keyed_logins, large_answers, malformed, names, patterns, slow, stored_keys, unread,
};

/// One kind of attack.
#[derive(Clone, Copy)]
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    /// The number of the round selects among variants.
    pub(crate) round: for<'a> fn(&'a Attacker, usize) -> BoxFuture<'a, io::Result<()>>,
}

macro_rules! attacks {
    ($($name:literal $module:ident)*) => {
        [$(Attack { name: $name, round: |attacker, round| Box::pin($module::round(attacker, round)) }),*]
    };
}

pub(crate) const ATTACKS: [Attack; 10] = attacks! {
    // Logins come first: there are limits to how many of them are worked on at all.
    "refused logins with an Idempotency-Key" keyed_logins
    "logins whose clients hang up" hanging_up
    "long names in a query" names
    "errors that repeat a name" errors
    "large legal answers" large_answers
    "answers that nobody reads" unread
    "patterns of custom fields" patterns
    "garbage tokens with new keys" stored_keys
    "requests without Host, with two, or none at all" malformed
    "slow heads and bodies" slow
};
