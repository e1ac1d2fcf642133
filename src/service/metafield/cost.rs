//! The cost of validating custom fields, computed before the validation.
//!
//! In the worst case, a regular expression takes a step for each of its states and each byte of the text. The engine
//! can't be interrupted, so the steps are counted in advance, and a request that exceeds its budget is rejected. Unlike
//! a duration, the number of steps is the same on each machine: a value that was accepted once is accepted again.

use std::collections::HashMap;
use std::time::Duration;

use regex_automata::nfa::thompson::{self, NFA, WhichCaptures};
use serde_json::Value;

use crate::clock::Timer;

/// The maximum size of a compiled regular expression, in bytes. New definitions have lower limits: see `rules.rs`.
pub(super) const MAX_COMPILED: usize = 64 * 1024;
/// The maximum number of steps for the values of one request. A step takes at most 20 ns, measured, so the limit is a
/// fifth of a second.
const MAX_STEPS: u64 = 10_000_000;
/// Up to this number of steps, values are validated on the request's thread: changing the thread would take longer.
const LIGHT: u64 = 100_000;
/// The maximum duration of the validation of one request's values. Only an overloaded machine reaches it.
const MAX_TIME: Duration = Duration::from_secs(5);
/// The number of states that is assumed for a pattern that can't be compiled: no more fit into [`MAX_COMPILED`].
const ASSUMED_STATES: usize = 2000;

/// Counts the states of a regular expression. `None` if it is invalid or too large to be compiled.
pub(super) fn states(pattern: &str) -> Option<usize> {
    let pattern = jsonschema_regex::to_rust_regex(pattern).ok()?;
    let config =
        thompson::Config::new().nfa_size_limit(Some(MAX_COMPILED)).which_captures(WhichCaptures::Implicit);
    let nfa: NFA = thompson::Compiler::new().configure(config).build(&pattern).ok()?;
    Some(nfa.states().len())
}

/// The cost of a byte of a value, for a field and its sub-fields.
#[derive(Debug, Default)]
pub(super) struct Costs {
    /// The sum of the states of all patterns that a text of this field has to match.
    states: u64,
    /// The costs of the sub-fields of a group, by their keys.
    fields: HashMap<String, Self>,
    /// The number of patterns, including those of all sub-fields.
    pub(super) patterns: usize,
}

impl Costs {
    /// Computes the costs of a field with these patterns and sub-fields.
    pub(super) fn new<'a>(
        patterns: impl Iterator<Item = &'a str>,
        fields: impl Iterator<Item = (String, Self)>,
    ) -> Self {
        let mut costs = Self::default();
        for pattern in patterns {
            costs.states += states(pattern).unwrap_or(ASSUMED_STATES) as u64;
            costs.patterns += 1;
        }
        for (key, field) in fields {
            costs.patterns += field.patterns;
            costs.fields.insert(key, field);
        }
        costs
    }

    /// The sum of the states of all patterns, on all levels.
    pub(super) fn all_states(&self) -> u64 {
        self.states + self.fields.values().map(Self::all_states).sum::<u64>()
    }

    /// The maximum number of steps to validate this value.
    pub(super) fn of(&self, value: &Value) -> u64 {
        match value {
            Value::String(text) => 1 + (text.len() as u64).saturating_mul(1 + self.states),
            Value::Array(items) => items.iter().fold(1, |sum, item| sum.saturating_add(self.of(item))),
            Value::Object(fields) => fields.iter().fold(1, |sum, (key, value)| {
                let no_costs = Self::default();
                sum.saturating_add(key.len() as u64 + self.fields.get(key).unwrap_or(&no_costs).of(value))
            }),
            Value::Null | Value::Bool(_) | Value::Number(_) => 1,
        }
    }
}

/// Whether a validation with this number of steps is cheap enough for the thread of the request.
pub(super) fn is_light(steps: u64) -> bool {
    steps <= LIGHT
}

/// The remaining steps and time for the values of one request, or of one line of an import file.
#[derive(Debug)]
pub(in crate::service) struct ValidationBudget {
    steps: u64,
    timer: Timer,
}

impl ValidationBudget {
    pub(in crate::service) fn new() -> Self {
        Self { steps: MAX_STEPS, timer: Timer::start() }
    }

    /// Subtracts steps from the budget. Returns false, and subtracts nothing, if the budget is exceeded.
    pub(super) fn spend(&mut self, steps: u64) -> bool {
        match self.steps.checked_sub(steps) {
            Some(remaining) if self.timer.elapsed() <= MAX_TIME => {
                self.steps = remaining;
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Costs, ValidationBudget, states};

    #[test]
    fn the_states_of_a_pattern_are_counted_up_to_the_size_limit() {
        for (pattern, min, max) in [
            ("^[A-Z]{2}[0-9]{2}[A-Z0-9]{1,30}$", 30, 120),
            ("^[A-Z]+$", 3, 20),
            (r"^\S+@\S+\.\w{2,10}$", 10, 400),
            ("[ab]*a[ab]{400}y", 401, 500),
        ] {
            let states = states(pattern).unwrap();
            assert!((min..=max).contains(&states), "{pattern}: {states}");
        }
        assert_eq!(states("((a{100}){100}){100}"), None, "larger than the compiler allows");
    }

    #[test]
    fn the_cost_of_a_text_is_its_bytes_times_the_states() {
        let inner = Costs { states: 9, ..Costs::default() };
        let costs = Costs { fields: [("a".to_owned(), inner)].into(), ..Costs::default() };
        assert_eq!(
            costs.of(&json!({"a": ["xx", "y"], "b": "zzz"})),
            1 + 1 + (1 + 1 + 20 + 1 + 10) + 1 + (1 + 3)
        );
        let mut budget = ValidationBudget::new();
        assert!(budget.spend(6_000_000) && !budget.spend(6_000_000) && budget.spend(4_000_000));
    }
}
