//! Measures the memory and time of requests. A separate test binary, since the measurements cover the whole process.

mod runner;

use fuzz_harness::World;

#[test]
fn no_request_costs_more_than_the_limits() {
    runner::run_target("cost", World::new(), 150);
}
