//! `patron import`: creates customers from a CSV or NDJSON file, and changes existing ones on request.
//!
//! Reading, preparing and writing run in parallel (`pipeline.rs`). Each batch is written in one transaction (`writing.rs`).
//! Refused lines are listed in a file (`refused_lines.rs`) and end the command with exit code 65. After a failure, the written
//! customers are kept; the same command resumes the import, since customers that are as the file says are skipped.

mod open;
mod options;
mod pipeline;
mod refused_lines;
mod summary;
mod writing;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::cli::build::admin_ctx;
use crate::cli::exit::{CommandFailure, print, print_error};
use crate::cli::progress::ProgressBar;
use crate::config::Flags;
use crate::service::import::{Import, ImportOutcome};

use open::open;
pub(super) use options::Options;
use pipeline::{prepare_ahead, read_ahead};
use refused_lines::Refusals;
use summary::Summary;
use writing::BatchWriter;

/// Runs the command.
pub(super) async fn run(flags: &Flags, options: Options) -> Result<(), CommandFailure> {
    let map = options.column_map()?;
    let ctx = admin_ctx(flags).await?;
    let (lines, position, length) = open(&options, &map)?;
    let mut refusals = Refusals::create(&options.refused.clone().unwrap_or_else(|| beside(&options.file)))?;
    let import_options = options.of_import();
    let prepared = prepare_ahead(&ctx, import_options, read_ahead(lines, Arc::clone(&position)));
    let import = Import::new(import_options);
    let mut writer = BatchWriter::new(&ctx, &import, prepared);
    let mut progress = ProgressBar::start(if options.dry_run { "tried" } else { "imported" }, length);
    let mut summary = Summary::new(import_options);
    let mut last = 0;
    let outcome = loop {
        let lines = match writer.next().await {
            Ok(Some(lines)) => lines,
            Ok(None) => break Ok(()),
            Err(failure) => break Err(failure),
        };
        for (number, outcome) in lines {
            last = number;
            summary.count(number, &outcome)?;
            if let ImportOutcome::Refused(problems) = &outcome {
                refusals.add(number, problems)?;
            }
        }
        refusals.flush()?;
        progress.show(position.load(Ordering::Relaxed), summary.accepted());
    };
    let elapsed = progress.finish();
    print(&summary.text(import.invited(), &elapsed))?;
    let refused_file = refusals.finish()?;
    if let Err(failure) = outcome {
        print_error(&format!(
            "patron: stopped after line {last}; imported customers are kept, the same command resumes the import"
        ));
        return Err(failure);
    }
    match refused_file {
        Some(file) => Err(CommandFailure::Partial(summary.refusal(&file))),
        None => Ok(()),
    }
}

fn beside(file: &Path) -> PathBuf {
    let name = if file == Path::new("-") { Path::new("import") } else { file };
    let mut name = name.as_os_str().to_owned();
    name.push(".refused.csv");
    name.into()
}
