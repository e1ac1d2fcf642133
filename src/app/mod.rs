//! What every part of patron shares; built the same way by `main` and by the tests.

pub mod ctx;
pub mod idempotency;
pub mod rate_limits;
pub mod write;

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock, RwLock};

use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::app::idempotency::InFlight;
use crate::app::rate_limits::RateLimits;
use crate::clock::Clock;
use crate::config::{BuildError, Config, private_folder};
use crate::crypto::keys::Keys;
use crate::crypto::password_hasher::{HasherError, PasswordHasher};
use crate::db::Database;
use crate::db::batch_loader::BatchLoaders;
use crate::outbound::mailer::Mailer;
use crate::outbound::webhook_client::WebhookClient;
use crate::random::Random;
use crate::telemetry::metrics::Metrics;
use crate::types::Trigrams;

/// The running program: its database, its clock, its keys and its settings.
#[derive(Debug)]
pub struct App {
    /// The database.
    pub db: Database,
    /// Tells the time.
    pub clock: Arc<Clock>,
    /// Gives randomness.
    pub random: Random,
    /// Hashes passwords.
    pub hasher: PasswordHasher,
    /// Sends mails.
    pub mailer: Mailer,
    /// Posts events.
    pub webhook_client: WebhookClient,
    /// Signs tokens.
    pub keys: Keys,
    /// The settings.
    pub config: Config,
    /// Look-ups by key, many at once.
    pub batch_loaders: BatchLoaders,
    /// How often one network address may ask.
    pub rate_limits: RateLimits,
    /// Places for requests that are worked on.
    pub concurrency_limit: Arc<Semaphore>,
    /// How common groups of letters are in what is searched, as far as the worker has found out.
    pub trigrams: RwLock<Arc<Trigrams>>,
    /// Rows of other programs whose keys can't be computed, and that were reported.
    pub reported: Mutex<HashSet<Uuid>>,
    /// Requests with keys that are being done.
    pub in_flight: InFlight,
    /// What is counted and measured.
    pub metrics: Metrics,
    /// Where it listens, once it does: with port 0 that isn't known before.
    pub listening: OnceLock<SocketAddr>,
    /// The customer whom the playground may log in, in the demo only.
    pub demo: OnceLock<DemoCustomer>,
}

/// What the demo prints of a customer, for the playground. Not a secret: it is the same in every demo.
#[derive(Debug)]
pub struct DemoCustomer {
    /// E-mail address.
    pub email: &'static str,
    /// Password.
    pub password: &'static str,
}

impl App {
    /// Builds the program.
    ///
    /// # Errors
    /// When the database can't be opened, argon2 refuses its parameters, or mails can't be sent as the settings say.
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
        let mailer = Mailer::new(&config.mail)?;
        let webhook_client = WebhookClient::new(&config.webhooks)?;
        let db = open_database(&config).await?;
        let clock = Arc::new(clock);
        let rate_limits = RateLimits::new(&config.limits, &clock);
        let concurrency_limit = Arc::new(Semaphore::new(config.limits.requests));
        let (batch_loaders, trigrams) = (BatchLoaders::default(), RwLock::default());
        let in_flight = InFlight::default();
        let metrics = Metrics::new(&db.metrics, &hasher.metrics, clock.now().timestamp());
        let (listening, demo) = (OnceLock::new(), OnceLock::new());
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
            trigrams,
            reported: Mutex::default(),
            in_flight,
            metrics,
            listening,
            demo,
        }))
    }

    /// The metrics in the text format of Prometheus. Asks nothing of the database.
    pub fn render_metrics(&self) -> String {
        self.db.record_connections();
        self.hasher.record_queue();
        self.metrics.render()
    }

    /// The URL under which people reach this server: never what a request's Host header says, which anybody can
    /// write.
    pub fn public_url(&self) -> String {
        let server = &self.config.server;
        server.url(*self.listening.get().unwrap_or(&server.listen))
    }
}

/// Opens the database of these settings, making the data folder when that is where it goes.
///
/// # Errors
/// When the data folder can't be used or the database can't be opened.
pub async fn open_database(config: &Config) -> Result<Database, BuildError> {
    if let Some(folder) = &config.database.folder {
        private_folder(folder).map_err(|error| BuildError::new("PATRON_DATA_DIR", &error))?;
    }
    Database::connect(&config.database).await.map_err(|error| BuildError::new("DATABASE_URL", &error))
}
