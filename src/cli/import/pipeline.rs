//! The pipeline of an import: one batch is read while another is prepared and a third is written.
//!
//! Each step runs in its own task and passes batches through a bounded channel. A step that fails sends its failure and
//! ends; a step that panics is reported as an internal error.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::app::ctx::AdminCtx;
use crate::cli::exit::CommandFailure;
use crate::service::import::{self, BATCH, Line};
use crate::transfer;

/// The maximum number of read batches that wait to be prepared.
const WAITING: usize = 2;
/// The maximum number of bytes of a batch, not counting its last line: the free-form data of a customer may be large.
const BATCH_BYTES: u64 = 8 * 1024 * 1024;

/// Counts the bytes that are read.
pub(super) struct CountingReader<R> {
    pub(super) input: R,
    pub(super) position: Arc<AtomicU64>,
}

impl<R: Read> Read for CountingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.input.read(buffer)?;
        self.position.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

/// A step of the pipeline: its task, and the channel to the next step. The channel closes when the task ends or panics.
pub(super) struct PipelineStep<T> {
    batches: mpsc::Receiver<Result<T, CommandFailure>>,
    task: JoinHandle<()>,
}

impl<T> PipelineStep<T> {
    /// Returns the next batch; none at the end.
    pub(super) async fn next(&mut self) -> Result<Option<T>, CommandFailure> {
        match self.batches.recv().await {
            Some(batch) => batch.map(Some),
            None => (&mut self.task)
                .await
                .map(|()| None)
                .map_err(|panic| CommandFailure::Internal(panic.to_string())),
        }
    }
}

/// Reads batches of lines ahead of the next step. `position` counts the bytes that were read.
pub(super) fn read_ahead(mut lines: transfer::Lines, position: Arc<AtomicU64>) -> PipelineStep<Vec<Line>> {
    let (sender, batches) = mpsc::channel(WAITING);
    let task = tokio::task::spawn_blocking(move || {
        let mut ended = false;
        while !ended {
            let mut failure = None;
            let mut batch = Vec::with_capacity(BATCH);
            let start = position.load(Ordering::Relaxed);
            while !ended && batch.len() < BATCH && position.load(Ordering::Relaxed) - start < BATCH_BYTES {
                match lines.next() {
                    Some(Ok(line)) => batch.push(line),
                    Some(Err(error)) => {
                        failure = Some(CommandFailure::Refused(format!(
                            "the rest of the file can't be read: {error}"
                        )));
                        ended = true;
                    }
                    None => ended = true,
                }
            }
            let batches = (!batch.is_empty()).then_some(Ok(batch)).into_iter().chain(failure.map(Err));
            for batch in batches {
                if sender.blocking_send(batch).is_err() {
                    // The receiver is gone: the import has failed.
                    return;
                }
            }
        }
    });
    PipelineStep { batches, task }
}

/// Prepares batches while earlier batches are written.
pub(super) fn prepare_ahead(
    ctx: &AdminCtx,
    options: import::Options,
    mut lines: PipelineStep<Vec<Line>>,
) -> PipelineStep<import::Batch> {
    let (sender, batches) = mpsc::channel(1);
    let ctx = ctx.clone();
    let task = tokio::spawn(async move {
        loop {
            let prepared = match lines.next().await {
                Ok(Some(lines)) => import::prepare(&ctx, options, lines).await.map_err(CommandFailure::from),
                Ok(None) => return,
                Err(failure) => Err(failure),
            };
            let failed = prepared.is_err();
            if sender.send(prepared).await.is_err() || failed {
                return;
            }
        }
    });
    PipelineStep { batches, task }
}
