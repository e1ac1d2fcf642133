//! The table of attacks. A row is one kind, one file; a round is what one connection does before it starts again.

use std::io;

use futures_util::future::BoxFuture;

use super::target::Attacker;
use super::{
    errors, hanging_up, keyed_logins, large_answers, malformed, names, patterns, renames, slow, stored_keys,
    unfinished, unread,
};

/// One kind of attack.
#[derive(Clone, Copy)]
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    /// How much of the time it gets, compared with others.
    pub(crate) weight: u32,
    /// The number of the round selects among variants.
    pub(crate) round: for<'a> fn(&'a Attacker, usize) -> BoxFuture<'a, io::Result<()>>,
}

macro_rules! attacks {
    ($($name:literal $module:ident $weight:literal)*) => {
        [$(Attack { name: $name, weight: $weight, round: |attacker, round| Box::pin($module::round(attacker, round)) }),*]
    };
}

pub(crate) const ATTACKS: [Attack; 12] = attacks! {
    // Logins come first: there are limits to how many of them are worked on at all.
    "refused logins with an Idempotency-Key" keyed_logins 3
    "logins whose clients hang up" hanging_up 1
    "long names in a query" names 1
    "errors that repeat a name" errors 1
    "large legal answers" large_answers 1
    "answers that nobody reads" unread 1
    "bodies without an end" unfinished 1
    "patterns of custom fields" patterns 1
    "garbage tokens with new keys" stored_keys 1
    "small changes of a customer with much data" renames 1
    "requests without Host, with two, or none at all" malformed 1
    "slow heads and bodies" slow 1
};
