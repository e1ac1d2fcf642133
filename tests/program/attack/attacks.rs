//! The table of attacks: one row and one file per kind. Each connection repeats the `round` of its attack.

use std::io;

use futures_util::future::BoxFuture;

use super::target::Attacker;
use super::{
    errors, hanging_up, keyed_logins, large_responses, malformed, names, patterns, renames, slow,
    stored_keys, unfinished, unread,
};

/// One kind of attack.
#[derive(Clone, Copy)]
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    /// Its share of the total time, relative to the other attacks.
    pub(crate) weight: u32,
    /// One round of a connection; the number of the round selects a variant.
    pub(crate) round: for<'a> fn(&'a Attacker, usize) -> BoxFuture<'a, io::Result<()>>,
}

macro_rules! attacks {
    ($($name:literal $module:ident $weight:literal)*) => {
        [$(Attack { name: $name, weight: $weight, round: |attacker, round| Box::pin($module::round(attacker, round)) }),*]
    };
}

pub(crate) const ATTACKS: [Attack; 12] = attacks! {
    // Logins come first, before the rate limit of the attackers' address is reached.
    "refused logins with an Idempotency-Key" keyed_logins 3
    "logins whose clients hang up" hanging_up 1
    "long names in a query" names 1
    "errors that repeat a name" errors 1
    "large legal responses" large_responses 1
    "responses that are not read" unread 1
    "bodies without an end" unfinished 1
    "patterns of custom fields" patterns 1
    "garbage tokens with new keys" stored_keys 1
    "small changes of a customer with much data" renames 1
    "requests without Host, with two, and bytes that are not HTTP" malformed 1
    "slow heads and bodies" slow 1
};
