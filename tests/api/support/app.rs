//! The server under test.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, Utc};
use patron::app::App;
use patron::app::ctx::AdminCtx;
use patron::clock::Clock;
use patron::config::{Config, Flags, Values};
use patron::crypto::keys::Keys;
use patron::entity::customer;
use patron::random::Random;
use patron::router;
use patron::service::admin;
use patron::types::{EmailAddress, Password};
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{OnceCell, watch};
use tokio::task::JoinHandle;

use super::{Actor, Admin, Anonymous, Customer, postgres};

/// The admin that every test database starts with.
pub(crate) const ADMIN_EMAIL: &str = "Admin@localhost";
pub(crate) const ADMIN_PASSWORD: &str = "admin correct horse";
/// The password of customers, unless a test sets another.
pub(crate) const CUSTOMER_PASSWORD: &str = "customer correct horse";
/// The timestamp at which every test starts.
pub(crate) const NOW: &str = "2026-01-02T03:04:05.678Z";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
}

pub(crate) struct TestApp {
    pub(crate) app: Arc<App>,
    pub(crate) url: String,
    pub(crate) client: reqwest::Client,
    admin_token: String,
    stop: watch::Sender<bool>,
    server: JoinHandle<std::io::Result<()>>,
    /// The name of the PostgreSQL database.
    pub(crate) database: Option<String>,
    _folder: tempfile::TempDir,
}

impl TestApp {
    pub(crate) async fn start(backend: Backend) -> Self {
        Self::start_with(backend, |flags| flags).await
    }

    /// Starts with changed settings.
    pub(crate) async fn start_with(backend: Backend, settings: impl Fn(Flags) -> Flags) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (url, database) = match backend {
            Backend::Sqlite => (sqlite_copy(folder.path()).await, None),
            Backend::Postgres => {
                let database = postgres_copy().await;
                (postgres::program_url(&database), Some(database))
            }
        };
        let flags = settings(flags(folder.path(), &url));
        Self::serve_with_admin(folder, flags, database).await
    }

    /// Starts on this PostgreSQL database, which has the usual admin, and drops it in the end.
    pub(super) async fn start_on(database: String, settings: impl Fn(Flags) -> Flags) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let flags = settings(flags(folder.path(), &postgres::program_url(&database)));
        Self::serve_with_admin(folder, flags, Some(database)).await
    }

    async fn serve_with_admin(folder: tempfile::TempDir, flags: Flags, database: Option<String>) -> Self {
        let mut test = Self::serve(folder, flags, database).await;
        test.admin_token = test.admin_tokens(ADMIN_EMAIL, ADMIN_PASSWORD).await["accessToken"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        test
    }

    /// Starts another server with its own database of the same kind and with changed settings.
    pub(crate) async fn another_with(&self, settings: impl Fn(Flags) -> Flags) -> Self {
        let backend = if self.database.is_some() { Backend::Postgres } else { Backend::Sqlite };
        Self::start_with(backend, settings).await
    }

    async fn serve(folder: tempfile::TempDir, flags: Flags, database: Option<String>) -> Self {
        let app = build(flags).await;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (stop, stopped) = watch::channel(false);
        let server = tokio::spawn(router::serve(Arc::clone(&app), listener, stopped));
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { app, url, client, admin_token: String::new(), stop, server, database, _folder: folder }
    }

    /// Another instance on the same PostgreSQL database. It has to be stopped before this one, which drops the
    /// database.
    pub(crate) async fn second_instance(&self) -> Self {
        self.second_instance_with(|flags| flags).await
    }

    /// Another instance with changed settings.
    pub(crate) async fn second_instance_with(&self, settings: impl Fn(Flags) -> Flags) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url =
            postgres::program_url(self.database.as_ref().expect("only PostgreSQL is shared by instances"));
        let flags = settings(flags(folder.path(), &url));
        Self::serve(folder, flags, None).await
    }

    /// Stops the server, which has to succeed, and drops the database.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        drop(self.client);
        self.server.await.expect("the server did not panic").expect("the server stopped in order");
        self.app.db.clone().close().await.expect("the database closes");
        if let Some(database) = self.database {
            postgres::execute(&format!("DROP DATABASE {database} WITH (FORCE)")).await;
        }
    }

    /// Sends a raw HTTP/1 request and returns everything until the connection is closed.
    pub(crate) async fn send_raw(&self, request: &str) -> String {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let address = self.url.strip_prefix("http://").expect("a URL");
        let mut stream = tokio::net::TcpStream::connect(address).await.expect("the server listens");
        stream.write_all(request.as_bytes()).await.expect("the request is sent");
        let mut response = String::new();
        stream.read_to_string(&mut response).await.expect("the response is text");
        response
    }

    pub(crate) fn anonymous(&self) -> Anonymous<'_> {
        Anonymous(self)
    }

    pub(crate) fn admin(&self) -> Admin<'_> {
        Admin { app: self, token: self.admin_token.clone() }
    }

    /// The admin with a new token, for tests in which the clock has passed the expiry of the first one.
    pub(crate) async fn log_in_admin(&self) -> Admin<'_> {
        let pair = self.admin_tokens(ADMIN_EMAIL, ADMIN_PASSWORD).await;
        Admin { app: self, token: pair["accessToken"].as_str().expect("a token").to_owned() }
    }

    /// Registers a customer and logs in.
    pub(crate) async fn customer(&self, email: &str) -> Customer<'_> {
        let row = self.register(email).await;
        self.log_in_customer(&row).await
    }

    /// Logs a registered customer in and returns it with new tokens.
    pub(crate) async fn log_in_customer(&self, row: &Value) -> Customer<'_> {
        let body = json!({"email": row["email"], "password": CUSTOMER_PASSWORD});
        let pair = self.anonymous().post("/api/customer/tokens", &body).await.data();
        Customer::new(self, row, &pair)
    }

    /// Logs an admin in and returns the token pair.
    pub(crate) async fn admin_tokens(&self, email: &str, password: &str) -> Value {
        let body = json!({"email": email, "password": password});
        self.anonymous().post("/api/user/tokens", &body).await.data()
    }

    /// Registers a customer and returns the row.
    pub(crate) async fn register(&self, email: &str) -> Value {
        let body = json!({"full_name": "John Smith", "email": email, "password": CUSTOMER_PASSWORD});
        let response = self.anonymous().post("/api/customers", &body).await;
        assert_eq!(response.status, 201, "{response:?}");
        response.data()
    }

    /// Adds an address to a customer.
    pub(crate) async fn add_address(&self, customer: &Value, province: &str, is_default: bool) -> Value {
        let path = format!("/api/customers/{}/addresses", customer["uuid"].as_str().expect("a uuid"));
        let body = json!({
            "full_name": "John Smith", "address_1": "1 Market Street", "city": "San Francisco", "postcode": "94103",
            "province": province, "country": "US", "is_default": is_default,
        });
        let response = self.admin().post(&path, &body).await;
        assert_eq!(response.status, 201, "{response:?}");
        response.data()
    }

    /// All customers in the database, ordered by id.
    pub(crate) async fn customers(&self) -> Vec<customer::Model> {
        let select = customer::Entity::find().order_by_asc(customer::Column::CustomerId);
        select.all(self.app.db.writer()).await.expect("the database responds")
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.app.clock.now()
    }
}

pub(super) fn flags(folder: &Path, url: &str) -> Flags {
    let flags = match postgres::pooler() {
        // Statements take up to four round trips, so a thousand concurrent ones wait for longer.
        Some((mode, _)) => {
            Flags::default().with("PATRON_DATABASE_POOLER", mode).with("PATRON_DATABASE_WAIT", "25")
        }
        None => Flags::default(),
    };
    flags
        .with("PATRON_DATA_DIR", folder.display().to_string())
        .with("DATABASE_URL", url)
        .with("PATRON_DATABASE_CONNECTIONS", "4")
        .with("JWT_ADMIN_SECRET", super::actors::ADMIN_SECRET)
        .with("JWT_CUSTOMER_SECRET", super::actors::CUSTOMER_SECRET)
}

pub(super) async fn build(flags: Flags) -> Arc<App> {
    let config = Config::from_values(Values::only(&flags)).expect("valid settings");
    let now = DateTime::parse_from_rfc3339(NOW).expect("a timestamp").to_utc();
    let keys = Keys::load(&config.tokens, &config.data_dir, &Random::System).expect("there are keys");
    App::build(config, keys, Clock::fixed(now), Random::System).await.expect("the program is built")
}

/// Migrates the template database and creates the admin, once per run. Tests copy the template.
async fn prepare(folder: &Path, url: &str) {
    let app = build(flags(folder, url)).await;
    migration::up(app.db.migration_connection()).await.expect("the migrations run");
    let ctx = AdminCtx::system(Arc::clone(&app));
    let email = EmailAddress::parse_local(ADMIN_EMAIL).expect("an address");
    let password = Password::new(ADMIN_PASSWORD.into()).expect("a good password");
    admin::create(&ctx, email, "Admin".to_owned(), &password).await.expect("the admin is created");
    app.db.clone().close().await.expect("the database closes");
}

async fn sqlite_copy(folder: &Path) -> String {
    static TEMPLATE: OnceCell<PathBuf> = OnceCell::const_new();
    let template = TEMPLATE
        .get_or_init(async || {
            // Not deleted, because every test copies from it.
            let folder = tempfile::tempdir().expect("a temporary folder").keep();
            let path = folder.join("template.db");
            prepare(&folder, &format!("sqlite://{}", path.display())).await;
            path
        })
        .await;
    let path = folder.join("patron.db");
    std::fs::copy(template, &path).expect("the template is copied");
    format!("sqlite://{}", path.display())
}

async fn postgres_copy() -> String {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let run = std::process::id();
    let template = TEMPLATE
        .get_or_init(async || {
            let name = format!("patron_test_{run}_template");
            postgres::execute(&format!("CREATE DATABASE {name}")).await;
            let folder = tempfile::tempdir().expect("a temporary folder");
            prepare(folder.path(), &postgres::url(&name)).await;
            name
        })
        .await;
    let name = format!("patron_test_{run}_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    postgres::execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
    name
}
