//! The access tokens that were verified lately, with their claims.
//!
//! A client sends the same token with every request. Its claims depend only on its text and on the keys, so its signature is
//! computed and its JSON parsed once. Everything that changes is checked at every request: the expiry here, the account and
//! the session by `service::auth`.
//!
//! The cache belongs to the [`Keys`](super::keys::Keys) that verified its tokens, so other keys begin with an empty one. Only
//! valid tokens are stored: a client without an account can't evict those of others.

use std::num::NonZeroUsize;

use lru::LruCache;
use parking_lot::Mutex;

use crate::types::{Audience, VerifiedToken};

/// The maximum number of tokens. The least recently used one is evicted.
const MAX_TOKENS: NonZeroUsize = NonZeroUsize::new(4096).expect("not 0");
/// The maximum size of a stored token, in bytes. A token has about 700 bytes; one with a longer name of the account is
/// verified at every request.
const MAX_TOKEN_BYTES: usize = 2048;

/// Verified access tokens by their exact text.
pub struct VerifiedTokens(Mutex<LruCache<Box<str>, (Audience, VerifiedToken)>>);

impl Default for VerifiedTokens {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(MAX_TOKENS)))
    }
}

/// Omits the tokens, which are secrets.
impl std::fmt::Debug for VerifiedTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VerifiedTokens").finish_non_exhaustive()
    }
}

impl VerifiedTokens {
    /// The audience and claims of a token that was verified before and is still current.
    pub fn get(
        &self,
        token: &str,
        is_current: impl FnOnce(&VerifiedToken) -> bool,
    ) -> Option<(Audience, VerifiedToken)> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let mut tokens = self.0.lock();
        let (audience, verified) = tokens.get(token)?;
        if is_current(verified) {
            return Some((*audience, verified.clone()));
        }
        tokens.pop(token);
        None
    }

    /// Stores a token that was verified with the keys.
    pub fn insert(&self, token: &str, audience: Audience, verified: VerifiedToken) {
        if token.len() <= MAX_TOKEN_BYTES {
            self.0.lock().put(token.into(), (audience, verified));
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};
    use uuid::Uuid;

    use super::{MAX_TOKEN_BYTES, MAX_TOKENS, VerifiedTokens};
    use crate::types::{Audience, VerifiedToken};

    /// The claims of a token of this account, which expires 10 seconds after 1970 began.
    fn claims(account: u128) -> VerifiedToken {
        VerifiedToken {
            account: Uuid::from_u128(account),
            generation: Some(1),
            issued_at: DateTime::UNIX_EPOCH,
            expires_at: DateTime::UNIX_EPOCH + TimeDelta::seconds(10),
            session: None,
            step: None,
            id: None,
        }
    }

    #[test]
    fn a_token_has_only_its_own_claims() {
        let tokens = VerifiedTokens::default();
        tokens.insert("a.b.c", Audience::Customer, claims(1));
        tokens.insert("a.b.d", Audience::Admin, claims(2));
        assert_eq!(tokens.get("a.b.c", |_| true), Some((Audience::Customer, claims(1))));
        assert_eq!(tokens.get("a.b.d", |_| true), Some((Audience::Admin, claims(2))));
        for other in ["", "a.b.", "a.b.c ", "A.b.c", "a.b.cc"] {
            assert_eq!(tokens.get(other, |_| true), None, "{other}");
        }
        assert_eq!(
            VerifiedTokens::default().get("a.b.c", |_| true),
            None,
            "other keys have their own tokens"
        );
    }

    #[test]
    fn an_expired_token_is_forgotten() {
        let tokens = VerifiedTokens::default();
        tokens.insert("a.b.c", Audience::Customer, claims(1));
        let at = |seconds| DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds);
        assert!(tokens.get("a.b.c", |token| at(9) < token.expires_at).is_some());
        assert!(tokens.get("a.b.c", |token| at(10) < token.expires_at).is_none());
        assert_eq!(tokens.0.lock().len(), 0);
    }

    #[test]
    fn tokens_and_their_sizes_are_limited() {
        let tokens = VerifiedTokens::default();
        for number in 0..MAX_TOKENS.get() + 10 {
            tokens.insert(&number.to_string(), Audience::Customer, claims(1));
            assert!(tokens.get("0", |_| true).is_some(), "used lately");
        }
        assert_eq!(tokens.0.lock().len(), MAX_TOKENS.get());
        assert!(tokens.get("10", |_| true).is_none() && tokens.get("11", |_| true).is_some());
        let (longest, longer) = ("x".repeat(MAX_TOKEN_BYTES), "x".repeat(MAX_TOKEN_BYTES + 1));
        for token in [&longest, &longer] {
            tokens.insert(token, Audience::Customer, claims(1));
        }
        assert!(tokens.get(&longest, |_| true).is_some() && tokens.get(&longer, |_| true).is_none());
    }
}
