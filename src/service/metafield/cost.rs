//! What it costs to check values: known before it is done, so that a request is refused instead of interrupted.
//!
//! A regular expression takes, at worst, a step for each of its states and each byte of the text. The engine can't be
//! interrupted, so the steps are counted beforehand. They are the same on each machine and each time, unlike a time:
//! a value that is accepted once is accepted again.

use std::collections::HashMap;
use std::time::Duration;

use regex_automata::nfa::thompson::{self, NFA, WhichCaptures};
use serde_json::Value;

use super::schema::MAX_COMPILED;
use crate::clock::Timer;

/// The most steps that checking the values of one request takes. 20 ns each were measured at worst, so this is a fifth
/// of a second.
const MAX_STEPS: u64 = 10_000_000;
/// Up to so many steps values are checked where the request is: handing them to another thread would take longer.
const LIGHT: u64 = 100_000;
/// The longest that one request's values are checked. Only a machine that does nothing else for that long reaches it.
const MAX_TIME: Duration = Duration::from_secs(5);
/// What is counted for a pattern that can't be measured: no more states fit into [`MAX_COMPILED`].
const UNMEASURED: usize = 2000;

/// The states of a regular expression; none when it is none, or is too large to be compiled.
pub(super) fn states(pattern: &str) -> Option<usize> {
    let pattern = jsonschema_regex::to_rust_regex(pattern).ok()?;
    let config =
        thompson::Config::new().nfa_size_limit(Some(MAX_COMPILED)).which_captures(WhichCaptures::Implicit);
    let nfa: NFA = thompson::Compiler::new().configure(config).build(&pattern).ok()?;
    Some(nfa.states().len())
}

/// What a byte of a value costs, by where it stands in the value.
#[derive(Debug, Default)]
pub(super) struct Costs {
    /// The states of all patterns that a text of this field has to match.
    states: u64,
    /// The fields of a group.
    fields: HashMap<String, Self>,
    /// How many patterns there are, with those of all sub-fields.
    pub(super) patterns: usize,
}

impl Costs {
    /// The costs of a field with these patterns and sub-fields.
    pub(super) fn new<'a>(
        patterns: impl Iterator<Item = &'a str>,
        fields: impl Iterator<Item = (String, Self)>,
    ) -> Self {
        let mut costs = Self::default();
        for pattern in patterns {
            costs.states += states(pattern).unwrap_or(UNMEASURED) as u64;
            costs.patterns += 1;
        }
        for (key, field) in fields {
            costs.patterns += field.patterns;
            costs.fields.insert(key, field);
        }
        costs
    }

    /// The states of all patterns, on all levels.
    pub(super) fn all_states(&self) -> u64 {
        self.states + self.fields.values().map(Self::all_states).sum::<u64>()
    }

    /// The steps that checking this value takes at most.
    pub(super) fn of(&self, value: &Value) -> u64 {
        match value {
            Value::String(text) => 1 + (text.len() as u64).saturating_mul(1 + self.states),
            Value::Array(items) => items.iter().fold(1, |sum, item| sum.saturating_add(self.of(item))),
            Value::Object(fields) => fields.iter().fold(1, |sum, (key, value)| {
                let none = Self::default();
                sum.saturating_add(key.len() as u64 + self.fields.get(key).unwrap_or(&none).of(value))
            }),
            Value::Null | Value::Bool(_) | Value::Number(_) => 1,
        }
    }
}

/// Whether so many steps are few.
pub(super) fn is_light(steps: u64) -> bool {
    steps <= LIGHT
}

/// What is left for the values of one request, or of one line of a file.
#[derive(Debug)]
pub(in crate::service) struct Budget {
    steps: u64,
    watch: Timer,
}

impl Budget {
    /// The whole of it.
    pub(in crate::service) fn new() -> Self {
        Self { steps: MAX_STEPS, watch: Timer::start() }
    }

    /// Takes so many steps out of it; false when it hasn't as many.
    pub(super) fn spend(&mut self, steps: u64) -> bool {
        match self.steps.checked_sub(steps) {
            Some(left) if self.watch.elapsed() <= MAX_TIME => {
                self.steps = left;
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Budget, Costs, states};

    #[test]
    fn states_of_patterns() {
        for (pattern, least, most) in [
            ("^[A-Z]{2}[0-9]{2}[A-Z0-9]{1,30}$", 30, 120),
            ("^[A-Z]+$", 3, 20),
            (r"^\S+@\S+\.\w{2,10}$", 10, 400),
            ("[ab]*a[ab]{400}y", 401, 500),
        ] {
            let states = states(pattern).unwrap();
            assert!((least..=most).contains(&states), "{pattern}: {states}");
        }
        assert_eq!(states("((a{100}){100}){100}"), None, "beyond the size that is compiled");
    }

    #[test]
    fn a_value_costs_its_bytes_times_the_states() {
        let inner = Costs { states: 9, ..Costs::default() };
        let costs = Costs { fields: [("a".to_owned(), inner)].into(), ..Costs::default() };
        assert_eq!(
            costs.of(&json!({"a": ["xx", "y"], "b": "zzz"})),
            1 + 1 + (1 + 1 + 20 + 1 + 10) + 1 + (1 + 3)
        );
        let mut budget = Budget::new();
        assert!(budget.spend(6_000_000) && !budget.spend(6_000_000) && budget.spend(4_000_000));
    }
}
