//! A cache of compiled definitions, so that a definition is compiled once and not with each write. An entry is used
//! only if everything that the compilation depends on is unchanged. When the cache exceeds its memory limit, it is
//! emptied.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use jsonschema::Validator;
use parking_lot::Mutex;
use serde_json::Value;
use uuid::Uuid;

use super::cost::Costs;
use crate::entity::metafield_definition::{FieldType, Model};

/// The maximum memory of all compiled definitions, in bytes, estimated with the constants below.
const MAX_MEMORY: u64 = 32 * 1024 * 1024;
/// The bytes for a state, in the automata for both directions and their caches.
const STATE_BYTES: u64 = 256;
/// The additional bytes for a pattern: caches that grow while texts are matched.
const PATTERN_BYTES: u64 = 128 * 1024;
/// The bytes for a definition without its patterns.
const DEFINITION_BYTES: u64 = 16 * 1024;

/// A compiled definition.
#[derive(Debug)]
pub(super) struct Compiled {
    /// `None` if the definition contains an unsupported regular expression, which another program may have written.
    pub(super) validator: Option<Validator>,
    pub(super) costs: Costs,
}

/// The columns that a compiled definition depends on. `updated_at` is not enough: another program may change a row
/// without updating it.
#[derive(Debug, PartialEq)]
struct DefinitionSource {
    field_type: FieldType,
    is_list: bool,
    validations: Value,
    sub_fields: Value,
}

impl DefinitionSource {
    fn matches(&self, definition: &Model) -> bool {
        self.field_type == definition.field_type
            && self.is_list == definition.is_list
            && self.validations == definition.validations
            && self.sub_fields == definition.sub_fields
    }
}

#[derive(Default)]
struct Cache {
    entries: HashMap<Uuid, (DefinitionSource, Arc<Compiled>)>,
    memory: u64,
}

static CACHE: LazyLock<Mutex<Cache>> = LazyLock::new(Mutex::default);

/// Returns the compiled definition, if it is in the cache.
pub(super) fn cached(definition: &Model) -> Option<Arc<Compiled>> {
    let cache = CACHE.lock();
    let (source, compiled) = cache.entries.get(&definition.uuid)?;
    source.matches(definition).then(|| Arc::clone(compiled))
}

/// Returns the compiled definition from the cache. Calls `compile` on a miss.
pub(super) fn compiled(definition: &Model, compile: impl FnOnce() -> Compiled) -> Arc<Compiled> {
    if let Some(compiled) = cached(definition) {
        return compiled;
    }
    // Without the lock, so that other requests don't wait. Concurrent compilations have the same result.
    let compiled = Arc::new(compile());
    let source = DefinitionSource {
        field_type: definition.field_type,
        is_list: definition.is_list,
        validations: definition.validations.clone(),
        sub_fields: definition.sub_fields.clone(),
    };
    let mut cache = CACHE.lock();
    let memory = memory(&compiled.costs);
    if cache.memory + memory > MAX_MEMORY {
        // Rare: a shop has a handful of patterns. Definitions in use are compiled again.
        *cache = Cache::default();
    }
    if let Some((_, replaced)) = cache.entries.insert(definition.uuid, (source, Arc::clone(&compiled))) {
        cache.memory = cache.memory.saturating_sub(self::memory(&replaced.costs));
    }
    cache.memory += memory;
    compiled
}

fn memory(costs: &Costs) -> u64 {
    DEFINITION_BYTES + costs.all_states() * STATE_BYTES + costs.patterns as u64 * PATTERN_BYTES
}
