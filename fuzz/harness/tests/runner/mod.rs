//! Tries the corpus of a target, and mutations of it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use fuzz_harness::{TARGETS, World, mutate};

/// Inputs of a corpus, in the order of their names.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus").join(name);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).expect("an input")).collect()
}

/// Tries the corpus of a target, and so many mutations of it; always the same.
pub(crate) fn try_target(name: &str, world: World, mutations: u64) {
    let (_, check) = TARGETS.into_iter().find(|(target, _)| *target == name).expect("there is such a target");
    let mutations =
        std::env::var("PATRON_FUZZ_INPUTS").map_or(mutations, |text| text.parse().expect("a number"));
    let corpus = corpus(name);
    assert!(!corpus.is_empty(), "there is nothing to begin with");
    let holds = |input: &[u8]| {
        let outcome = catch_unwind(AssertUnwindSafe(|| check(&world, input)));
        if outcome.is_err() {
            let text: String =
                input.iter().flat_map(|byte| std::ascii::escape_default(*byte)).map(char::from).collect();
            eprintln!("{name}, an input of {} bytes: b\"{text}\"", input.len());
        }
        outcome.is_ok()
    };
    // All of the corpus, so that a report is complete.
    let broken = corpus.iter().filter(|input| !holds(input)).count();
    assert_eq!(broken, 0, "inputs of the corpus break what is promised");
    for (seed, input) in (0..mutations).zip(corpus.iter().cycle()) {
        assert!(holds(&mutate::mutate(input, seed)), "a mutation breaks what is promised: seed {seed}");
    }
}
