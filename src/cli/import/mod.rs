//! `patron import`: creates customers from a CSV or NDJSON file.
//!
//! Reading, preparing and writing run in parallel (`pipeline.rs`). Each batch is written in one transaction. Refused lines
//! are listed in a file (`refused_lines.rs`) and end the command with exit code 65. After a failure, the written customers are
//! kept; the same command resumes the import, since existing customers are skipped.

mod pipeline;
mod refused_lines;

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Args;

use crate::cli::build::admin_ctx;
use crate::cli::exit::{CommandFailure, print};
use crate::cli::format::FormatOptions;
use crate::cli::progress::ProgressBar;
use crate::config::Flags;
use crate::service::import::{self, Import, ImportOutcome};
use crate::transfer::{self, FileError};

use pipeline::{CountingReader, prepare_ahead, read_ahead};
use refused_lines::Refusals;

/// The options of `patron import`.
#[derive(Debug, Args)]
#[command(after_long_help = FIELDS)]
pub(super) struct Options {
    /// The file to read; - for standard input
    file: PathBuf,
    #[command(flatten)]
    format: FormatOptions,
    /// Validate every line without writing anything
    #[arg(long)]
    dry_run: bool,
    /// Create missing groups; otherwise customers of a missing group are refused
    #[arg(long)]
    create_groups: bool,
    /// The CSV file that lists refused lines; by default the name of the file with .refused.csv
    #[arg(long, value_name = "FILE")]
    refused: Option<PathBuf>,
}

const FIELDS: &str = "\
Fields, as columns of CSV or members of one JSON object per line:
  email, full_name          required
  password | password_hash  required: plain, or argon2id or bcrypt as $argon2id$… or $2b$…
  status                    1 or 0
  group_name | group_id     the default group otherwise
  addresses                 a list of full_name, telephone, address_1, address_2, postcode, city,
                            province, country, is_default, uuid; in CSV also addresses.1.city
  metafields                custom fields, by namespace and key; in CSV also metafields.custom.size
  meta_data                 free-form data, an object
  uuid, created_at, updated_at, email_verified_at
                            values of another system; generated otherwise

Each line is validated like a customer that an admin creates. Existing customers are skipped, so an
import can be repeated or resumed. The import sends no mail.";

/// The number of lines by outcome.
#[derive(Default)]
struct Counts {
    created: u64,
    unchanged: u64,
    refused: u64,
}

/// Runs the command.
pub(super) async fn run(flags: &Flags, options: Options) -> Result<(), CommandFailure> {
    let ctx = admin_ctx(flags).await?;
    let (lines, position, length) = open(&options)?;
    let mut refusals = Refusals::create(&options.refused.clone().unwrap_or_else(|| beside(&options.file)))?;
    let import_options = import::Options { dry_run: options.dry_run, create_groups: options.create_groups };
    let mut prepared = prepare_ahead(&ctx, import_options, read_ahead(lines, Arc::clone(&position)));
    let mut import = Import::new(import_options);
    let mut progress = ProgressBar::start(if options.dry_run { "tried" } else { "imported" }, length);
    let mut counts = Counts::default();
    let mut last = 0;
    let outcome = loop {
        let batch = match prepared.next().await {
            Ok(Some(batch)) => batch,
            Ok(None) => break Ok(()),
            Err(failure) => break Err(failure),
        };
        let numbers: Vec<u64> = batch.numbers().collect();
        let outcomes = match import.write(&ctx, batch).await {
            Ok(outcomes) => outcomes,
            Err(error) => break Err(error.into()),
        };
        for (number, outcome) in numbers.into_iter().zip(outcomes) {
            last = number;
            match outcome {
                ImportOutcome::Created => counts.created += 1,
                ImportOutcome::Unchanged => counts.unchanged += 1,
                ImportOutcome::Refused(problems) => {
                    counts.refused += 1;
                    refusals.add(number, &problems)?;
                }
            }
        }
        refusals.flush()?;
        progress.show(position.load(Ordering::Relaxed), counts.created + counts.unchanged);
    };
    let elapsed = progress.finish();
    let Counts { created, unchanged, refused } = counts;
    let would = if options.dry_run { "would be " } else { "" };
    print(&format!("{created} {would}imported, {unchanged} skipped, {refused} refused, in {elapsed}\n"))?;
    let refused_file = refusals.finish()?;
    if let Err(failure) = outcome {
        eprintln!(
            "patron: stopped after line {last}; imported customers are kept, the same command resumes the import"
        );
        return Err(failure);
    }
    match refused_file {
        Some(file) => {
            Err(CommandFailure::Partial(format!("{refused} lines were refused: see {}", file.display())))
        }
        None => Ok(()),
    }
}

fn beside(file: &Path) -> PathBuf {
    let name = if file == Path::new("-") { Path::new("import") } else { file };
    let mut name = name.as_os_str().to_owned();
    name.push(".refused.csv");
    name.into()
}

/// Opens the file. Returns its lines, a counter of the bytes that were read, and its length (0 if it is unknown).
fn open(options: &Options) -> Result<(transfer::Lines, Arc<AtomicU64>, u64), CommandFailure> {
    let failed = |error: FileError| CommandFailure::Refused(format!("{}: {error}", options.file.display()));
    let is_input = options.file == Path::new("-");
    let (input, length): (Box<dyn Read + Send>, u64) = if is_input {
        (Box::new(std::io::stdin()), 0)
    } else {
        let file = File::open(&options.file).map_err(|error| failed(error.into()))?;
        let length = file.metadata().map_or(0, |metadata| metadata.len());
        (Box::new(file), length)
    };
    let position = Arc::new(AtomicU64::new(0));
    let mut input =
        BufReader::with_capacity(64 * 1024, CountingReader { input, position: Arc::clone(&position) });
    let format = options.format.of(&options.file).ok_or_else(|| {
        CommandFailure::Refused("the file has no known extension: use --format csv or ndjson".to_owned())
    })?;
    // A folder can be opened, but not read.
    input.fill_buf().map_err(|error| failed(error.into()))?;
    Ok((transfer::read(format, input).map_err(failed)?, position, length))
}
