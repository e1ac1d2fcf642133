//! The one write of a request.
//!
//! A service is handed a [`Write`]: the right to change the database once. It looks things up and hashes first, then gives
//! the right away to [`spend!`](crate::spend) with a block that can be run again. The answer is made inside that
//! transaction, and stored in it when the request has an `Idempotency-Key`; then the transaction is committed. So a
//! request with a key and one without take the same path, no transaction outlives its block, and a serialization
//! failure at COMMIT repeats all of it.
//!
//! What waits (hashing, the equal time of refused logins) asks for [`NoTransaction`], which only a right that is not
//! spent yet, or what came of it, can show. Inside the block there is neither:
//!
//! ```compile_fail,E0382
//! # use patron::{app::ctx::Ctx, app::write::Write, types::Password};
//! async fn hash_inside(ctx: &Ctx, write: Write<()>, password: &Password) -> patron::error::Result<()> {
//!     patron::spend!(ctx, write, |_tx| {
//!         ctx.app.hasher.hash(&write, ctx.lane(), password, ctx.app.random.bytes()).await?;
//!         Ok(())
//!     })?;
//!     Ok(())
//! }
//! ```
//!
//! Nor can the right be spent a second time:
//!
//! ```compile_fail,E0382
//! # use patron::{app::ctx::Ctx, app::write::Write};
//! async fn write_twice(ctx: &Ctx, write: Write<()>) -> patron::error::Result<()> {
//!     patron::spend!(ctx, write, |_tx| { Ok(()) })?;
//!     patron::spend!(ctx, write, |_tx| { Ok(()) })?;
//!     Ok(())
//! }
//! ```
//!
//! This is how it is used:
//!
//! ```
//! # use patron::{app::ctx::Ctx, app::write::Write, types::Password};
//! async fn hash_before(ctx: &Ctx, write: Write<()>, password: &Password) -> patron::error::Result<()> {
//!     ctx.app.hasher.hash(&write, ctx.lane(), password, ctx.app.random.bytes()).await?;
//!     patron::spend!(ctx, write, |_tx| { Ok(()) })?;
//!     Ok(())
//! }
//! ```

use std::sync::Arc;

use sea_orm::DatabaseTransaction;

use super::idempotency::{KeyedRequest, StoredResponse};
use crate::db::{Database, NoTransaction, TxResult};
use crate::error::Result;

impl<T> NoTransaction for Write<T> {}
impl<T: Sync> NoTransaction for Written<T> {}

/// Makes the answer of what a write comes to.
type View<T> = Box<dyn Fn(&T) -> Result<Option<StoredResponse>> + Send + Sync>;

/// The right to one write, which comes to a `T`.
#[must_use = "a request changes nothing until its right to write is spent"]
pub struct Write<T> {
    keyed: Option<Arc<KeyedRequest>>,
    view: Option<View<T>>,
}

impl<T> std::fmt::Debug for Write<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Write").field("keyed", &self.keyed).finish_non_exhaustive()
    }
}

impl<T> Write<T> {
    /// The write of a command or a job, which nobody answers.
    pub fn of_job() -> Self {
        Self { keyed: None, view: None }
    }

    /// The write of a request, answered by `view`. Once a request: see `http::caller`.
    pub(crate) fn of_request(
        keyed: Option<Arc<KeyedRequest>>,
        view: impl Fn(&T) -> Result<StoredResponse> + Send + Sync + 'static,
    ) -> Self {
        Self { keyed, view: Some(Box::new(move |value| view(value).map(Some))) }
    }

    /// A write that may also come to nothing that is answered, but is committed all the same: a counted wrong password.
    /// Such an outcome is stored for no key, so that the request is done again when it comes again.
    pub fn or_nothing(self) -> Write<Option<T>>
    where
        T: 'static,
    {
        let Self { keyed, view } = self;
        let view = view
            .map(|view| -> View<Option<T>> { Box::new(move |value| value.as_ref().map_or(Ok(None), &view)) });
        Write { keyed, view }
    }

    /// Whether the answer has to be committed together with what is written: then one statement that commits itself
    /// is not enough.
    pub fn is_keyed(&self) -> bool {
        self.keyed.is_some()
    }

    /// Begins an attempt. [`spend!`](crate::spend) does it.
    ///
    /// # Errors
    /// Those of the database; [`Error::IdempotencyKeyInUse`](crate::error::Error::IdempotencyKeyInUse) when a twin of the request was faster.
    #[doc(hidden)]
    pub async fn begin(&self, db: &Database) -> TxResult<DatabaseTransaction> {
        let transaction = db.begin().await?;
        if let Some(keyed) = &self.keyed {
            keyed.claim(&transaction).await?;
        }
        Ok(transaction)
    }

    /// Commits an attempt with its answer. [`spend!`](crate::spend) does it.
    ///
    /// # Errors
    /// Those of the database.
    #[doc(hidden)]
    pub async fn commit(
        &self,
        transaction: DatabaseTransaction,
        value: &T,
    ) -> TxResult<Option<StoredResponse>> {
        let answer = match &self.view {
            Some(view) => view(value)?,
            None => None,
        };
        match &self.keyed {
            Some(keyed) => keyed.commit(transaction, answer.as_ref()).await?,
            None => transaction.commit().await?,
        }
        Ok(answer)
    }

    /// What came of it. [`spend!`](crate::spend) does it.
    #[doc(hidden)]
    pub fn spent(self, value: T, answer: Option<StoredResponse>) -> Written<T> {
        Written { value, answer }
    }

    /// What came of a write without a key that one statement did, which committed itself.
    ///
    /// # Errors
    /// A defect of the answer.
    pub fn done_by_statement(self, value: T) -> Result<Written<T>> {
        debug_assert!(self.keyed.is_none(), "the answer of a request with a key is committed with it");
        let answer = match &self.view {
            Some(view) => view(&value)?,
            None => None,
        };
        Ok(self.spent(value, answer))
    }
}

/// What came of a write, which is committed.
#[derive(Debug)]
pub struct Written<T> {
    /// What it came to.
    pub value: T,
    /// What is answered; none to commands and jobs.
    pub answer: Option<StoredResponse>,
}

impl<T> Written<Option<T>> {
    /// What came of a write that may come to nothing.
    pub fn something(self) -> Option<Written<T>> {
        let Self { value, answer } = self;
        value.map(|value| Written { value, answer })
    }
}

/// How often an attempt is prepared because what it was prepared from had changed by the time it was written.
#[doc(hidden)]
pub const PREPARATIONS: u32 = 5;

/// Spends the right to one write on a block, which gets a transaction: any error, by `?` or `return`, rolls it back. When
/// the database asks to do it again (a serialization failure, a deadlock, also at COMMIT), the block runs again from
/// its start, so it must not use anything up. Its value is an [`TxResult`], that of the whole a
/// [`Result`] of a [`Written`].
///
/// What takes long and depends on what the database holds is prepared before the transaction: `spend!(ctx, write,
/// { … }, |tx, prepared| { … })`. The block makes sure that it still holds, and fails with
/// [`Error::Outdated`](crate::error::Error::Outdated) if not; then it is prepared again.
///
/// A macro for the same reason as [`transact!`](crate::transact).
#[macro_export]
macro_rules! spend {
    ($ctx:expr, $write:expr, |$tx:ident| $block:block) => {
        $crate::spend!($ctx, $write, { Ok(()) }, |$tx, _prepared| $block)
    };
    ($ctx:expr, $write:expr, $prepare:block, |$tx:ident, $prepared:ident| $block:block) => {{
        let write = $write;
        let db = &$ctx.app.db;
        let mut preparations = 0;
        'preparing: loop {
            preparations += 1;
            let prepared: $crate::error::Result<_> = async { $prepare }.await;
            let prepared = match prepared {
                Ok(prepared) => prepared,
                Err(error) => break Err(error),
            };
            let $prepared = &prepared;
            let mut number = 0;
            loop {
                number += 1;
                let attempt = async {
                    let transaction = write.begin(db).await?;
                    let $tx = &transaction;
                    let work: $crate::db::TxResult<_> = async { $block }.await;
                    let value = work?;
                    let answer = write.commit(transaction, &value).await?;
                    Ok((value, answer))
                };
                let outcome: $crate::db::TxResult<_> = $crate::db::inside(attempt).await;
                match db.retry_or_finish(outcome, number).await {
                    None => {}
                    Some(Err($crate::error::Error::Outdated))
                        if preparations < $crate::app::write::PREPARATIONS =>
                    {
                        continue 'preparing;
                    }
                    Some(outcome) => {
                        break 'preparing outcome.map(|(value, answer)| write.spent(value, answer));
                    }
                }
            }
        }
    }};
}
