//! Runs a fuzz target on its corpus and on mutations of it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use fuzz_harness::{TARGETS, World, mutate};

/// The inputs of a corpus, in the order of their file names.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus").join(name);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).expect("an input")).collect()
}

/// Runs a target on its corpus and on `mutations` mutations of it, which are the same in every run.
/// `PATRON_FUZZ_INPUTS` overrides the number.
pub(crate) fn run_target(name: &str, world: World, mutations: u64) {
    let (_, check) = TARGETS.into_iter().find(|(target, _)| *target == name).expect("the target exists");
    let mutations =
        std::env::var("PATRON_FUZZ_INPUTS").map_or(mutations, |text| text.parse().expect("a number"));
    let corpus = corpus(name);
    assert!(!corpus.is_empty(), "the corpus is empty");
    let passes = |input: &[u8]| {
        let outcome = catch_unwind(AssertUnwindSafe(|| check(&world, input)));
        if outcome.is_err() {
            let text: String =
                input.iter().flat_map(|byte| std::ascii::escape_default(*byte)).map(char::from).collect();
            eprintln!("{name} failed for this input of {} bytes: b\"{text}\"", input.len());
        }
        outcome.is_ok()
    };
    // The whole corpus, so that the report is complete.
    let failed = corpus.iter().filter(|input| !passes(input)).count();
    assert_eq!(failed, 0, "inputs of the corpus fail, see above");
    for (seed, input) in (0..mutations).zip(corpus.iter().cycle()) {
        assert!(passes(&mutate::mutate(input, seed)), "the mutation with seed {seed} fails, see above");
    }
}
