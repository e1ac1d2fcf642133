//! What requests cost, in a process of its own: memory and time are measured of all of it, so nothing else may run.

mod runner;

use fuzz_harness::World;

#[test]
fn no_request_costs_more_than_the_limits() {
    runner::try_target("cost", World::new(), 150);
}
