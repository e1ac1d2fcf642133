//! An instance of patron for tests of inputs, with a separate database, a fixed clock and some customers.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::Request;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use chrono::DateTime;
use migration::{Migrator, MigratorTrait};
use patron::app::App;
use patron::app::ctx::AdminCtx;
use patron::clock::Clock;
use patron::config::{Config, Flags, Values};
use patron::crypto::keys::Keys;
use patron::entity::{customer, customer_group};
use patron::random::Random;
use patron::router::router;
use patron::service::import::{self, Import, ImportOutcome, Line, Record};
use patron::service::{admin, token};
use patron::types::{EmailAddress, Password};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, Statement,
};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::postgres;
use crate::response::Response;

/// The signing keys of tokens.
pub(crate) const SECRETS: [(&str, &str); 4] = [
    ("JWT_ADMIN_SECRET", "admins' access tokens, a key for trying things out"),
    ("JWT_ADMIN_REFRESH_SECRET", "admins' refresh tokens, a key for trying things out"),
    ("JWT_CUSTOMER_SECRET", "customers' access tokens, a key for trying things out"),
    ("JWT_CUSTOMER_REFRESH_SECRET", "customers' refresh tokens, a key for trying things out"),
];
/// The time of the fixed clock.
const NOW: &str = "2026-01-02T03:04:05.678Z";
/// A hash without a password. No target logs in, and computing hashes would slow them down.
pub(crate) const HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g";

/// An instance of patron.
pub struct World {
    /// The context of calls by the program itself.
    pub(crate) ctx: AdminCtx,
    /// The admin of valid tokens.
    pub(crate) admin: patron::entity::admin_user::Model,
    /// The first customer in its initial state.
    pub(crate) first: customer::Model,
    /// The primary key of the last initial customer.
    pub(crate) last: i32,
    router: Router,
    token: String,
    runtime: Runtime,
    /// The database on the PostgreSQL server; none for SQLite.
    database: Option<postgres::Database>,
    _folder: tempfile::TempDir,
}

impl World {
    /// Creates an instance on SQLite.
    ///
    /// # Panics
    /// If it can't be created.
    pub fn new() -> Self {
        Self::create(None)
    }

    /// Creates an instance on the PostgreSQL server that `tests/postgres` started.
    ///
    /// # Panics
    /// If it can't be created.
    pub fn on_postgres() -> Self {
        Self::create(Some(postgres::Database::create()))
    }

    fn create(database: Option<postgres::Database>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut flags = Flags::default()
            .with("PATRON_DATA_DIR", folder.path().display().to_string())
            .with("PATRON_DATABASE_CONNECTIONS", "2")
            .with("PATRON_EMAIL_VERIFICATION", "off")
            .with("PATRON_RATE_LIMITS", "off");
        if let Some(database) = &database {
            flags = flags.with("DATABASE_URL", database.url());
        }
        for (variable, secret) in SECRETS {
            flags = flags.with(variable, secret);
        }
        let config = Config::from_values(Values::only(&flags)).expect("the settings are valid");
        let now = DateTime::parse_from_rfc3339(NOW).expect("a timestamp").to_utc();
        let keys =
            Keys::load(&config.tokens, &config.data_dir, &Random::System).expect("the keys are loaded");
        let runtime = runtime();
        let (ctx, admin, customers) = runtime.block_on(async {
            let app = App::build(config, keys, Clock::fixed(now), Random::seeded(1)).await;
            let ctx = AdminCtx::system(app.expect("the program is built"));
            Migrator::up(ctx.app.db.migration_connection(), None).await.expect("the migrations run");
            let email = EmailAddress::parse_local("admin@localhost").expect("an address");
            let password = Password::new("an admin's password".into()).expect("a valid password");
            let admin = admin::create(&ctx, email, "Admin".to_owned(), &password).await;
            populate(&ctx).await;
            let customers = customer::Entity::find().order_by_asc(customer::Column::CustomerId);
            let customers = customers.all(ctx.app.db.reader()).await.expect("the database responds");
            (ctx, admin.expect("an admin"), customers)
        });
        let token = token::issue_for_admin(&ctx.app, &admin, None).expect("a token").access_token;
        // Some parts of the router need the runtime when they are built.
        let router = runtime.block_on(async { router(&ctx.app) });
        let first = customers.first().cloned().expect("a customer");
        let last = customers.last().map_or(0, |last| last.customer_id);
        Self { ctx, admin, first, last, router, token, runtime, database, _folder: folder }
    }

    /// Runs a future to completion.
    pub(crate) fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    pub(crate) fn app(&self) -> &Arc<App> {
        &self.ctx.app
    }

    /// Calls a route as an admin.
    pub(crate) fn send(&self, method: &str, path: &str, body: &[u8]) -> Response {
        self.call(method, path, body, Some(&self.token))
    }

    /// Calls a route without a token.
    pub(crate) fn send_anonymously(&self, method: &str, path: &str, body: &[u8]) -> Response {
        self.call(method, path, body, None)
    }

    fn call(&self, method: &str, path: &str, body: &[u8], token: Option<&str>) -> Response {
        let (status, body) = self.response_of(method, path, body, token);
        Response::new(status, &body)
    }

    /// Calls a route as an admin or without a token, and returns the unchecked status and body of the response.
    pub(crate) fn send_raw(&self, method: &str, path: &str, body: &[u8], as_admin: bool) -> (u16, Bytes) {
        self.response_of(method, path, body, as_admin.then_some(&self.token))
    }

    fn response_of(&self, method: &str, path: &str, body: &[u8], token: Option<&str>) -> (u16, Bytes) {
        use tower::ServiceExt;
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, "localhost")
            .header(CONTENT_TYPE, "application/json");
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Body::from(body.to_vec())).expect("a request");
        self.run(async {
            let response = self.router.clone().oneshot(request).await.expect("routes never fail");
            let status = response.status().as_u16();
            let body = to_bytes(response.into_body(), usize::MAX).await.expect("the response body is read");
            (status, body)
        })
    }

    /// The size of the embedded database in bytes.
    pub(crate) fn database_size(&self) -> u64 {
        let select = "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size";
        let statement = Statement::from_string(DbBackend::Sqlite, select);
        let row = self.run(self.app().db.reader().query_one_raw(statement)).expect("the database responds");
        let bytes: i64 = row.expect("a row").try_get_by_index(0).expect("a number");
        u64::try_from(bytes).unwrap_or_default()
    }

    /// All customers, ordered by primary key.
    pub(crate) fn customers(&self) -> Vec<customer::Model> {
        let select = customer::Entity::find().order_by_asc(customer::Column::CustomerId);
        self.run(select.all(self.app().db.reader())).expect("the database responds")
    }

    /// The first customer, which the targets change.
    pub(crate) fn customer(&self) -> customer::Model {
        let select = customer::Entity::find_by_id(self.first.customer_id);
        self.run(select.one(self.app().db.reader())).expect("the database responds").expect("a customer")
    }

    /// Restores the initial state of the first customer, so that every input starts from the same state.
    pub(crate) fn restore(&self) {
        // The sequence of the journal never decreases.
        let current = self.customer();
        let first = customer::Model { event_sequence: current.event_sequence, ..self.first.clone() };
        if current != first {
            let row = first.into_active_model().reset_all();
            self.run(row.update(self.app().db.writer())).expect("the database responds");
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(database) = self.database.take() {
            let closed = self.runtime.block_on(self.ctx.app.db.clone().close());
            database.remove();
            closed.expect("the connections close");
        }
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

/// Builds the runtime of asynchronous calls.
pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Creates customers that differ in every field for filters and sorting, and some with equal fields.
async fn populate(ctx: &AdminCtx) {
    let group = |name: &str| customer_group::ActiveModel {
        uuid: sea_orm::Set(ctx.app.random.uuid()),
        group_name: sea_orm::Set(name.to_owned()),
        created_at: sea_orm::Set(ctx.app.clock.now()),
        updated_at: sea_orm::Set(ctx.app.clock.now()),
        ..Default::default()
    };
    let groups = customer_group::Entity::insert_many([group("Wholesale"), group("100 % \"VIP\"_\\")]);
    groups.exec_without_returning(ctx.app.db.writer()).await.expect("groups are written");
    let lines = (0..24).map(|number| Line {
        number,
        record: Ok(Record { fields: customer_fields(number), is_text: false }),
    });
    let batch = import::prepare(ctx, import::Options::default(), lines.collect())
        .await
        .expect("the batch is prepared");
    let outcomes = Import::default().write(ctx, batch).await.expect("the batch is written");
    assert!(outcomes.iter().all(|outcome| *outcome == ImportOutcome::Created), "{outcomes:?}");
    // Only manual changes of the database create customers without a group.
    let without_group = customer::Entity::update_many()
        .col_expr(customer::Column::GroupId, Expr::value(None::<i32>))
        .filter(customer::Column::CustomerId.is_in([5, 6, 17]));
    without_group.exec(ctx.app.db.writer()).await.expect("the customers are changed");
}

fn customer_fields(number: u64) -> serde_json::Map<String, Value> {
    const NAMES: [&str; 8] = [
        "John Smith",
        "Zoë Łukasz",
        "a_b % \\ 'c'",
        "ΌΔΥΣΣΕΎΣ",
        "John Smith",
        "İstanbul ß",
        "\u{1F600}\u{FFFF}",
        "Ann",
    ];
    let index = usize::try_from(number).expect("a small number");
    let timestamp =
        |day: u64| format!("2025-0{}-1{}T0{}:00:00.{:03}Z", day % 9 + 1, day % 7, day % 5, day * 41 % 1000);
    let mut fields = json!({
        "full_name": NAMES[index % NAMES.len()],
        "email": format!("{}.{}@example{}.com", ["John", "zo\u{eb}", "a_b%c", "x"][index % 4], number, number % 3),
        "status": u64::from(number % 5 != 4),
        "group_id": number % 3 + 1,
        "password_hash": HASH,
        "created_at": timestamp(number / 4),
        "updated_at": timestamp(number / 4),
        "meta_data": {"free": {"text": "form", "number": number}},
    });
    if !number.is_multiple_of(3) {
        fields["email_verified_at"] = timestamp(number / 2).into();
    }
    fields.as_object().cloned().expect("an object")
}
