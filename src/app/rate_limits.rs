//! How often one network address may ask for what anybody may ask for, in this process: the first line, which costs
//! nothing. What all instances have to agree on is counted in the database (`service::throttle`).
//!
//! Each address has a bucket per policy, as large as what is allowed in a minute, that fills up evenly (the generic
//! cell rate algorithm, by the crate governor). Of the addresses that came last so many are kept, and no more: one that
//! was quiet for long enough to be forgotten starts with a full bucket, as it would have by then or soon after.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::{Quota, RateLimiter};
use lru::LruCache;

use crate::clock::Clock;
use crate::config::LimitConfig;
use crate::types::rate_limit_key;

/// The time in which a bucket fills up.
const WINDOW: Duration = Duration::from_secs(60);
/// The addresses that are kept for each policy; of each some 100 bytes.
const MOST_ADDRESSES: usize = 100_000;

/// What is limited, each by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Requests for which a password is hashed, some ten milliseconds of a processor each.
    Passwords,
    /// Requests that only come with a token of some kind, or ask for one by mail.
    Tokens,
}

impl Policy {
    /// Its name in the header fields.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passwords => "passwords",
            Self::Tokens => "tokens",
        }
    }
}

/// What a policy says of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How many requests are allowed in a [`window`](Self::window).
    pub quota: u32,
    /// In seconds.
    pub window: u64,
    /// How many would be allowed at once now.
    pub remaining: u32,
    /// In how many seconds as many are allowed anew as remain: whoever spreads those over them is never refused.
    pub effective_window: u64,
    /// When it is refused: the seconds until the next one is allowed.
    pub retry_after: Option<u32>,
}

/// The limits of all addresses.
#[derive(Debug)]
pub struct RateLimits {
    passwords: Limit,
    tokens: Limit,
}

impl RateLimits {
    /// With these quotas a minute.
    pub fn new(config: &LimitConfig, clock: &Arc<Clock>) -> Self {
        Self {
            passwords: Limit::new(config.passwords_per_address, clock),
            tokens: Limit::new(config.tokens_per_address, clock),
        }
    }

    /// Counts a request.
    pub fn check(&self, policy: Policy, address: IpAddr) -> Verdict {
        match policy {
            Policy::Passwords => self.passwords.check(address),
            Policy::Tokens => self.tokens.check(address),
        }
    }
}

#[derive(Debug)]
struct Limit {
    quota: NonZeroU32,
    limiter: RateLimiter<IpAddr, Recent, Ticks, StateInformationMiddleware>,
}

impl Limit {
    fn new(quota: NonZeroU32, clock: &Arc<Clock>) -> Self {
        let rate = Quota::per_minute(quota);
        Self { quota, limiter: RateLimiter::new(rate, Recent::default(), Ticks(Arc::clone(clock))) }
    }

    fn check(&self, address: IpAddr) -> Verdict {
        use governor::clock::Clock as _;
        let (quota, window) = (self.quota.get(), WINDOW.as_secs());
        match self.limiter.check_key(&rate_limit_key(address)) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                let effective = (u64::from(remaining) * window).div_ceil(u64::from(quota)).max(1);
                Verdict { quota, window, remaining, effective_window: effective, retry_after: None }
            }
            Err(until) => {
                let wait = until.wait_time_from(self.limiter.clock().now());
                let seconds = wait.as_millis().div_ceil(1000).max(1);
                let retry_after = u32::try_from(seconds).unwrap_or(u32::MAX);
                let effective_window = retry_after.into();
                Verdict { quota, window, remaining: 0, effective_window, retry_after: Some(retry_after) }
            }
        }
    }
}

/// The buckets of the addresses that came last.
#[derive(Debug)]
struct Recent(Mutex<LruCache<IpAddr, Nanos>>);

impl Default for Recent {
    fn default() -> Self {
        // Bounded below: one that knows its bound takes the memory for it at once.
        Self(Mutex::new(LruCache::unbounded()))
    }
}

impl StateStore for Recent {
    type Key = IpAddr;

    fn measure_and_replace<T, F, E>(&self, key: &IpAddr, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (outcome, bucket) = measure(buckets.get(key).copied())?;
        buckets.put(*key, bucket);
        if buckets.len() > MOST_ADDRESSES {
            buckets.pop_lru();
        }
        Ok(outcome)
    }
}

/// The program's clock, as governor reads it.
#[derive(Debug)]
struct Ticks(Arc<Clock>);

impl governor::clock::Clock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.monotonic()
    }
}

#[cfg(test)]
mod tests {
    use super::{Limit, MOST_ADDRESSES, Verdict};
    use crate::clock::Clock;
    use chrono::{DateTime, TimeDelta};
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
    use std::sync::Arc;

    fn limit(quota: u32) -> (Limit, Arc<Clock>) {
        let clock = Arc::new(Clock::fixed(DateTime::UNIX_EPOCH));
        (Limit::new(quota.try_into().unwrap(), &clock), clock)
    }

    #[test]
    fn a_bucket_empties_at_once_and_fills_up_evenly() {
        let (limit, clock) = limit(30);
        let address = "192.0.2.1".parse().unwrap();
        let verdict = |remaining, effective_window, retry_after| Verdict {
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
        // To be refused costs nothing.
        clock.advance(TimeDelta::milliseconds(1500));
        assert_eq!(limit.check(address), verdict(0, 1, Some(1)));
        clock.advance(TimeDelta::milliseconds(500));
        assert_eq!(limit.check(address), verdict(0, 1, None));
        assert_eq!(limit.check("192.0.2.2".parse().unwrap()).remaining, 29, "another's is full");
        clock.advance(TimeDelta::seconds(60));
        assert_eq!(limit.check(address), verdict(29, 58, None));
    }

    #[test]
    fn a_network_of_ipv6_has_one_bucket() {
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

    /// Whoever has very many addresses fills no memory, and those that come again and again stay known.
    #[test]
    fn so_many_addresses_are_kept_and_no_more() {
        let (limit, _) = limit(3);
        let regular = IpAddr::V4(Ipv4Addr::LOCALHOST);
        for number in 0..3 * MOST_ADDRESSES {
            let network = u128::try_from(number).unwrap() << 64;
            limit.check(IpAddr::V6(Ipv6Addr::from_bits(network)));
            if number % 50_000 == 0 {
                limit.check(regular);
            }
        }
        let kept = limit.limiter.into_state_store().0.into_inner().unwrap();
        assert_eq!(kept.len(), MOST_ADDRESSES);
        assert!(kept.contains(&regular));
    }
}
