//! Mutations of inputs: of values in JSON, of bytes otherwise. The same seed gives the same mutations.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Map, Value, json};

/// Texts that often cause errors.
const TEXTS: &[&str] = &[
    "",
    " ",
    "\0",
    "\n",
    "\r",
    "\"",
    "'",
    "%",
    "_",
    "\\",
    ",",
    ";",
    "\t",
    ".",
    "@",
    "0",
    "1",
    "-1",
    "1.0",
    "1e3",
    "true",
    "null",
    "\u{e9}",
    "e\u{301}",
    "\u{130}",
    "\u{df}",
    "\u{1e9e}",
    "\u{3c2}",
    "\u{212a}",
    "\u{fb01}",
    "\u{200b}",
    "\u{202e}",
    "\u{feff}",
    "\u{1f600}",
    "\u{ffff}",
    "\u{85}",
    "2147483648",
    "9223372036854775808",
    "2026-01-31",
    "2025-12-31T23:59:60Z",
    "US-CA",
    "us",
    "a@x.io",
    "$2b$10$",
    "metafields.f.integer",
    "addresses.1.city",
    "433ba97f-8be7-4be9-be3f-a9f341f2b89f",
];

/// Returns a copy of an input with at least one mutation, and seldom more than a few.
pub fn mutate(input: &[u8], seed: u64) -> Vec<u8> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut mutated = input.to_vec();
    loop {
        mutated = mutate_once(&mutated, &mut random);
        if random.random_ratio(1, 2) {
            return mutated;
        }
    }
}

fn mutate_once(input: &[u8], random: &mut StdRng) -> Vec<u8> {
    // Files have one customer per line.
    let mut lines: Vec<Vec<u8>> = input.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let whole = serde_json::from_slice::<Value>(input).ok();
    let at = random.random_range(0..lines.len());
    let value = whole.clone().or_else(|| serde_json::from_slice(&lines[at]).ok());
    match value {
        Some(mut value) if random.random_ratio(7, 8) => {
            let mut index = random.random_range(0..count_values(&value));
            visit(&mut value, &mut index, random);
            if whole.is_some() {
                return value.to_string().into_bytes();
            }
            lines[at] = value.to_string().into_bytes();
            lines.join(&b'\n')
        }
        _ => mutate_bytes(input, random),
    }
}

/// Counts the values in a value, including itself.
fn count_values(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count_values).sum::<usize>(),
        Value::Object(fields) => fields.values().map(count_values).sum(),
        _ => 0,
    }
}

/// Changes the value with this index in depth-first order. Returns whether it was found.
fn visit(value: &mut Value, index: &mut usize, random: &mut StdRng) -> bool {
    if *index == 0 {
        change(value, random);
        return true;
    }
    *index -= 1;
    match value {
        Value::Array(items) => items.iter_mut().any(|item| visit(item, index, random)),
        Value::Object(fields) => fields.values_mut().any(|field| visit(field, index, random)),
        _ => false,
    }
}

fn change(value: &mut Value, random: &mut StdRng) {
    if random.random_ratio(1, 4) {
        *value = random_value(random);
        return;
    }
    match value {
        Value::String(text) => {
            *text = String::from_utf8_lossy(&mutate_bytes(text.as_bytes(), random)).into_owned()
        }
        Value::Array(items) => match random.random_range(0..3) {
            0 => items.push(random_value(random)),
            1 => items.truncate(items.len() / 2),
            _ => items.extend(items.clone()),
        },
        Value::Object(fields) => change_fields(fields, random),
        _ => *value = random_value(random),
    }
}

fn change_fields(fields: &mut Map<String, Value>, random: &mut StdRng) {
    let names: Vec<String> = fields.keys().cloned().collect();
    let Some(name) = names.choose(random) else {
        fields.insert("a".to_owned(), random_value(random));
        return;
    };
    let value = fields.remove(name).unwrap_or_default();
    match random.random_range(0..4) {
        0 => {}
        1 => {
            let name = String::from_utf8_lossy(&mutate_bytes(name.as_bytes(), random)).into_owned();
            fields.insert(name, value);
        }
        2 => {
            let other = names.choose(random).unwrap_or(name);
            fields.insert(other.clone(), value.clone());
            fields.insert(name.clone(), value);
        }
        _ => {
            fields.insert(name.clone(), json!({ name.as_str(): value }));
        }
    }
}

fn random_value(random: &mut StdRng) -> Value {
    let numbers = [
        json!(0),
        json!(1),
        json!(-1),
        json!(1.0),
        json!(-0.0),
        json!(0.5),
        json!(1e300),
        json!(5e-324),
        json!(i32::MAX),
        json!(2_147_483_648_i64),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(9_007_199_254_740_993_i64),
    ];
    match random.random_range(0..6) {
        0 => Value::Null,
        1 => random.random::<bool>().into(),
        2 => numbers.choose(random).cloned().unwrap_or_default(),
        3 => json!([]),
        4 => json!({}),
        _ => TEXTS.choose(random).copied().unwrap_or_default().into(),
    }
}

fn mutate_bytes(input: &[u8], random: &mut StdRng) -> Vec<u8> {
    let mut output = input.to_vec();
    let at = random.random_range(0..=input.len());
    let end = random.random_range(at..=input.len());
    match random.random_range(0..6) {
        0 if at < input.len() => output[at] ^= 1 << random.random_range(0..8),
        1 => drop(output.drain(at..end)),
        2 => drop(output.splice(end..end, input[at..end].iter().copied())),
        3 => output.insert(at, random.random()),
        4 => {
            let filling = std::iter::repeat_n(*input.get(at).unwrap_or(&b'a'), random.random_range(1..400));
            drop(output.splice(at..at, filling));
        }
        _ => {
            let text = TEXTS.choose(random).copied().unwrap_or_default();
            drop(output.splice(at..end.min(at + text.len()), text.bytes()));
        }
    }
    output
}

#[cfg(test)]
mod tests {
    use super::mutate;

    #[test]
    fn mutations_are_repeatable_and_mostly_json() {
        let input = br#"{"a": [1, "b"], "c": {"d": null}}"#;
        let mutated: Vec<Vec<u8>> = (0..1000).map(|seed| mutate(input, seed)).collect();
        assert!((0..1000).zip(&mutated).all(|(seed, output)| mutate(input, seed) == *output));
        let json =
            mutated.iter().filter(|output| serde_json::from_slice::<serde_json::Value>(output).is_ok());
        assert!(json.count() > 600);
        let distinct: std::collections::HashSet<_> = mutated.iter().collect();
        assert!(distinct.len() > 500);
    }
}
