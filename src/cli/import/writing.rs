//! The last step of an import: writes the prepared batches, two at the same time where the database allows it.
//!
//! A batch is not started before the running ones that name one of its customers have ended, and it is committed after them. So
//! the outcome is as if the batches were written one after the other. Outcomes are returned in the order of the file.

use std::collections::VecDeque;

use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesOrdered;

use super::pipeline::PipelineStep;
use crate::app::ctx::AdminCtx;
use crate::cli::exit::CommandFailure;
use crate::error::Error;
use crate::service::import::{Batch, BatchNames, Import, ImportOutcome, Turns};

/// The number of a written line, and its outcome.
pub(super) type WrittenLine = (u64, ImportOutcome);

/// Writes the prepared batches.
pub(super) struct BatchWriter<'a> {
    ctx: &'a AdminCtx,
    import: &'a Import,
    prepared: PipelineStep<Batch>,
    /// The number of batches that may be written at the same time.
    limit: usize,
    /// The batch that is started next.
    next: Option<(Batch, BatchNames)>,
    running: FuturesOrdered<LocalBoxFuture<'a, Result<Vec<WrittenLine>, Error>>>,
    /// The names of the running batches, in the order of the file.
    running_names: VecDeque<BatchNames>,
    turns: Turns,
    /// Why no further batch is started: the file has ended, or it can't be read or prepared any further.
    end: Option<Result<(), CommandFailure>>,
}

impl<'a> BatchWriter<'a> {
    pub(super) fn new(ctx: &'a AdminCtx, import: &'a Import, prepared: PipelineStep<Batch>) -> Self {
        Self {
            ctx,
            import,
            prepared,
            limit: import.concurrent_batches(ctx),
            next: None,
            running: FuturesOrdered::new(),
            running_names: VecDeque::new(),
            turns: Turns::default(),
            end: None,
        }
    }

    /// Returns the lines of the next batch; none at the end. If the rest of the file can't be read or prepared, the lines before
    /// it are returned first. After the failure of a batch, no later one is committed.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<WrittenLine>>, CommandFailure> {
        loop {
            self.start_next();
            let is_writing = !self.running.is_empty();
            let wants_batch = self.end.is_none() && self.next.is_none() && self.running.len() < self.limit;
            tokio::select! {
                Some(written) = self.running.next(), if is_writing => {
                    self.running_names.pop_front();
                    return written.map(Some).map_err(CommandFailure::from);
                }
                prepared = self.prepared.next(), if wants_batch => match prepared {
                    Ok(Some(batch)) => {
                        let names = batch.names();
                        self.next = Some((batch, names));
                    }
                    Ok(None) => self.end = Some(Ok(())),
                    Err(failure) => self.end = Some(Err(failure)),
                },
                else => return self.end.take().unwrap_or(Ok(())).map(|()| None),
            }
        }
    }

    /// Starts the next batch, if the running ones allow it.
    fn start_next(&mut self) {
        let (running, limit) = (&self.running_names, self.limit);
        let can_start = |names: &BatchNames| {
            running.len() < limit && running.iter().all(|other| other.is_disjoint(names))
        };
        let Some((batch, names)) = self.next.take_if(|(_, names)| can_start(names)) else { return };
        self.running_names.push_back(names);
        let (ctx, import, turn) = (self.ctx, self.import, self.turns.next_turn());
        self.running.push_back(Box::pin(async move {
            let numbers: Vec<u64> = batch.numbers().collect();
            let outcomes = import.write_in_turn(ctx, batch, &turn).await?;
            let lines: Vec<WrittenLine> = numbers.into_iter().zip(outcomes).collect();
            Ok::<_, Error>(lines)
        }));
    }
}
