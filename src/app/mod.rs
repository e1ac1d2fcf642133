//! The shared state of the program: database, clock, keys, settings, limits and metrics. The program and the tests build it
//! in the same way. Building it fails if a setting can't be used, with the name of the setting.

mod caller;
pub mod ctx;
pub mod export_limits;
pub mod idempotency;
mod own_writes;
pub mod rate_limits;
mod running_keys;
pub mod write;

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use parking_lot::{Mutex, RwLock};
use tokio::sync::{Semaphore, watch};
use uuid::Uuid;

use crate::app::export_limits::ExportLimits;
use crate::app::rate_limits::RateLimits;
use crate::app::running_keys::RunningKeys;
use crate::clock::Clock;
use crate::config::{BuildError, Config, private_folder};
use crate::crypto::keys::Keys;
use crate::crypto::password_hasher::{HasherError, PasswordHasher};
use crate::db::batch_loader::BatchLoaders;
use crate::db::{Database, open_error};
use crate::outbound::mailer::Mailer;
use crate::outbound::webhook_client::WebhookClient;
use crate::random::Random;
use crate::telemetry::metrics::Metrics;
use crate::types::Trigrams;

/// The shared state of the running program.
#[derive(Debug)]
pub struct App {
    /// The connections to SQLite or PostgreSQL.
    pub db: Database,
    /// The source of timestamps. Tests use a fixed one.
    pub clock: Arc<Clock>,
    /// The source of identifiers, secrets and jitter. Tests and the demo use a seeded one.
    pub random: Random,
    /// Hashes and verifies passwords on its own threads.
    pub hasher: PasswordHasher,
    /// Renders mails, and sends them over SMTP or writes them to files.
    pub mailer: Mailer,
    /// Sends webhooks to permitted addresses.
    pub webhook_client: WebhookClient,
    /// The keys for tokens and sealed values.
    pub keys: Keys,
    /// The validated settings of the program.
    pub config: Config,
    /// Batch the lookups of accounts by concurrent requests.
    pub batch_loaders: BatchLoaders,
    /// The rate limits by network address.
    pub rate_limits: RateLimits,
    /// The permits of concurrent requests.
    pub concurrency_limit: Arc<Semaphore>,
    /// The limits of exports of customers.
    pub export_limits: ExportLimits,
    /// The frequencies of trigrams in the searched columns, as last sampled by the worker.
    pub trigrams: RwLock<Arc<Trigrams>>,
    /// Rows that can't be used, such as those of other programs whose keys can't be computed, and that were already logged.
    pub logged_rows: Mutex<HashSet<Uuid>>,
    /// Running requests with an idempotency key.
    pub running_keys: RunningKeys,
    /// The metrics of all parts of the program.
    pub metrics: Metrics,
    /// Whether the schema of the database was once that of this release, since the start.
    pub had_current_schema: AtomicBool,
    /// Becomes true when the program begins to stop. Requests are still served, but readiness fails and connections end, so
    /// that load balancers send further requests to other instances.
    pub drain: watch::Sender<bool>,
    /// The address on which the server listens. Set when it listens, because the system chooses the port for port 0.
    pub listen_address: OnceLock<SocketAddr>,
    /// In the demo, the customer whose login the playground offers.
    pub demo_customer: OnceLock<DemoCustomer>,
}

/// The login of a demo customer. It is not a secret, because it is the same in every demo.
#[derive(Debug)]
pub struct DemoCustomer {
    /// The address of the first customer.
    pub email: &'static str,
    /// The password of every demo customer.
    pub password: &'static str,
}

impl App {
    /// Builds the shared state.
    ///
    /// # Errors
    /// The database can't be opened, argon2 refuses its parameters, or the settings of mails or webhooks are not valid.
    pub async fn build(
        config: Config,
        keys: Keys,
        clock: Clock,
        random: Random,
    ) -> Result<Arc<Self>, BuildError> {
        let hasher = PasswordHasher::new(&config.hashing).map_err(|error| match error {
            HasherError::Parameters(_) => BuildError::new("PATRON_HASH_MEMORY", &error),
            HasherError::Threads(_) => BuildError::new("PATRON_HASH_THREADS", &error),
        })?;
        let mailer = Mailer::new(&config.mail, &config.shop)?;
        let webhook_client = WebhookClient::new(&config.webhooks)?;
        let db = open_database(&config).await?;
        hasher.follow(&db);
        let clock = Arc::new(clock);
        let rate_limits = RateLimits::new(&config.limits, &clock);
        let concurrency_limit = Arc::new(Semaphore::new(config.limits.requests));
        let (batch_loaders, trigrams) = (BatchLoaders::default(), RwLock::default());
        let running_keys = RunningKeys::default();
        let metrics = Metrics::new(&db.metrics, &hasher.metrics, clock.now().timestamp());
        let (listen_address, demo_customer) = (OnceLock::new(), OnceLock::new());
        Ok(Arc::new(Self {
            db,
            clock,
            random,
            hasher,
            mailer,
            webhook_client,
            keys,
            config,
            batch_loaders,
            rate_limits,
            concurrency_limit,
            export_limits: ExportLimits::default(),
            trigrams,
            logged_rows: Mutex::default(),
            running_keys,
            metrics,
            had_current_schema: AtomicBool::new(false),
            drain: watch::Sender::new(false),
            listen_address,
            demo_customer,
        }))
    }

    /// The metrics in the text format of Prometheus. Does not query the database.
    pub fn render_metrics(&self) -> String {
        self.db.record_connections();
        self.db.record_replicas(&self.clock);
        self.hasher.record_queue();
        self.metrics.render()
    }

    /// The public URL of this server. It never depends on the `Host` header of a request, which a client can forge.
    pub fn public_url(&self) -> String {
        let server = &self.config.server;
        server.url(*self.listen_address.get().unwrap_or(&server.listen))
    }
}

/// Opens the database. Creates the data folder for an SQLite database in it.
///
/// # Errors
/// The data folder can't be used, or the database can't be opened.
pub async fn open_database(config: &Config) -> Result<Database, BuildError> {
    create_database_folder(config)?;
    Database::connect(&config.database).await.map_err(|error| BuildError {
        variable: database_variable(config),
        message: open_error(&config.database, &error),
    })
}

/// The setting that decides where the database is.
pub fn database_variable(config: &Config) -> &'static str {
    if config.database.folder.is_some() { "PATRON_DATA_DIR" } else { "DATABASE_URL" }
}

/// Creates the folder of the default database, if it is missing.
///
/// # Errors
/// The folder can't be created.
pub fn create_database_folder(config: &Config) -> Result<(), BuildError> {
    if let Some(folder) = &config.database.folder {
        private_folder(folder).map_err(|error| BuildError {
            variable: "PATRON_DATA_DIR",
            message: format!(
                "the folder `{}` can't be created: {error}; use another folder, or one that the user that runs patron may write",
                folder.display()
            ),
        })?;
    }
    Ok(())
}
