//! Definitions as values are checked by them: compiled once, not with each write.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::Validator;
use serde_json::Value;
use uuid::Uuid;

use super::cost::Costs;
use crate::entity::metafield_definition::{FieldType, Model};

/// The memory that compiled definitions take at most, in bytes, estimated.
const MAX_MEMORY: u64 = 32 * 1024 * 1024;
/// What a state takes, in the automata for both directions and their caches.
const STATE: u64 = 256;
/// What a pattern takes besides: caches that grow while texts are matched.
const PATTERN: u64 = 128 * 1024;
/// What a definition takes besides its patterns.
const DEFINITION: u64 = 16 * 1024;

/// A definition that values can be checked by.
#[derive(Debug)]
pub(super) struct Compiled {
    /// None when a regular expression in it isn't supported: another program may have written it.
    pub(super) validator: Option<Validator>,
    /// What checking a value costs.
    pub(super) costs: Costs,
}

/// All that a compiled definition depends on. Compared as a whole: another program may change a row without a later
/// time stamp.
#[derive(Debug, PartialEq)]
struct Source {
    field_type: FieldType,
    is_list: bool,
    validations: Value,
    sub_fields: Value,
}

impl Source {
    fn is(&self, definition: &Model) -> bool {
        self.field_type == definition.field_type
            && self.is_list == definition.is_list
            && self.validations == definition.validations
            && self.sub_fields == definition.sub_fields
    }
}

#[derive(Default)]
struct Cache {
    entries: HashMap<Uuid, (Source, Arc<Compiled>)>,
    memory: u64,
}

static CACHE: LazyLock<Mutex<Cache>> = LazyLock::new(Mutex::default);

/// The definition, if it is compiled already.
pub(super) fn cached(definition: &Model) -> Option<Arc<Compiled>> {
    let cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    let (source, compiled) = cache.entries.get(&definition.uuid)?;
    source.is(definition).then(|| Arc::clone(compiled))
}

/// The definition, compiled by `compile` when it isn't yet.
pub(super) fn compiled(definition: &Model, compile: impl FnOnce() -> Compiled) -> Arc<Compiled> {
    if let Some(compiled) = cached(definition) {
        return compiled;
    }
    // Not under the lock: others need not wait. Two that do it at once do the same.
    let compiled = Arc::new(compile());
    let source = Source {
        field_type: definition.field_type,
        is_list: definition.is_list,
        validations: definition.validations.clone(),
        sub_fields: definition.sub_fields.clone(),
    };
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    let memory = memory(&compiled.costs);
    if cache.memory + memory > MAX_MEMORY {
        // Rare: a shop has a handful of patterns. What is still needed is compiled again.
        *cache = Cache::default();
    }
    if let Some((_, replaced)) = cache.entries.insert(definition.uuid, (source, Arc::clone(&compiled))) {
        cache.memory = cache.memory.saturating_sub(self::memory(&replaced.costs));
    }
    cache.memory += memory;
    compiled
}

fn memory(costs: &Costs) -> u64 {
    DEFINITION + costs.all_states() * STATE + costs.patterns as u64 * PATTERN
}
