//! Properties of patron that hold for every input.
//!
//! Each target is a function of bytes that panics if a property does not hold. `fuzz/fuzz_targets/` calls the targets with
//! inputs of libFuzzer, `tests/corpora.rs` with the corpora and mutations of them. `docs/fuzzing.md` lists the targets.

mod csv_model;
mod postgres;
mod response;
mod text;
mod world;

pub mod address;
pub mod cost;
pub mod cursor;
pub mod customer;
pub mod definition;
pub mod email;
pub mod export;
pub mod filter;
pub mod group;
pub mod import;
pub mod mutate;
pub mod token;
pub mod values;

use serde_json::{Map, Value};

pub use world::World;

/// A target: its name, which is also the name of its corpus, and its check.
pub type Target = (&'static str, fn(&World, &[u8]));

/// All targets.
pub const TARGETS: [Target; 12] = [
    ("address", address::check),
    ("cost", cost::check),
    ("cursor", cursor::check),
    ("customer", customer::check),
    ("definition", definition::check),
    ("email", |_, input| email::check(input)),
    ("export", export::check),
    ("filter", filter::check),
    ("group", group::check),
    ("import", import::check),
    ("token", token::check),
    ("values", values::check),
];

/// Parses an input as a JSON object.
fn object(input: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice::<Value>(input).ok()?.as_object().cloned()
}

/// Whether two JSON values are equal; `1.0` equals `1`.
fn same_json(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same_json(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(name, value)| other.get(name).is_some_and(|other| same_json(value, other)))
        }
        _ => one == other,
    }
}
