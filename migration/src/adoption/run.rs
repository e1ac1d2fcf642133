//! Runs changes, stage by stage, and reports the progress.

use sea_orm_migration::sea_orm::{ConnectionTrait, DbErr};

use super::change::{Change, Fill, Stage};
use super::{Progress, Report, concurrently, fill, guards, not_null, retry};

/// The steps of [`forward`], as they are reported.
pub(super) const FORWARD: [&str; 5] =
    ["tables and columns", "guards", "missing values", "indexes", "constraints"];

/// The steps of a command, of which one runs.
pub(super) struct Steps<'a> {
    report: Report<'a>,
    names: &'a [&'static str],
    /// The number of the running step, from 1.
    step: usize,
}

impl<'a> Steps<'a> {
    pub(super) fn new(report: Report<'a>, names: &'a [&'static str]) -> Self {
        Self { report, names, step: 0 }
    }

    /// Starts the next step.
    pub(super) fn next(&mut self) {
        self.step += 1;
    }

    /// Reports what the running step has done.
    pub(super) fn report(&mut self, done: u64, total: u64) {
        let Some(name) = self.names.get(self.step.saturating_sub(1)).copied() else { return };
        let progress = Progress { step: self.step, steps: self.names.len(), name, done, total };
        (self.report)(progress);
    }
}

/// Runs the changes that apply migrations. `is_guarded`: whether the shop writes too.
pub(super) async fn forward(
    db: &impl ConnectionTrait,
    changes: &[Change],
    is_guarded: bool,
    steps: &mut Steps<'_>,
) -> Result<(), DbErr> {
    stage(db, changes, Stage::Schema, steps).await?;
    let mut statements = Vec::new();
    if is_guarded {
        statements = guards::narrow_event_triggers();
        statements.extend(guards::create());
    }
    batches(db, &statements, steps).await?;
    let fills: Vec<Fill> = changes.iter().filter_map(fill_of).collect();
    fill::run(db, &fills, steps).await?;
    stage(db, changes, Stage::Indexes, steps).await?;
    stage(db, changes, Stage::Constraints, steps).await
}

fn fill_of(change: &Change) -> Option<Fill> {
    if let Change::Fill(fill) = change { Some(*fill) } else { None }
}

/// Runs the changes of a stage as the next step.
pub(super) async fn stage(
    db: &impl ConnectionTrait,
    changes: &[Change],
    stage: Stage,
    steps: &mut Steps<'_>,
) -> Result<(), DbErr> {
    let changes: Vec<&Change> = changes.iter().filter(|change| change.stage() == stage).collect();
    steps.next();
    for (done, change) in (1..).zip(&changes) {
        match change {
            Change::Statement(sql) => retry::execute(db, sql).await?,
            Change::Fill(_) => {}
            Change::Index { name, sql } => concurrently::create(db, name, sql).await?,
            Change::NotNull { table, column } => not_null::add(db, table, column).await?,
            Change::DropIndex(name) => concurrently::drop(db, name).await?,
            Change::Nullable { table, column } => not_null::remove(db, table, column).await?,
        }
        steps.report(done, changes.len() as u64);
    }
    Ok(())
}

/// Runs statements as the next step, each as a transaction.
pub(super) async fn batches(
    db: &impl ConnectionTrait,
    statements: &[String],
    steps: &mut Steps<'_>,
) -> Result<(), DbErr> {
    steps.next();
    for (done, statement) in (1..).zip(statements) {
        retry::execute(db, statement).await?;
        steps.report(done, statements.len() as u64);
    }
    Ok(())
}
