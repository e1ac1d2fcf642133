//! The requests with idempotency keys that run on this instance.

use std::collections::HashSet;
use std::sync::Arc;

use parking_lot::Mutex;

/// The running requests with keys of this instance, by scope.
#[derive(Clone, Debug, Default)]
pub struct RunningKeys(Arc<Mutex<HashSet<String>>>);

/// A running request. Dropping it removes the request from [`RunningKeys`].
#[derive(Debug)]
pub(super) struct RunningKey {
    running_keys: RunningKeys,
    scope: String,
}

impl RunningKeys {
    pub(super) fn enter(&self, scope: &str) -> Option<RunningKey> {
        let mut scopes = self.0.lock();
        scopes
            .insert(scope.to_owned())
            .then(|| RunningKey { running_keys: self.clone(), scope: scope.to_owned() })
    }
}

impl Drop for RunningKey {
    fn drop(&mut self) {
        self.running_keys.0.lock().remove(&self.scope);
    }
}
