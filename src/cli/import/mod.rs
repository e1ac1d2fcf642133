//! `patron import`.

mod pipeline;
mod refusals;

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::exit::{Failure, print};
use super::format::FormatOptions;
use super::progress::Progress;
use clap::Args;

use crate::app::ctx::Ctx;
use crate::config::Flags;
use crate::service::health;
use crate::service::import::{self, Import, ImportOutcome};
use crate::transfer::{self, FileError};

use pipeline::{CountingReader, prepare_ahead, read_ahead};
use refusals::Refusals;

/// What `patron import` is asked to do.
#[derive(Debug, Args)]
#[command(after_long_help = FIELDS)]
pub(super) struct Options {
    /// The file; - reads standard input
    file: PathBuf,
    #[command(flatten)]
    format: FormatOptions,
    /// Write nothing, and tell what would become of each line
    #[arg(long)]
    dry_run: bool,
    /// Make groups that are named and missing; otherwise their customers are refused
    #[arg(long)]
    create_groups: bool,
    /// Where lines that were refused are told of, as CSV; by default beside the file, with .refused.csv
    #[arg(long, value_name = "FILE")]
    refused: Option<PathBuf>,
}

const FIELDS: &str = "\
Fields, as columns of CSV or members of a JSON object a line:
  email, full_name          required
  password | password_hash  required: plain, or argon2id or bcrypt as $argon2id$… or $2b$…
  status                    1 or 0
  group_name | group_id     the default group otherwise
  addresses                 a list of full_name, telephone, address_1, address_2, postcode, city,
                            province, country, is_default, uuid; in CSV also addresses.1.city
  metafields                custom fields, by namespace and key; in CSV also metafields.custom.size
  meta_data                 free-form data, an object
  uuid, created_at, updated_at, email_verified_at
                            what other systems know; new otherwise

Each line is judged as if an admin made the customer. One that is there already, as the line says,
is left alone: the same file can be imported again, or further after a stop. Nobody is mailed.";

/// What became of the lines.
#[derive(Default)]
struct Counts {
    created: u64,
    unchanged: u64,
    refused: u64,
}

/// Runs the command.
pub(super) async fn run(flags: &Flags, options: Options) -> Result<(), Failure> {
    let app = crate::cli::build::build_command(flags).await?;
    health::ensure_ready(&app).await?;
    let ctx = Ctx::system(app);
    let (lines, position, length) = open(&options)?;
    let mut refusals = Refusals::create(&options.refused.clone().unwrap_or_else(|| beside(&options.file)))?;
    let what = import::Options { dry_run: options.dry_run, create_groups: options.create_groups };
    let mut prepared = prepare_ahead(&ctx, what, read_ahead(lines, Arc::clone(&position)));
    let mut import = Import::new(what);
    let mut progress = Progress::start(if options.dry_run { "tried" } else { "imported" }, length);
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
    let took = progress.finish();
    let Counts { created, unchanged, refused } = counts;
    let would = if options.dry_run { "would be " } else { "" };
    print(&format!("{created} {would}imported, {unchanged} there already, {refused} refused, in {took}\n"))?;
    let told = refusals.finish()?;
    if let Err(failure) = outcome {
        eprintln!("patron: stopped after line {last}; what was written stays, and the same command goes on");
        return Err(failure);
    }
    match told {
        Some(file) => Err(Failure::Partly(format!("{refused} lines were refused: see {}", file.display()))),
        None => Ok(()),
    }
}

fn beside(file: &Path) -> PathBuf {
    let name = if file == Path::new("-") { Path::new("import") } else { file };
    let mut name = name.as_os_str().to_owned();
    name.push(".refused.csv");
    name.into()
}

/// The lines of the file, how many bytes of it were read so far, and how many it has.
fn open(options: &Options) -> Result<(transfer::Lines, Arc<AtomicU64>, u64), Failure> {
    let failed = |error: FileError| Failure::Refused(format!("{}: {error}", options.file.display()));
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
        Failure::Refused("the file's name tells no format: say --format csv or ndjson".to_owned())
    })?;
    // A folder opens, and can't be read.
    input.fill_buf().map_err(|error| failed(error.into()))?;
    Ok((transfer::read(format, input).map_err(failed)?, position, length))
}
