//! Runs the targets of `fuzz-harness` with libFuzzer.

pub use fuzz_harness::{TARGETS, Target, World, mutate};
pub use libfuzzer_sys;

/// The check of a target.
pub fn check_of(name: &str) -> fn(&World, &[u8]) {
    TARGETS.into_iter().find(|(target, _)| *target == name).expect("the target exists").1
}

/// Mutates an input in place. Half of the mutations are those of the stable tests, which keep JSON valid; libFuzzer does the
/// others.
pub fn mutate_in_place(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mutated = mutate::mutate(&data[..size], seed.into());
    if seed.is_multiple_of(2) && mutated.len() <= max_size {
        data[..mutated.len()].copy_from_slice(&mutated);
        return mutated.len();
    }
    libfuzzer_sys::fuzzer_mutate(data, size, max_size)
}

/// Defines the fuzz program of the target with this name.
#[macro_export]
macro_rules! target {
    ($name:literal) => {
        static WORLD: std::sync::LazyLock<$crate::World> = std::sync::LazyLock::new($crate::World::new);
        $crate::libfuzzer_sys::fuzz_target!(|input: &[u8]| $crate::check_of($name)(&WORLD, input));
        $crate::libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            $crate::mutate_in_place(data, size, max_size, seed)
        });
    };
}
