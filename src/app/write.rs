//! The single write of a request.
//!
//! A service gets a [`Write`]: the right to change the database once. It reads and hashes first, and then passes the right
//! to [`spend!`](crate::spend), with a block that can be retried. The response is built within the block's transaction, and
//! stored in it if the request has an `Idempotency-Key`. Then the transaction is committed. So requests with and without a
//! key take the same path, no transaction outlives its block, and a serialization failure at COMMIT retries the whole
//! block.
//!
//! Operations that wait (hashing, the delay of refused logins) require a proof of [`NoTransaction`]. Only an unspent
//! [`Write`] or a committed [`Written`] is such a proof. Inside the block neither exists:
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
//! The right can't be spent twice:
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
//! Usage:
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

use super::ctx::Ctx;
use super::idempotency::{KeyedRequest, StoredResponse};
use super::own_writes::OwnWrite;
use crate::db::{Database, NoTransaction, OpenTransaction, TxResult};
use crate::error::Result;

impl<T> NoTransaction for Write<T> {}
impl<T: Sync> NoTransaction for Written<T> {}

/// Builds the response from the value of a write.
type Render<T> = Box<dyn Fn(&T) -> Result<Option<StoredResponse>> + Send + Sync>;

/// The right to one write with a value of type `T`.
#[must_use = "a request changes nothing until its right to write is spent"]
pub struct Write<T> {
    keyed: Option<Arc<KeyedRequest>>,
    render: Option<Render<T>>,
}

impl<T> std::fmt::Debug for Write<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Write").field("keyed", &self.keyed).finish_non_exhaustive()
    }
}

impl<T> Write<T> {
    /// The write of a command or a job, which has no response.
    pub fn of_job() -> Self {
        Self { keyed: None, render: None }
    }

    /// The write of a request, whose response `render` builds. There is one for each request: see
    /// `http::extract::write`.
    pub(crate) fn of_request(
        keyed: Option<Arc<KeyedRequest>>,
        render: impl Fn(&T) -> Result<StoredResponse> + Send + Sync + 'static,
    ) -> Self {
        Self { keyed, render: Some(Box::new(move |value| render(value).map(Some))) }
    }

    /// A write whose block may return `None`: the transaction is committed (a failed login attempt is counted), but has no
    /// response. Such an outcome is not stored for an idempotency key, so a repeated request is executed again.
    pub fn optional(self) -> Write<Option<T>>
    where
        T: 'static,
    {
        let Self { keyed, render } = self;
        let render = render.map(|render| -> Render<Option<T>> {
            Box::new(move |value| value.as_ref().map_or(Ok(None), &render))
        });
        Write { keyed, render }
    }

    /// A write whose block may refuse: as [`optional`](Self::optional), but its value says why.
    pub fn refusable<R>(self) -> Write<std::result::Result<T, R>>
    where
        T: 'static,
        R: 'static,
    {
        let Self { keyed, render } = self;
        let render = render.map(|render| -> Render<std::result::Result<T, R>> {
            Box::new(move |value| value.as_ref().map_or(Ok(None), &render))
        });
        Write { keyed, render }
    }

    /// Whether the response has to be committed together with the write. Then a single statement without a transaction is
    /// not enough.
    pub fn is_keyed(&self) -> bool {
        self.keyed.is_some()
    }

    /// Begins an attempt. Only called by [`spend!`](crate::spend).
    ///
    /// # Errors
    /// [`Error::IdempotencyKeyInUse`](crate::error::Error::IdempotencyKeyInUse) if a duplicate of the request was faster.
    #[doc(hidden)]
    pub async fn begin(&self, db: &Database) -> TxResult<OpenTransaction> {
        let transaction = db.begin().await?;
        if let Some(keyed) = &self.keyed {
            keyed.claim(&transaction).await?;
        }
        Ok(transaction)
    }

    /// Commits an attempt with its response. Only called by [`spend!`](crate::spend).
    #[doc(hidden)]
    pub async fn commit(
        &self,
        ctx: &Ctx,
        transaction: OpenTransaction,
        value: &T,
    ) -> TxResult<Option<StoredResponse>> {
        let response = match &self.render {
            Some(render) => render(value)?,
            None => None,
        };
        let own_write = OwnWrite::record(ctx, &transaction).await?;
        match &self.keyed {
            Some(keyed) => keyed.commit(transaction, response.as_ref()).await?,
            None => transaction.commit().await?,
        }
        if let Some(own_write) = own_write {
            own_write.committed(ctx).await;
        }
        Ok(response)
    }

    /// The outcome of the write. Only called by [`spend!`](crate::spend).
    #[doc(hidden)]
    pub fn spent(self, value: T, response: Option<StoredResponse>) -> Written<T> {
        Written { value, response }
    }

    /// The outcome of a write without a key that a single statement did without a transaction.
    ///
    /// # Errors
    /// The response could not be built, which is a defect.
    pub fn committed_by_statement(self, value: T) -> Result<Written<T>> {
        debug_assert!(
            self.keyed.is_none(),
            "the response of a request with a key is committed with its write"
        );
        let response = match &self.render {
            Some(render) => render(&value)?,
            None => None,
        };
        Ok(self.spent(value, response))
    }
}

/// The outcome of a committed write.
#[derive(Debug)]
pub struct Written<T> {
    /// The value of the block.
    pub value: T,
    /// The response. `None` for commands and jobs.
    pub response: Option<StoredResponse>,
}

impl<T> Written<Option<T>> {
    /// The outcome, if the block returned a value.
    pub fn into_value(self) -> Option<Written<T>> {
        let Self { value, response } = self;
        value.map(|value| Written { value, response })
    }
}

impl<T, R> Written<std::result::Result<T, R>> {
    /// The outcome, with the refusal if the block refused.
    pub fn into_result(self) -> std::result::Result<Written<T>, R> {
        let Self { value, response } = self;
        value.map(|value| Written { value, response })
    }

    /// The outcome, without the reason if the block refused.
    pub fn ok(self) -> Written<Option<T>> {
        Written { value: self.value.ok(), response: self.response }
    }
}

/// The maximum number of times that an attempt is prepared, because its preparation was outdated when it was written.
#[doc(hidden)]
pub const MAX_PREPARATIONS: u32 = 5;

/// Spends the right to one write on a block, which gets a transaction. An error, by `?` or `return`, rolls the transaction
/// back. When the database requests a retry (a serialization failure, a deadlock, also at COMMIT), the block runs again
/// from its start, so it must not consume its captured values. The block's value is a [`TxResult`], the macro's value a
/// [`Result`] of a [`Written`].
///
/// Slow work that depends on the database's content is prepared before the transaction: `spend!(ctx, write, { … },
/// |tx, prepared| { … })`. The block checks that the preparation is still valid, and otherwise fails with
/// [`Error::Outdated`](crate::error::Error::Outdated). Then the preparation runs again.
///
/// This is a macro for the same reason as [`transact!`](crate::transact).
#[macro_export]
macro_rules! spend {
    ($ctx:expr, $write:expr, |$tx:ident| $block:block) => {
        $crate::spend!($ctx, $write, { Ok(()) }, |$tx, _prepared| $block)
    };
    ($ctx:expr, $write:expr, $prepare:block, |$tx:ident, $prepared:ident| $block:block) => {{
        let write = $write;
        let context: &$crate::app::ctx::Ctx = &$ctx;
        let db = &context.app.db;
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
                    let response = write.commit(context, transaction, &value).await?;
                    Ok((value, response))
                };
                let outcome: $crate::db::TxResult<_> = $crate::db::within_transaction(attempt).await;
                match db.retry_or_finish(outcome, number).await {
                    None => {}
                    Some(Err($crate::error::Error::Outdated))
                        if preparations < $crate::app::write::MAX_PREPARATIONS =>
                    {
                        continue 'preparing;
                    }
                    Some(outcome) => {
                        break 'preparing outcome.map(|(value, response)| write.spent(value, response));
                    }
                }
            }
        }
    }};
}
