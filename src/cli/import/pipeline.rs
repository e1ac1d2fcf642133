//! The steps of an import beside each other: a batch is read while another is prepared and a third is written.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::app::ctx::Ctx;
use crate::cli::exit::Failure;
use crate::service::import::{self, BATCH, Line};
use crate::transfer;

/// Batches that wait for the next step: read, prepared.
const WAITING: usize = 2;
/// How much of the file a batch has at most, but for its last line: a customer may have a lot of free text.
const BATCH_BYTES: u64 = 8 * 1024 * 1024;

/// Counts what is read.
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

/// A step: what it gives to the next one, and itself. A step that broke gives no more, as one that has ended.
pub(super) struct Step<T> {
    batches: mpsc::Receiver<Result<T, Failure>>,
    task: JoinHandle<()>,
}

impl<T> Step<T> {
    /// The next batch; none at the end.
    pub(super) async fn next(&mut self) -> Result<Option<T>, Failure> {
        match self.batches.recv().await {
            Some(batch) => batch.map(Some),
            None => (&mut self.task).await.map(|()| None).map_err(|broke| Failure::Defect(broke.to_string())),
        }
    }
}

/// Reads batches of lines, a few ahead of who takes them. `position` counts the bytes that were read.
pub(super) fn read_ahead(mut lines: transfer::Lines, position: Arc<AtomicU64>) -> Step<Vec<Line>> {
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
                        failure = Some(Failure::Refused(format!("the file can't be read on: {error}")));
                        ended = true;
                    }
                    None => ended = true,
                }
            }
            let batches = (!batch.is_empty()).then_some(Ok(batch)).into_iter().chain(failure.map(Err));
            for batch in batches {
                if sender.blocking_send(batch).is_err() {
                    // Nobody takes them any more: the import has failed.
                    return;
                }
            }
        }
    });
    Step { batches, task }
}

/// Prepares batches while earlier ones are written.
pub(super) fn prepare_ahead(
    ctx: &Ctx,
    options: import::Options,
    mut lines: Step<Vec<Line>>,
) -> Step<import::Batch> {
    let (sender, batches) = mpsc::channel(1);
    let ctx = ctx.clone();
    let task = tokio::spawn(async move {
        loop {
            let prepared = match lines.next().await {
                Ok(Some(lines)) => import::prepare(&ctx, options, lines).await.map_err(Failure::from),
                Ok(None) => return,
                Err(failure) => Err(failure),
            };
            let failed = prepared.is_err();
            if sender.send(prepared).await.is_err() || failed {
                return;
            }
        }
    });
    Step { batches, task }
}
