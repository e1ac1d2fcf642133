//! The claims of a verified token.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The claims of a token that has not expired, with a valid signature, audience and kind. The caller of the verification has to
/// check that the account has not invalidated it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedToken {
    /// The public identifier of the account.
    pub account: Uuid,
    /// The account's `token_generation` when the token was issued. `None` for a token of EverShop.
    pub generation: Option<i64>,
    /// When the token was issued, in whole seconds.
    pub issued_at: DateTime<Utc>,
    /// When the token expires, in whole seconds.
    pub expires_at: DateTime<Utc>,
    /// The session of the token.
    pub session: Option<Uuid>,
    /// For refresh tokens: the number of refreshes of the session when the token was issued.
    pub step: Option<i64>,
    /// The identifier of the token (`jti`).
    pub id: Option<Uuid>,
}

impl VerifiedToken {
    /// Whether an account with these columns has not invalidated the token. Without a generation, it has to be issued at
    /// `valid_from` or later. An account whose generation has increased before that column existed accepts no such token.
    pub fn is_accepted(&self, generation: i64, valid_from: Option<DateTime<Utc>>) -> bool {
        match (self.generation, valid_from) {
            (Some(issued), _) => issued == generation,
            (None, Some(valid_from)) => self.issued_at >= valid_from,
            (None, None) => generation == 0,
        }
    }
}
