//! The commands that change the database: the adoption, its undo, and its end.

use serde_json::json;

use super::ask::{confirm, until_interrupted};
use super::decision_file::{AppliedRecord, read_decisions};
use super::options::{Options, OutputFormat};
use super::step_progress::StepProgress;
use super::summary::{adopted_result, adopted_summary, pretty, print_report};
use crate::app::ctx::AdminCtx;
use crate::cli::exit::{CommandFailure, print};
use crate::cli::text::timestamp;
use crate::error::Error;
use crate::service::adoption::{
    self, AdoptionReport, AdoptionSession, DatabaseState, Decisions, Phase, Progress, Severity,
};

/// What continues an adoption that was interrupted.
const CONTINUE: &str = "`patron adopt` continues the adoption, and `patron adopt --undo` takes it back";

/// Adopts the database, or continues an adoption that was interrupted.
pub(super) async fn adopt(
    ctx: &AdminCtx,
    state: &DatabaseState,
    options: &Options,
) -> Result<(), CommandFailure> {
    let format = options.result_format();
    if let DatabaseState::Adopted(adoption) = state
        && matches!(adoption.phase, Phase::Shared | Phase::Finished)
    {
        return print(&adopted_summary(adoption, format));
    }
    let decisions = options.resolve.as_deref().map(read_decisions).transpose()?;
    let session = AdoptionSession::begin(ctx).await?;
    let mut report = adoption::check(ctx).await?;
    if report.is_blocked_for_good() || (report.is_blocked() && decisions.is_none()) {
        return refuse(&report, format);
    }
    if format == OutputFormat::Human && !options.yes {
        print_report(&report, format)?;
    }
    confirm(&question(decisions.as_ref()), options.yes)?;
    if let Some(decisions) = &decisions {
        resolve(ctx, &session, options, decisions).await?;
        report = adoption::check(ctx).await?;
        if report.is_blocked() {
            return refuse(&report, format);
        }
    }
    let mut progress = StepProgress::start();
    let mut show = |step: Progress| progress.show(step);
    let work = adoption::apply(ctx, &session, &mut show);
    let adopted = until_interrupted(work, CONTINUE).await;
    let seconds = progress.finish();
    let adopted = adopted?;
    session.end().await?;
    print(&adopted_result(&adopted, seconds, format))
}

fn refuse(report: &AdoptionReport, format: OutputFormat) -> Result<(), CommandFailure> {
    print_report(report, format)?;
    let count = report.count(Severity::Blocks);
    Err(CommandFailure::Refused(format!(
        "{count} findings block the adoption; nothing of the schema was changed"
    )))
}

fn question(decisions: Option<&Decisions>) -> String {
    let first = match decisions {
        Some(decisions) => format!("Apply {} decisions, then adopt", decisions.len()),
        None => "Adopt".to_owned(),
    };
    format!("{first} this database? EverShop may keep running. Have a backup.")
}

/// Applies decisions, and records them beside their file.
async fn resolve(
    ctx: &AdminCtx,
    session: &AdoptionSession,
    options: &Options,
    decisions: &Decisions,
) -> Result<(), CommandFailure> {
    let Some(file) = &options.resolve else { return Ok(()) };
    let header = format!("Applied by patron adopt --resolve at {} UTC.", timestamp(ctx.app.clock.now()));
    let mut record = AppliedRecord::create(file, &header)?;
    let applied = adoption::resolve(session, decisions, &mut |text: &str| record.add(text)).await?;
    if options.result_format() == OutputFormat::Human {
        let (changed, kept) = (applied.changed, applied.kept);
        print(&format!(
            "decisions: {changed} applied, {kept} kept; recorded in {}\n",
            record.path().display()
        ))?;
    }
    Ok(())
}

/// Takes the adoption back.
pub(super) async fn undo(
    ctx: &AdminCtx,
    state: &DatabaseState,
    options: &Options,
) -> Result<(), CommandFailure> {
    let format = options.result_format();
    if !matches!(state, DatabaseState::Adopted(_)) {
        return print(&match format {
            OutputFormat::Human => "the database is not adopted, so there is nothing to undo\n".to_owned(),
            OutputFormat::Json => pretty(&json!({"outcome": "not_adopted"})),
        });
    }
    let session = AdoptionSession::begin(ctx).await?;
    let losses = adoption::losses(ctx).await?;
    if format == OutputFormat::Human {
        let lines: Vec<String> =
            losses.lines().map(|(count, what)| format!("{count:>9}  {what}\n")).collect();
        print(&match lines.is_empty() {
            true => "nothing that only patron has is lost\n".to_owned(),
            false => format!("the undo removes what only patron has:\n{}", lines.concat()),
        })?;
    }
    confirm("Stop patron first. Take the adoption back?", options.yes)?;
    let mut progress = StepProgress::start();
    let mut show = |step: Progress| progress.show(step);
    let work = adoption::undo(&session, &mut show);
    let undone = until_interrupted(work, "`patron adopt --undo` continues the undo").await;
    let seconds = progress.finish();
    undone?;
    session.end().await?;
    print(&match format {
        OutputFormat::Human => format!("undone in {seconds:.1} s: the schema is that of EverShop again\n"),
        OutputFormat::Json => pretty(&json!({"outcome": "undone", "seconds": seconds, "lost": losses})),
    })
}

/// Ends the time in which EverShop writes customers as well.
pub(super) async fn finish(
    ctx: &AdminCtx,
    state: &DatabaseState,
    options: &Options,
) -> Result<(), CommandFailure> {
    let format = options.result_format();
    let refused = |reason: &str| Err(CommandFailure::Refused(reason.to_owned()));
    match state {
        DatabaseState::Adopted(adoption) => match adoption.phase {
            Phase::Shared => {}
            Phase::Finished => return print(&adopted_summary(adoption, format)),
            Phase::Adopting => return refused("the adoption was interrupted: run `patron adopt` first"),
            Phase::Undoing => {
                return refused("an undo was interrupted: run `patron adopt --undo`, or `patron adopt`");
            }
        },
        _ => return refused("the database is not adopted: run `patron adopt --check`"),
    }
    confirm("EverShop must no longer change customers. Finish the adoption?", options.yes)?;
    let session = AdoptionSession::begin(ctx).await?;
    let mut progress = StepProgress::start();
    let mut show = |step: Progress| progress.show(step);
    let work = async {
        let failed = adoption::settle(ctx, &session).await?;
        adoption::finish(ctx, &session, &mut show).await?;
        Ok::<u64, Error>(failed)
    };
    let finished = until_interrupted(work, "`patron adopt --finish` continues it").await;
    let seconds = progress.finish();
    let failed = finished?;
    session.end().await?;
    print(&match format {
        OutputFormat::Human => finished_result(failed, seconds),
        OutputFormat::Json => {
            pretty(&json!({"outcome": "finished", "seconds": seconds, "changes_without_entry": failed}))
        }
    })
}

fn finished_result(failed: u64, seconds: f64) -> String {
    let mut text =
        format!("finished in {seconds:.1} s: patron alone writes customers, and hashes with argon2id\n");
    if failed > 0 {
        text.push_str(&format!(
            "{failed} changes of EverShop have no entry in the journal; the log has the reasons\n"
        ));
    }
    text
}
