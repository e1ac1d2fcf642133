//! Requests that are done once, however often they are sent: those with an `Idempotency-Key`
//! (draft-ietf-httpapi-idempotency-key-header-07).
//!
//! The key is claimed by a row in the transaction of what the request does, and the answer is put into that row before the
//! transaction is committed: no crash can part what was done from what is answered the second time. A twin that comes
//! meanwhile is asked to come again; on another instance it waits for the row, and then finds the answer.
//!
//! What a caller can store is bounded: of an anonymous caller only what changed something, and of each caller the latest
//! keys (`PATRON_IDEMPOTENCY_KEYS`, `PATRON_ADMIN_IDEMPOTENCY_KEYS`).

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use chrono::TimeDelta;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::app::ctx::Caller;
use crate::db::{TxError, TxResult};
use crate::entity::idempotency_key::{ActiveModel, Column, Entity};
use crate::error::{Error, Result, is_lock_timeout};
use crate::types::rate_limit_key;

#[doc(hidden)]

/// For how long the first answer is given again.
const KEPT: TimeDelta = TimeDelta::hours(24);
/// The most keys that are forgotten at once.
const PRUNED_AT_ONCE: u64 = 10_000;
/// For how long a twin on another instance waits for the first to end, in PostgreSQL's words.
const PATIENCE: &str = "2s";

/// The requests with keys that are being done by this instance, by their scope.
#[derive(Clone, Debug, Default)]
pub struct InFlight(Arc<Mutex<HashSet<String>>>);

/// Takes a request out of [`InFlight`] when it ends, however it does.
#[derive(Debug)]
struct Entry {
    all: InFlight,
    scope: String,
}

impl InFlight {
    fn enter(&self, scope: &str) -> Option<Entry> {
        let mut scopes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        scopes.insert(scope.to_owned()).then(|| Entry { all: self.clone(), scope: scope.to_owned() })
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.scope);
    }
}

/// What is answered to a write, the first time and again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredResponse {
    /// HTTP status.
    pub status: u16,
    /// The headers that belong to the result.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

/// A request with a key.
pub struct KeyedRequest {
    app: Arc<App>,
    key: SecretString,
    route: String,
    fingerprint: String,
    claim: OnceLock<Claim>,
    customer: OnceLock<Uuid>,
    /// Set when its answer is stored: with what it did, or afterwards when it changed nothing.
    stored: AtomicBool,
}

#[derive(Debug)]
struct Claim {
    scope: String,
    /// As it is in the table: an account, or the network address of an anonymous caller.
    caller: String,
    is_anonymous: bool,
    /// The most keys that are kept of this caller.
    most: u32,
    _entry: Entry,
}

/// Without the key: whoever has it reads the answer.
impl std::fmt::Debug for KeyedRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyedRequest").field("route", &self.route).finish_non_exhaustive()
    }
}

impl KeyedRequest {
    /// A request with this key to this route, for this URL, with this body.
    ///
    /// # Errors
    /// A defect.
    pub fn new(app: Arc<App>, key: SecretString, route: String, url: &str, body: &[u8]) -> Result<Self> {
        let fingerprint = app.keys.encryption.fingerprint("request", &[url.as_bytes(), body])?;
        let (claim, customer, stored) = (OnceLock::new(), OnceLock::new(), AtomicBool::new(false));
        Ok(Self { app, key, route, fingerprint, claim, customer, stored })
    }

    /// Begins it for this caller, or gives the answer that it had before.
    ///
    /// # Errors
    /// [`Error::IdempotencyKeyInUse`] when a twin is being done, [`Error::IdempotencyKeyReused`] when the key came with another request.
    pub async fn begin(&self, caller: &Caller, ip: Option<IpAddr>) -> Result<Option<StoredResponse>> {
        let who = match caller {
            Caller::Anonymous | Caller::System => "anonymous".to_owned(),
            Caller::Customer { uuid, .. } => format!("customer {uuid}"),
            Caller::Admin { uuid, .. } => format!("admin {uuid}"),
        };
        let parts = [who.as_bytes(), self.route.as_bytes(), self.key.expose_secret().as_bytes()];
        let scope = self.app.keys.encryption.fingerprint("idempotency key", &parts)?;
        let entry = self.app.in_flight.enter(&scope).ok_or(Error::IdempotencyKeyInUse)?;
        let answer = self.find(&scope).await?;
        let is_anonymous = *caller == Caller::Anonymous;
        let limits = &self.app.config.limits;
        let is_admin = matches!(caller, Caller::Admin { .. });
        let most = if is_admin { limits.admin_idempotency_keys } else { limits.idempotency_keys };
        let address = ip.filter(|_| is_anonymous).map(|ip| format!("address {}", rate_limit_key(ip)));
        let caller = address.unwrap_or(who);
        // A handler asks for its caller once; a second time would find itself in flight.
        let _first = self.claim.set(Claim { scope, caller, is_anonymous, most, _entry: entry });
        Ok(answer)
    }

    async fn find(&self, scope: &str) -> Result<Option<StoredResponse>> {
        let clock = &self.app.clock;
        let found = Entity::find_by_id(scope).filter(Column::ExpiresAt.gt(clock.now()));
        let found = found.filter(Column::ExpiresAt.lte(clock.latest(KEPT)));
        let Some(row) = found.one(self.app.db.reader()).await? else { return Ok(None) };
        if row.fingerprint != self.fingerprint {
            return Err(Error::IdempotencyKeyReused);
        }
        let Some(sealed) = row.answer else { return Ok(None) };
        let answer = self.app.keys.encryption.unseal(&self.context(scope), &sealed)?;
        serde_json::from_slice(&answer).map(Some).map_err(Error::internal)
    }

    /// With the key, which the database doesn't know.
    fn context<'a>(&'a self, scope: &'a str) -> [&'a [u8]; 3] {
        [b"answer", scope.as_bytes(), self.key.expose_secret().as_bytes()]
    }

    /// Whose data the answer will hold.
    pub fn concerns(&self, customer: Uuid) {
        self.customer.get_or_init(|| customer);
    }

    /// Claims the key, in the transaction of what the request does.
    ///
    /// # Errors
    /// [`Error::IdempotencyKeyInUse`] when a twin was faster.
    pub(super) async fn claim(&self, tx: &DatabaseTransaction) -> TxResult<()> {
        let Claim { scope, caller, .. } = self.claimed()?;
        let patient = !self.app.db.is_embedded();
        if patient {
            tx.execute_unprepared(&format!("SET LOCAL lock_timeout = '{PATIENCE}'")).await?;
        }
        let now = self.app.clock.now();
        let row = ActiveModel {
            scope: Set(scope.clone()),
            caller: Set(caller.clone()),
            fingerprint: Set(self.fingerprint.clone()),
            answer: Set(None),
            customer_uuid: Set(None),
            created_at: Set(now),
            expires_at: Set(now + KEPT),
        };
        let expires_at = || Expr::col((Entity, Column::ExpiresAt));
        let mut over_expired = OnConflict::column(Column::Scope);
        over_expired
            .update_columns([
                Column::Caller,
                Column::Fingerprint,
                Column::Answer,
                Column::CreatedAt,
                Column::ExpiresAt,
            ])
            .action_and_where(expires_at().lte(now).or(expires_at().gt(self.app.clock.latest(KEPT))));
        let claimed = Entity::insert(row).on_conflict(over_expired).exec_without_returning(tx).await;
        let claimed = claimed.map_err(|error| match is_lock_timeout(&error) {
            true => TxError::Rule(Error::IdempotencyKeyInUse),
            false => error.into(),
        })?;
        if claimed == 0 {
            return Err(Error::IdempotencyKeyInUse.into());
        }
        if patient {
            tx.execute_unprepared("SET LOCAL lock_timeout = DEFAULT").await?;
        }
        Ok(())
    }

    /// Commits what the request does, with the answer to give when it comes again. Without one the key is free again.
    ///
    /// # Errors
    /// Those of the database: nothing is changed then.
    pub(super) async fn commit(
        &self,
        tx: DatabaseTransaction,
        answer: Option<&StoredResponse>,
    ) -> TxResult<()> {
        let Claim { scope, .. } = self.claimed()?;
        match answer {
            Some(answer) => self.record(&tx, scope, answer).await?,
            None => {
                Entity::delete_by_id(scope.as_str()).exec(&tx).await?;
            }
        }
        tx.commit().await?;
        self.stored.store(answer.is_some(), Ordering::Release);
        Ok(())
    }

    fn claimed(&self) -> Result<&Claim> {
        self.claim.get().ok_or_else(|| Error::internal("a keyed request has no caller"))
    }

    /// Whether its answer is stored: with what it did, or afterwards when it changed nothing.
    pub fn is_stored(&self) -> bool {
        self.stored.load(Ordering::Acquire)
    }

    /// Stores the answer of a request that changed nothing, such as a refusal: a caller with a token gets the same answer
    /// again. Of an anonymous caller nothing is stored, who could fill the database. An answer that `is_passing` asks
    /// to come again, and is not stored. Returns another answer, to be given instead, when a twin was faster.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn complete(
        &self,
        answer: &StoredResponse,
        is_passing: bool,
    ) -> Result<Option<StoredResponse>> {
        // Without a claim it was refused before anybody asked who calls.
        let Some(Claim { scope, is_anonymous, .. }) = self.claim.get() else { return Ok(None) };
        if let Some(first) = self.find(scope).await? {
            return Ok(Some(first));
        }
        if *is_anonymous || is_passing || !is_result(answer.status) {
            return Ok(None);
        }
        let outcome = crate::transact!(self.app.db, |tx| {
            self.claim(tx).await?;
            self.record(tx, scope, answer).await
        });
        match outcome {
            Err(Error::IdempotencyKeyInUse) => self.find(scope).await,
            outcome => {
                outcome?;
                self.stored.store(true, Ordering::Release);
                Ok(None)
            }
        }
    }

    /// Forgets the oldest keys of the caller beyond those that are kept, now and then: so the table has at most a tenth
    /// more of them.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn prune(&self) -> Result<()> {
        let Some(Claim { caller, most, .. }) = self.claim.get() else { return Ok(()) };
        let every = u64::from((*most).div_ceil(10));
        if !u64::from_le_bytes(self.app.random.bytes()).is_multiple_of(every) {
            return Ok(());
        }
        let own =
            Entity::find().select_only().column(Column::Scope).filter(Column::Caller.eq(caller.as_str()));
        let latest_first = own.order_by_desc(Column::CreatedAt).order_by_desc(Column::Scope);
        let surplus = latest_first.offset(u64::from(*most)).limit(PRUNED_AT_ONCE).into_tuple::<String>();
        let surplus = surplus.all(self.app.db.reader()).await?;
        if surplus.is_empty() {
            return Ok(());
        }
        crate::transact!(self.app.db, |tx| {
            let gone = Entity::delete_many().filter(Column::Scope.is_in(surplus.iter().map(String::as_str)));
            gone.exec(tx).await?;
            Ok(())
        })
    }

    async fn record(&self, tx: &impl ConnectionTrait, scope: &str, answer: &StoredResponse) -> TxResult<()> {
        let text = serde_json::to_vec(answer).map_err(Error::internal)?;
        let sealed = self.app.keys.encryption.seal(&self.app.random, &self.context(scope), &text)?;
        let customer_uuid = Set(self.customer.get().copied());
        let row = ActiveModel { answer: Set(Some(sealed)), customer_uuid, ..Default::default() };
        Entity::update_many().set(row).filter(Column::Scope.eq(scope)).exec(tx).await?;
        Ok(())
    }
}

/// Whether an answer is what came of the request, to be given again: not that nobody may do it now, nor so often, nor
/// that it can't be done at the moment.
fn is_result(status: u16) -> bool {
    status < 500 && ![401, 403, 408, 413, 415, 429].contains(&status)
}
