//! What the metrics of several parts have in common: histograms of durations, values of gauges, and names as labels.

use std::collections::HashSet;

use parking_lot::RwLock;
use prometheus_client::metrics::histogram::Histogram;

/// The buckets of durations in seconds, from the time of a lookup to the maximum time of a request.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Interns a name of patron as a label. Names are stored once and never freed. Their number is bounded by the routes, the root
/// fields and the settings, so it must not be called with data from clients.
pub fn intern(name: &str) -> &'static str {
    static NAMES: RwLock<Option<HashSet<&'static str>>> = RwLock::new(None);
    let interned_name = NAMES.read().as_ref().and_then(|all| all.get(name).copied());
    interned_name.unwrap_or_else(|| {
        let mut all = NAMES.write();
        let all = all.get_or_insert_default();
        // Another thread may have inserted the name in between.
        let known = all.get(name).copied();
        known.unwrap_or_else(|| {
            let name: &'static str = Box::leak(name.into());
            all.insert(name);
            name
        })
    })
}

/// A histogram of durations.
pub(super) fn durations() -> Histogram {
    Histogram::new(SECONDS)
}

/// The value of a gauge.
pub(super) fn as_gauge(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
