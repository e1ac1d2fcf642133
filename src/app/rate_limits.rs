//! In-memory rate limits by network address, for requests without an access token. They are checked before any other
//! work, and each instance counts separately. Limits that all instances share are stored in the database
//! (`service::login_attempts`).
//!
//! Each address has one bucket per policy. A bucket holds the quota of a minute and refills evenly (the generic cell rate
//! algorithm, by the crate governor). Only the buckets of the most recent addresses are stored. An evicted address starts
//! with a full bucket, which it would have had by then or soon after.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::{Quota, RateLimiter};
use lru::LruCache;
use parking_lot::Mutex;

use crate::clock::Clock;
use crate::config::LimitConfig;
use crate::types::rate_limit_key;

/// The time in which an empty bucket refills.
const WINDOW: Duration = Duration::from_secs(60);
/// The maximum number of stored addresses per policy, of about 100 bytes each.
const MAX_ADDRESSES: usize = 100_000;

/// The separately limited kinds of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Requests that hash a password, which takes some ten milliseconds of processor time.
    Passwords,
    /// Requests that present a token other than an access token, or request one by mail.
    Tokens,
}

impl Policy {
    /// The policy's name in header fields.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passwords => "passwords",
            Self::Tokens => "tokens",
        }
    }
}

/// The outcome of a rate limit check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimitStatus {
    /// The number of requests that are allowed in a [`window`](Self::window).
    pub quota: u32,
    /// The window in seconds.
    pub window: u64,
    /// The number of requests that are allowed at once now.
    pub remaining: u32,
    /// The seconds in which the remaining number of requests is refilled. A client that spreads the remaining requests
    /// over this time is not refused.
    pub effective_window: u64,
    /// If the request is refused: the seconds until the next request is allowed.
    pub retry_after: Option<u32>,
}

/// The rate limits of all policies.
#[derive(Debug)]
pub struct RateLimits {
    passwords: Limit,
    tokens: Limit,
}

impl RateLimits {
    /// Creates rate limits with the quotas per minute of the settings.
    pub fn new(config: &LimitConfig, clock: &Arc<Clock>) -> Self {
        Self {
            passwords: Limit::new(config.passwords_per_address, clock),
            tokens: Limit::new(config.tokens_per_address, clock),
        }
    }

    /// Counts a request, unless it is refused.
    pub fn check(&self, policy: Policy, address: IpAddr) -> RateLimitStatus {
        match policy {
            Policy::Passwords => self.passwords.check(address),
            Policy::Tokens => self.tokens.check(address),
        }
    }
}

#[derive(Debug)]
struct Limit {
    quota: NonZeroU32,
    limiter: RateLimiter<IpAddr, BucketStore, GovernorClock, StateInformationMiddleware>,
}

impl Limit {
    fn new(quota: NonZeroU32, clock: &Arc<Clock>) -> Self {
        let rate = Quota::per_minute(quota);
        Self {
            quota,
            limiter: RateLimiter::new(rate, BucketStore::default(), GovernorClock(Arc::clone(clock))),
        }
    }

    fn check(&self, address: IpAddr) -> RateLimitStatus {
        use governor::clock::Clock as _;
        let (quota, window) = (self.quota.get(), WINDOW.as_secs());
        match self.limiter.check_key(&rate_limit_key(address)) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                let effective = (u64::from(remaining) * window).div_ceil(u64::from(quota)).max(1);
                RateLimitStatus { quota, window, remaining, effective_window: effective, retry_after: None }
            }
            Err(until) => {
                let wait = until.wait_time_from(self.limiter.clock().now());
                let seconds = wait.as_millis().div_ceil(1000).max(1);
                let retry_after = u32::try_from(seconds).unwrap_or(u32::MAX);
                let effective_window = retry_after.into();
                RateLimitStatus {
                    quota,
                    window,
                    remaining: 0,
                    effective_window,
                    retry_after: Some(retry_after),
                }
            }
        }
    }
}

/// The buckets of the most recent addresses.
#[derive(Debug)]
struct BucketStore(Mutex<LruCache<IpAddr, Nanos>>);

impl Default for BucketStore {
    fn default() -> Self {
        // `measure_and_replace` enforces the bound. A bounded cache would allocate its whole memory at once.
        Self(Mutex::new(LruCache::unbounded()))
    }
}

impl StateStore for BucketStore {
    type Key = IpAddr;

    fn measure_and_replace<T, F, E>(&self, key: &IpAddr, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut buckets = self.0.lock();
        let (outcome, bucket) = measure(buckets.get(key).copied())?;
        buckets.put(*key, bucket);
        if buckets.len() > MAX_ADDRESSES {
            buckets.pop_lru();
        }
        Ok(outcome)
    }
}

/// Adapts the program's clock to governor.
#[derive(Debug)]
struct GovernorClock(Arc<Clock>);

impl governor::clock::Clock for GovernorClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.monotonic()
    }
}

#[cfg(test)]
mod tests {
    use super::{Limit, MAX_ADDRESSES, RateLimitStatus};
    use crate::clock::Clock;
    use chrono::{DateTime, TimeDelta};
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
    use std::sync::Arc;

    fn limit(quota: u32) -> (Limit, Arc<Clock>) {
        let clock = Arc::new(Clock::fixed(DateTime::UNIX_EPOCH));
        (Limit::new(quota.try_into().unwrap(), &clock), clock)
    }

    #[test]
    fn a_bucket_allows_bursts_and_refills_evenly() {
        let (limit, clock) = limit(30);
        let address = "192.0.2.1".parse().unwrap();
        let verdict = |remaining, effective_window, retry_after| RateLimitStatus {
            quota: 30,
            window: 60,
            remaining,
            effective_window,
            retry_after,
        };
        assert_eq!(limit.check(address), verdict(29, 58, None));
        for remaining in (0..29).rev() {
            assert_eq!(limit.check(address).remaining, remaining);
        }
        assert_eq!(limit.check(address), verdict(0, 2, Some(2)));
        // Refused requests do not count.
        clock.advance(TimeDelta::milliseconds(1500));
        assert_eq!(limit.check(address), verdict(0, 1, Some(1)));
        clock.advance(TimeDelta::milliseconds(500));
        assert_eq!(limit.check(address), verdict(0, 1, None));
        assert_eq!(
            limit.check("192.0.2.2".parse().unwrap()).remaining,
            29,
            "another address has a full bucket"
        );
        clock.advance(TimeDelta::seconds(60));
        assert_eq!(limit.check(address), verdict(29, 58, None));
    }

    #[test]
    fn an_ipv6_network_has_one_bucket() {
        let (limit, _) = limit(2);
        for (address, refused) in [
            ("2001:db8::1", false),
            ("2001:db8::2", false),
            ("2001:db8::3", true),
            ("2001:db8:0:1::1", false),
        ] {
            assert_eq!(limit.check(address.parse().unwrap()).retry_after.is_some(), refused, "{address}");
        }
    }

    /// A client with very many addresses can't fill the memory, and regular addresses are not evicted.
    #[test]
    fn the_number_of_stored_addresses_is_limited() {
        let (limit, _) = limit(3);
        let regular = IpAddr::V4(Ipv4Addr::LOCALHOST);
        for number in 0..3 * MAX_ADDRESSES {
            let network = u128::try_from(number).unwrap() << 64;
            limit.check(IpAddr::V6(Ipv6Addr::from_bits(network)));
            if number % 50_000 == 0 {
                limit.check(regular);
            }
        }
        let stored = limit.limiter.into_state_store().0.into_inner();
        assert_eq!(stored.len(), MAX_ADDRESSES);
        assert!(stored.contains(&regular));
    }
}
