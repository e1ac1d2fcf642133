//! Requests that are done once, however often they are sent: those with an `Idempotency-Key`
//! (draft-ietf-httpapi-idempotency-key-header-07).
//!
//! The key is claimed by a row in the transaction of what the request does, and that transaction is committed only
//! when the answer is known and in the row as well: no crash can part what was done from what is answered the second
//! time. A twin that comes meanwhile is told to come again; on another instance it waits for the row, and then finds
//! the answer.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use chrono::TimeDelta;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::ctx::Caller;
use crate::db::{Attempt, Failed};
use crate::entity::idempotency_key::{ActiveModel, Column, Entity};
use crate::error::{Error, Result, is_lock_timeout};

/// For how long the first answer is given again.
const KEPT: TimeDelta = TimeDelta::hours(24);
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

/// What was answered, to be answered again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
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
    /// What it does is in here, until its answer is known.
    open: Mutex<Option<DatabaseTransaction>>,
}

#[derive(Debug)]
struct Claim {
    scope: String,
    is_anonymous: bool,
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
        let fingerprint = app.keys.sealing.fingerprint("request", &[url.as_bytes(), body])?;
        let (claim, customer, open) = (OnceLock::new(), OnceLock::new(), Mutex::default());
        Ok(Self { app, key, route, fingerprint, claim, customer, open })
    }

    /// Begins it for this caller, or gives the answer that it had before.
    ///
    /// # Errors
    /// [`Error::KeyInUse`] when a twin is being done, [`Error::KeyReused`] when the key came with another request.
    pub async fn begin(&self, caller: &Caller) -> Result<Option<Answer>> {
        let who = match caller {
            Caller::Anonymous | Caller::System => "anonymous".to_owned(),
            Caller::Customer { uuid, .. } => format!("customer {uuid}"),
            Caller::Admin { uuid, .. } => format!("admin {uuid}"),
        };
        let parts = [who.as_bytes(), self.route.as_bytes(), self.key.expose_secret().as_bytes()];
        let scope = self.app.keys.sealing.fingerprint("idempotency key", &parts)?;
        let entry = self.app.in_flight.enter(&scope).ok_or(Error::KeyInUse)?;
        let answer = self.find(&scope).await?;
        let is_anonymous = *caller == Caller::Anonymous;
        // A handler asks for its caller once; a second time would find itself in flight.
        let _first = self.claim.set(Claim { scope, is_anonymous, _entry: entry });
        Ok(answer)
    }

    async fn find(&self, scope: &str) -> Result<Option<Answer>> {
        let clock = &self.app.clock;
        let found = Entity::find_by_id(scope).filter(Column::ExpiresAt.gt(clock.now()));
        let found = found.filter(Column::ExpiresAt.lte(clock.latest(KEPT)));
        let Some(row) = found.one(self.app.db.reader()).await? else { return Ok(None) };
        if row.fingerprint != self.fingerprint {
            return Err(Error::KeyReused);
        }
        let Some(sealed) = row.answer else { return Ok(None) };
        let answer = self.app.keys.sealing.unseal(&self.context(scope), &sealed)?;
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
    /// [`Error::KeyInUse`] when a twin was faster.
    pub async fn claim(&self, tx: &DatabaseTransaction) -> Attempt<()> {
        let Some(Claim { scope, .. }) = self.claim.get() else {
            return Err(Error::internal("a keyed request has no caller").into());
        };
        let patient = !self.app.db.is_embedded();
        if patient {
            tx.execute_unprepared(&format!("SET LOCAL lock_timeout = '{PATIENCE}'")).await?;
        }
        let now = self.app.clock.now();
        let row = ActiveModel {
            scope: Set(scope.clone()),
            fingerprint: Set(self.fingerprint.clone()),
            answer: Set(None),
            customer_uuid: Set(None),
            created_at: Set(now),
            expires_at: Set(now + KEPT),
        };
        let expires_at = || Expr::col((Entity, Column::ExpiresAt));
        let mut over_expired = OnConflict::column(Column::Scope);
        over_expired
            .update_columns([Column::Fingerprint, Column::Answer, Column::CreatedAt, Column::ExpiresAt])
            .action_and_where(expires_at().lte(now).or(expires_at().gt(self.app.clock.latest(KEPT))));
        let claimed = Entity::insert(row).on_conflict(over_expired).exec_without_returning(tx).await;
        let claimed = claimed.map_err(|error| match is_lock_timeout(&error) {
            true => Failed::Rule(Error::KeyInUse),
            false => error.into(),
        })?;
        if claimed == 0 {
            return Err(Error::KeyInUse.into());
        }
        if patient {
            tx.execute_unprepared("SET LOCAL lock_timeout = DEFAULT").await?;
        }
        Ok(())
    }

    /// Keeps the transaction of what the request does open, until its answer is known.
    ///
    /// # Errors
    /// [`Error::Internal`] when it has one already.
    pub fn hold(&self, transaction: DatabaseTransaction) -> Attempt<()> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        match open.replace(transaction) {
            None => Ok(()),
            Some(_) => Err(Error::internal("a keyed request has two last transactions").into()),
        }
    }

    /// Commits what the request did, together with its answer. None when this answer is the one to give; another when
    /// a twin was faster. One that `is_passing` tells to come again, and is no result.
    ///
    /// # Errors
    /// Those of the database: nothing is changed then.
    pub async fn complete(&self, answer: &Answer, is_passing: bool) -> Result<Option<Answer>> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Without a claim it was refused before anybody asked who calls.
        let Some(Claim { scope, is_anonymous, .. }) = self.claim.get() else { return Ok(None) };
        let is_result = is_result(answer.status) && !is_passing;
        let Some(tx) = open else {
            // Nothing was changed, so that doing it again is safe; but whoever is known gets the same answer again.
            // Strangers could fill the database.
            if let Some(first) = self.find(scope).await? {
                return Ok(Some(first));
            }
            if !is_result || (*is_anonymous && answer.status >= 400) {
                return Ok(None);
            }
            let outcome = crate::transact!(self.app.db, |tx| {
                self.claim(tx).await?;
                self.record(tx, scope, answer).await
            });
            return match outcome {
                Err(Error::KeyInUse) => self.find(scope).await,
                outcome => outcome.map(|()| None),
            };
        };
        if answer.status >= 500 {
            tx.rollback().await?;
            return Ok(None);
        }
        if is_result {
            self.record(&tx, scope, answer).await.map_err(Error::from)?;
        } else {
            Entity::delete_by_id(scope.as_str()).exec(&tx).await?;
        }
        tx.commit().await?;
        Ok(None)
    }

    async fn record(&self, tx: &impl ConnectionTrait, scope: &str, answer: &Answer) -> Attempt<()> {
        let text = serde_json::to_vec(answer).map_err(Error::internal)?;
        let sealed = self.app.keys.sealing.seal(&self.app.random, &self.context(scope), &text)?;
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
