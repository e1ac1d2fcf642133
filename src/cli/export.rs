//! `patron export`: writes all customers to a file or to standard output, page by page.
//!
//! An existing file is never overwritten. The export stops without an error when the reader closes the pipe.

use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::Args;

use super::build::admin_ctx;
use super::exit::{CommandFailure, print_error};
use super::format::FormatOptions;
use super::progress::ProgressBar;
use crate::app::ctx::AdminCtx;
use crate::config::Flags;
use crate::error::Error;
use crate::service::{customer, export, metafield};
use crate::transfer::{ExportColumns, FileError, Format, Writer};

/// The options of `patron export`.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The file to write; by default standard output, as ndjson. An existing file is never overwritten
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    format: FormatOptions,
    /// Include password hashes, which an import of the file requires. Password hashes allow offline password guessing
    #[arg(long)]
    with_password_hashes: bool,
}

/// Runs the command.
pub(super) async fn run(flags: &Flags, options: Options) -> Result<(), CommandFailure> {
    let ctx = admin_ctx(flags).await?;
    let format = options.format.of(options.output.as_deref().unwrap_or(Path::new("")));
    let format = format.unwrap_or(Format::Ndjson);
    let columns = columns(&ctx, format, options.with_password_hashes).await?;
    let total = customer::count(&ctx, &customer::parse_filters(Vec::new(), &ctx.app)?).await?;
    let total = u64::try_from(total).unwrap_or_default();
    let target =
        options.output.as_ref().map_or_else(|| "standard output".into(), |path| path.display().to_string());
    let failed = |error: FileError| CommandFailure::Refused(format!("{target}: {error}"));
    let output: Box<dyn Write> = match &options.output {
        Some(path) => {
            // Only its owner can read it: it contains personal data.
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
            Box::new(file.map_err(|error| failed(error.into()))?)
        }
        None => Box::new(std::io::stdout()),
    };
    let output = BufWriter::with_capacity(64 * 1024, output);
    let mut progress = ProgressBar::start("exported", total);
    let written = write(&ctx, format, output, columns, &mut progress).await;
    let elapsed = progress.finish();
    match written {
        Ok(count) => {
            // Standard output may be the file itself.
            print_error(&format!("{count} customers exported, in {elapsed}"));
            Ok(())
        }
        // The reader closed the pipe (`patron export | head -1`).
        Err(Stop::File(FileError::Io(error))) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        Err(Stop::File(error)) => Err(failed(error)),
        Err(Stop::Service(error)) => Err(error.into()),
    }
}

/// The columns of the file. Only CSV needs the number of addresses.
async fn columns(ctx: &AdminCtx, format: Format, with_hashes: bool) -> Result<ExportColumns, CommandFailure> {
    let definitions = metafield::visible(ctx).await?;
    let addresses = match format {
        Format::Csv(_) => export::max_addresses(ctx).await?,
        Format::Ndjson => 0,
    };
    Ok(ExportColumns { definitions, addresses, with_hashes })
}

/// Why an export stopped.
enum Stop {
    File(FileError),
    Service(Error),
}

async fn write(
    ctx: &AdminCtx,
    format: Format,
    output: impl Write,
    columns: ExportColumns,
    progress: &mut ProgressBar,
) -> Result<u64, Stop> {
    let mut writer = Writer::new(format, output, columns).map_err(Stop::File)?;
    let (mut last, mut count) = (0, 0);
    loop {
        let page = export::page(ctx, last).await.map_err(Stop::Service)?;
        let Some(last_row) = page.last() else { break };
        last = last_row.customer.customer_id;
        for exported in page {
            writer.write(exported).map_err(Stop::File)?;
            count += 1;
        }
        progress.show(count, count);
    }
    writer.finish().map_err(Stop::File)?;
    Ok(count)
}
