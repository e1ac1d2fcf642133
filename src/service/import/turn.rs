//! The order of batches that are written at the same time.
//!
//! A batch inserts its customers after the batch before, so that their primary keys have the order of the file. It is
//! committed after the batch before, so that what is committed is always the beginning of the file.

use std::time::Duration;

use tokio::sync::watch;

use crate::db::TxResult;
use crate::error::{Error, Result};

/// The maximum time that an open transaction waits for the batch before. The database can't detect that a batch waits for
/// another client that waits for the next batch; after this time, the next batch is rolled back.
const PATIENCE: Duration = Duration::from_secs(5);

/// How far a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum BatchProgress {
    Started,
    /// Its customers are inserted.
    Inserted,
    Committed,
}

/// Gives the batches of a file their turns, in the order of the file.
#[derive(Debug, Default)]
pub struct Turns {
    last: Option<watch::Receiver<BatchProgress>>,
}

impl Turns {
    /// The turn of the next batch.
    pub fn next_turn(&mut self) -> Turn {
        let (progress, receiver) = watch::channel(BatchProgress::Started);
        Turn { previous: self.last.replace(receiver), progress }
    }
}

/// The turn of a batch among those that are written at the same time.
#[derive(Debug)]
pub struct Turn {
    /// `None` for the first batch of the file.
    previous: Option<watch::Receiver<BatchProgress>>,
    progress: watch::Sender<BatchProgress>,
}

impl Turn {
    /// Records that the batch is that far.
    pub(super) fn record(&self, progress: BatchProgress) {
        self.progress.send_replace(progress);
    }

    /// Waits, in the open transaction of the batch, until the batch before is that far.
    ///
    /// # Errors
    /// [`Error::Outdated`] if that takes too long: the transaction has to be rolled back, so that it blocks no other client.
    pub(super) async fn after_previous(&self, progress: BatchProgress) -> TxResult<()> {
        match tokio::time::timeout(PATIENCE, self.previous(progress)).await {
            Ok(reached) => Ok(reached?),
            Err(_) => Err(Error::Outdated.into()),
        }
    }

    /// Waits, without a transaction, until the batch before is committed.
    pub(super) async fn previous_committed(&self) -> Result<()> {
        self.previous(BatchProgress::Committed).await
    }

    async fn previous(&self, progress: BatchProgress) -> Result<()> {
        let Some(mut previous) = self.previous.clone() else { return Ok(()) };
        match previous.wait_for(|reached| *reached >= progress).await {
            Ok(_) => Ok(()),
            Err(_) => Err(Error::unavailable("an earlier batch of the import was not written")),
        }
    }
}
