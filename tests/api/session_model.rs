//! After any sequence of actions of customers and admins, exactly those access tokens are valid that a small model
//! predicts.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use super::session_world::World;
use crate::support::{Backend, TestApp};

/// An action. Its number selects one of the existing accounts, token pairs or links.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Register,
    LogIn(usize),
    LogInWithAnOldPassword(usize),
    Refresh(usize),
    Revoke(usize),
    ChangePassword(usize),
    RequestReset(usize),
    Reset(usize),
    EndAllSessions(usize),
    Disable(usize),
    Enable(usize),
    SetPasswordAsAdmin(usize),
    Delete(usize),
}

fn step() -> impl Strategy<Value = Step> {
    use Step::*;
    let any = 0..64_usize;
    prop_oneof![
        1 => Just(Register),
        5 => any.clone().prop_map(LogIn),
        1 => any.clone().prop_map(LogInWithAnOldPassword),
        6 => any.clone().prop_map(Refresh),
        2 => any.clone().prop_map(Revoke),
        2 => any.clone().prop_map(ChangePassword),
        2 => any.clone().prop_map(RequestReset),
        2 => any.clone().prop_map(Reset),
        1 => any.clone().prop_map(EndAllSessions),
        1 => any.clone().prop_map(Disable),
        2 => any.clone().prop_map(Enable),
        1 => any.clone().prop_map(SetPasswordAsAdmin),
        1 => any.prop_map(Delete),
    ]
}

async fn play(app: &TestApp, start: usize, steps: &[Step]) -> Result<(), TestCaseError> {
    let mut world = World::new(app, start);
    world.run_step(Step::Register).await;
    for (number, step) in steps.iter().enumerate() {
        if let Some((status, expected)) = world.run_step(*step).await {
            prop_assert_eq!(status, expected, "step {}: {:?}", number, step);
        }
        world.check().await?;
    }
    Ok(())
}

fn any_sequence(backend: Backend) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    // The steps use wrong passwords on purpose. tests/api/login_backoff.rs tests the limits.
    let app = runtime.block_on(TestApp::start_with(backend, |flags| {
        flags.with("PATRON_RATE_LIMITS", "off").with("PATRON_EMAIL_VERIFICATION", "off")
    }));
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    let cases = std::cell::Cell::new(0);
    let outcome = runner.run(&proptest::collection::vec(step(), 1..20), |steps| {
        cases.set(cases.get() + 1000);
        runtime.block_on(play(&app, cases.get(), &steps))
    });
    runtime.block_on(app.stop());
    outcome.unwrap();
}

#[test]
fn any_sequence_of_steps_sqlite() {
    any_sequence(Backend::Sqlite);
}

#[test]
fn any_sequence_of_steps_postgres() {
    any_sequence(Backend::Postgres);
}
