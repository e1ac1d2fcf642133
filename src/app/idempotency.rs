//! Idempotent requests: a request with an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07) is executed
//! once, however often it is sent.
//!
//! The request's transaction claims the key by inserting a row, and stores the response in that row before it commits. So
//! the change and its response are committed together, even if the program crashes. A concurrent duplicate is refused with
//! a conflict on the same instance; on another instance it waits for the row's lock, and then gets the stored response.
//!
//! The stored keys of a caller are limited: for anonymous callers only responses of changes are stored, and each caller has
//! a maximum number of keys (`PATRON_IDEMPOTENCY_KEYS`, `PATRON_ADMIN_IDEMPOTENCY_KEYS`).

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::TimeDelta;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::app::caller::Caller;
use crate::app::running_keys::RunningKey;
use crate::db::{OpenTransaction, TxError, TxResult};
use crate::entity::idempotency_key::{ActiveModel, Column, Entity};
use crate::error::{Error, Result, is_lock_timeout};
use crate::types::rate_limit_key;

/// How long a response is stored.
const RETENTION: TimeDelta = TimeDelta::hours(24);
/// The maximum number of keys that are deleted at once.
const PRUNE_BATCH: u64 = 10_000;
/// How long a duplicate on another instance waits for the first request, as a value of PostgreSQL's `lock_timeout`.
const LOCK_TIMEOUT: &str = "2s";

/// How long a request that failed temporarily looks for the response of its change.
const FAILED_LOOKUP: Duration = Duration::from_millis(500);

/// A response that is returned again when the request is repeated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredResponse {
    /// The HTTP status.
    pub status: u16,
    /// The headers that are stored with the response.
    pub headers: Vec<(String, String)>,
    /// The response body.
    pub body: String,
}

/// A request with an idempotency key.
pub struct KeyedRequest {
    app: Arc<App>,
    key: SecretString,
    route: String,
    fingerprint: String,
    claim: OnceLock<Claim>,
    customer: OnceLock<Uuid>,
    /// Whether the response is stored: with the change, or afterwards if nothing was changed.
    stored: AtomicBool,
}

#[derive(Debug)]
struct Claim {
    scope: String,
    /// The caller as stored in the table: an account, or the network address of an anonymous caller.
    caller: String,
    is_anonymous: bool,
    /// The maximum number of stored keys of this caller.
    max: u32,
    _entry: RunningKey,
}

/// Omits the key, because it decrypts the response.
impl std::fmt::Debug for KeyedRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyedRequest").field("route", &self.route).finish_non_exhaustive()
    }
}

impl KeyedRequest {
    /// Creates a request with this key, route, URL and body.
    ///
    /// # Errors
    /// [`Error::Internal`], which is a defect.
    pub fn new(app: Arc<App>, key: SecretString, route: String, url: &str, body: &[u8]) -> Result<Self> {
        let fingerprint = app.keys.encryption.fingerprint("request", &[url.as_bytes(), body])?;
        let (claim, customer, stored) = (OnceLock::new(), OnceLock::new(), AtomicBool::new(false));
        Ok(Self { app, key, route, fingerprint, claim, customer, stored })
    }

    /// Begins the request for this caller, or returns the stored response.
    ///
    /// # Errors
    /// [`Error::IdempotencyKeyInUse`] if a duplicate is running, [`Error::IdempotencyKeyReused`] if the key was used for a
    /// different request.
    pub async fn begin(&self, caller: &Caller, ip: Option<IpAddr>) -> Result<Option<StoredResponse>> {
        let account = match caller {
            Caller::Anonymous | Caller::System => "anonymous".to_owned(),
            Caller::Customer { uuid, .. } => format!("customer {uuid}"),
            Caller::Admin { uuid, .. } | Caller::UnenrolledAdmin { uuid, .. } => format!("admin {uuid}"),
        };
        let parts = [account.as_bytes(), self.route.as_bytes(), self.key.expose_secret().as_bytes()];
        let scope = self.app.keys.encryption.fingerprint("idempotency key", &parts)?;
        let entry = self.app.running_keys.enter(&scope).ok_or(Error::IdempotencyKeyInUse)?;
        let response = self.find(&scope).await?;
        let is_anonymous = *caller == Caller::Anonymous;
        let limits = &self.app.config.limits;
        let is_admin = matches!(caller, Caller::Admin { .. } | Caller::UnenrolledAdmin { .. });
        let max = if is_admin { limits.admin_idempotency_keys } else { limits.idempotency_keys };
        let address = ip.filter(|_| is_anonymous).map(|ip| format!("address {}", rate_limit_key(ip)));
        let caller = address.unwrap_or(account);
        // A handler extracts its context only once: a second time the request would conflict with itself.
        let _first = self.claim.set(Claim { scope, caller, is_anonymous, max, _entry: entry });
        Ok(response)
    }

    async fn find(&self, scope: &str) -> Result<Option<StoredResponse>> {
        let clock = &self.app.clock;
        let select = Entity::find_by_id(scope).filter(Column::ExpiresAt.gt(clock.now()));
        let select = select.filter(Column::ExpiresAt.lte(clock.latest(RETENTION)));
        let Some(row) = select.one(self.app.db.reader()).await? else { return Ok(None) };
        if row.fingerprint != self.fingerprint {
            return Err(Error::IdempotencyKeyReused);
        }
        let Some(sealed) = row.answer else { return Ok(None) };
        let response = self.app.keys.encryption.unseal(&self.context(scope), &sealed)?;
        serde_json::from_slice(&response).map(Some).map_err(Error::internal)
    }

    /// The context of the encryption. It contains the key, which is not stored in the database.
    fn context<'a>(&'a self, scope: &'a str) -> [&'a [u8]; 3] {
        [b"answer", scope.as_bytes(), self.key.expose_secret().as_bytes()]
    }

    /// Records which customer's data the response contains.
    pub fn record_customer(&self, customer: Uuid) {
        self.customer.get_or_init(|| customer);
    }

    /// Claims the key in the transaction of the request.
    ///
    /// # Errors
    /// [`Error::IdempotencyKeyInUse`] if a duplicate was faster.
    pub(super) async fn claim(&self, tx: &OpenTransaction) -> TxResult<()> {
        let Claim { scope, caller, .. } = self.claimed()?;
        let waits_for_lock = !self.app.db.is_embedded();
        if waits_for_lock {
            tx.execute_unprepared(&format!("SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")).await?;
        }
        let now = self.app.clock.now();
        let row = ActiveModel {
            scope: Set(scope.clone()),
            caller: Set(caller.clone()),
            fingerprint: Set(self.fingerprint.clone()),
            answer: Set(None),
            customer_uuid: Set(None),
            created_at: Set(now),
            expires_at: Set(now + RETENTION),
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
            .action_and_where(expires_at().lte(now).or(expires_at().gt(self.app.clock.latest(RETENTION))));
        let claimed = Entity::insert(row).on_conflict(over_expired).exec_without_returning(tx).await;
        let claimed = claimed.map_err(|error| match is_lock_timeout(&error) {
            true => TxError::Rule(Error::IdempotencyKeyInUse),
            false => error.into(),
        })?;
        if claimed == 0 {
            return Err(Error::IdempotencyKeyInUse.into());
        }
        if waits_for_lock {
            tx.execute_unprepared("SET LOCAL lock_timeout = DEFAULT").await?;
        }
        Ok(())
    }

    /// Commits the request's change together with its response. Without a response the key is released.
    pub(super) async fn commit(
        &self,
        tx: OpenTransaction,
        response: Option<&StoredResponse>,
    ) -> TxResult<()> {
        let Claim { scope, .. } = self.claimed()?;
        match response {
            Some(response) => self.record(&tx, scope, response).await?,
            None => {
                Entity::delete_by_id(scope.as_str()).exec(&tx).await?;
            }
        }
        tx.commit().await?;
        self.stored.store(response.is_some(), Ordering::Release);
        Ok(())
    }

    fn claimed(&self) -> Result<&Claim> {
        self.claim.get().ok_or_else(|| Error::internal("a keyed request has no caller"))
    }

    /// Whether the response is stored: with the change, or afterwards if nothing was changed.
    pub fn is_stored(&self) -> bool {
        self.stored.load(Ordering::Acquire)
    }

    /// Stores the response of a request that changed nothing, such as a refusal, so that a caller with a token gets the
    /// same response again. Responses to anonymous callers are not stored, because they could fill the database. A
    /// response that is not the final result of the request is not stored either, such as a temporary failure. If a
    /// duplicate was faster, returns the duplicate's response, to be sent instead.
    pub async fn complete(
        &self,
        response: &StoredResponse,
        is_final: bool,
    ) -> Result<Option<StoredResponse>> {
        // Without a claim the request was refused before its caller was authenticated.
        let Some(Claim { scope, is_anonymous, .. }) = self.claim.get() else { return Ok(None) };
        if !is_final {
            // The change may have been made, and the response stored, if the database failed at the commit. The request has
            // waited for the database once, and does not wait as long again.
            let found = tokio::time::timeout(FAILED_LOOKUP, self.find(scope)).await;
            return found.unwrap_or(Ok(None));
        }
        if let Some(first) = self.find(scope).await? {
            return Ok(Some(first));
        }
        if *is_anonymous {
            return Ok(None);
        }
        let outcome = crate::transact!(self.app.db, |tx| {
            self.claim(tx).await?;
            self.record(tx, scope, response).await
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

    /// Deletes the oldest keys of the caller beyond the limit. Only does so for a random share of the requests, so that a
    /// caller has about a tenth more keys than the limit.
    pub async fn prune(&self) -> Result<()> {
        let Some(Claim { caller, max, .. }) = self.claim.get() else { return Ok(()) };
        let every = u64::from((*max).div_ceil(10));
        if !u64::from_le_bytes(self.app.random.bytes()).is_multiple_of(every) {
            return Ok(());
        }
        let own =
            Entity::find().select_only().column(Column::Scope).filter(Column::Caller.eq(caller.as_str()));
        let latest_first = own.order_by_desc(Column::CreatedAt).order_by_desc(Column::Scope);
        let surplus = latest_first.offset(u64::from(*max)).limit(PRUNE_BATCH).into_tuple::<String>();
        let surplus = surplus.all(self.app.db.reader()).await?;
        if surplus.is_empty() {
            return Ok(());
        }
        crate::transact!(self.app.db, |tx| {
            let delete =
                Entity::delete_many().filter(Column::Scope.is_in(surplus.iter().map(String::as_str)));
            delete.exec(tx).await?;
            Ok(())
        })
    }

    async fn record(
        &self,
        tx: &impl ConnectionTrait,
        scope: &str,
        response: &StoredResponse,
    ) -> TxResult<()> {
        let text = serde_json::to_vec(response).map_err(Error::internal)?;
        let sealed = self.app.keys.encryption.seal(&self.app.random, &self.context(scope), &text)?;
        let customer_uuid = Set(self.customer.get().copied());
        let row = ActiveModel { answer: Set(Some(sealed)), customer_uuid, ..Default::default() };
        Entity::update_many().set(row).filter(Column::Scope.eq(scope)).exec(tx).await?;
        Ok(())
    }
}
