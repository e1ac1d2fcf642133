//! The settings: one struct per concern, built and validated before the program starts.
//!
//! `settings.rs` has the table of all settings with their variables, defaults and descriptions. `values.rs` merges the
//! environment, the settings file and the flags, and converts the texts to types. Validation reports every invalid setting
//! at once.

mod build_error;
mod folder;
mod hashing;
mod limits;
mod settings;
mod unknown;
mod values;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};

pub use build_error::BuildError;
pub use folder::private_folder;
pub use hashing::{HASH_FLOOR, HashingConfig};
pub use limits::LimitConfig;
pub use settings::{Flags, SETTINGS, Setting, SettingError};
pub use unknown::unknown_variables;
pub use values::Values;

use crate::types::{EmailAddress, Password};

/// The settings of the program.
#[derive(Debug)]
pub struct Config {
    /// `PATRON_DATA_DIR`: the folder of the embedded database and the generated keys.
    pub data_dir: PathBuf,
    /// How the server listens and stops.
    pub server: ServerConfig,
    /// Limits of connections, requests, timeouts, buffered bytes and rates.
    pub limits: LimitConfig,
    /// The database.
    pub database: DatabaseConfig,
    /// The cost of a password hash, and the limits of their computation.
    pub hashing: HashingConfig,
    /// How tokens are signed, and how long they are valid.
    pub tokens: TokenConfig,
    /// E-mail verification, mailed links and limits of login attempts.
    pub accounts: AccountConfig,
    /// How mails are sent.
    pub mail: MailConfig,
    /// How webhooks are sent.
    pub webhooks: WebhookConfig,
    /// How long the journal is kept.
    pub journal: JournalConfig,
    /// Limits of GraphQL queries.
    pub graphql: GraphqlConfig,
    /// Where metrics are served.
    pub metrics: MetricsConfig,
    /// The admin that the first start creates.
    pub first_admin: Option<FirstAdmin>,
    /// What is logged.
    pub log: LogConfig,
    /// Where traces are sent.
    pub traces: TracesConfig,
}

/// How the server listens and stops.
#[derive(Debug)]
pub struct ServerConfig {
    /// `PATRON_LISTEN`.
    pub listen: SocketAddr,
    /// `PATRON_PUBLIC_URL`, without a trailing slash.
    pub public_url: Option<String>,
    /// `PATRON_HSTS_SUBDOMAINS`: whether `Strict-Transport-Security` includes the subdomains of `public_url`.
    pub hsts_subdomains: bool,
    /// `PATRON_CORS_ORIGINS`: the origins whose pages may call the API, as browsers write them.
    pub cors_origins: Vec<String>,
    /// `PATRON_TRUSTED_PROXIES`: the networks of proxies whose `proxy_header` is trusted.
    pub trusted_proxies: Vec<IpNet>,
    /// `PATRON_PROXY_HEADER`: the header in which proxies report the client's address.
    pub proxy_header: ProxyHeader,
    /// `PATRON_REQUEST_TIMEOUT`: a request that takes longer fails with 503.
    pub request_timeout: Duration,
    /// `PATRON_SHUTDOWN_TIMEOUT`: how long running requests may take to finish after SIGTERM.
    pub shutdown_timeout: Duration,
    /// `PATRON_REQUIRE_IF_MATCH`: whether changes require the header `If-Match`.
    pub require_if_match: bool,
    /// `PATRON_PLAYGROUND`: whether the playground is served.
    pub playground: bool,
}

/// The header in which proxies report the client's address. Only one header is read: a proxy writes one of the two, and
/// forwards the other as the client wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyHeader {
    /// `X-Forwarded-For`, which is not standardized but widely used.
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// The database and its limits.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// `DATABASE_URL`; may contain a password.
    pub url: SecretString,
    /// The folder of the default database, which is created if it is missing; none if `DATABASE_URL` is set.
    pub folder: Option<PathBuf>,
    /// `PATRON_DATABASE_CONNECTIONS`: the maximum number of connections; on SQLite, of readers.
    pub max_connections: u32,
    /// `PATRON_DATABASE_WAIT`: how long a request waits for a connection.
    pub acquire_timeout: Duration,
    /// `PATRON_DATABASE_STATEMENT_TIMEOUT`: when PostgreSQL cancels a statement.
    pub statement_timeout: Duration,
    /// `PATRON_SLOW_QUERY`: a statement that takes longer is logged; none disables the log.
    pub slow: Option<Duration>,
}

impl ServerConfig {
    /// The URL of a server that listens on `bound`: `PATRON_PUBLIC_URL`, or a URL for clients on this machine.
    pub fn url(&self, bound: SocketAddr) -> String {
        self.public_url.clone().unwrap_or_else(|| match bound.ip() {
            ip if ip.is_unspecified() => format!("http://localhost:{}", bound.port()),
            _ => format!("http://{bound}"),
        })
    }

    /// The value of `Strict-Transport-Security` (RFC 6797 6.1), valid for one year from each response; none if the public
    /// URL is not https.
    pub fn transport_security(&self) -> Option<&'static str> {
        self.public_url.as_ref().filter(|url| url.starts_with("https://"))?;
        Some(if self.hsts_subdomains { "max-age=31536000; includeSubDomains" } else { "max-age=31536000" })
    }
}

impl DatabaseConfig {
    /// Whether the database is SQLite, which is embedded in the program.
    pub fn is_embedded(&self) -> bool {
        self.url.expose_secret().starts_with("sqlite:")
    }
}

/// How tokens are signed, and how long they are valid. Names and defaults of the `JWT_*` settings are EverShop's.
#[derive(Debug)]
pub struct TokenConfig {
    /// `JWT_ADMIN_SECRET`, `JWT_ADMIN_SECRET_PREVIOUS`.
    pub admin: SigningSecrets,
    /// `JWT_ADMIN_REFRESH_SECRET`, `JWT_ADMIN_REFRESH_SECRET_PREVIOUS`.
    pub admin_refresh: SigningSecrets,
    /// `JWT_CUSTOMER_SECRET`, `JWT_CUSTOMER_SECRET_PREVIOUS`.
    pub customer: SigningSecrets,
    /// `JWT_CUSTOMER_REFRESH_SECRET`, `JWT_CUSTOMER_REFRESH_SECRET_PREVIOUS`.
    pub customer_refresh: SigningSecrets,
    /// `PATRON_SEALING_SECRET`: encrypts secrets in the database.
    pub sealing_secret: Option<SecretString>,
    /// `JWT_ADMIN_TOKEN_EXPIRY`.
    pub admin_expiry: Duration,
    /// `JWT_ADMIN_REFRESH_TOKEN_EXPIRY`.
    pub admin_refresh_expiry: Duration,
    /// `JWT_CUSTOMER_TOKEN_EXPIRY`.
    pub customer_expiry: Duration,
    /// `JWT_CUSTOMER_REFRESH_TOKEN_EXPIRY`.
    pub customer_refresh_expiry: Duration,
    /// `PATRON_ADMIN_SESSION_LIFETIME`: from the login; refreshes do not extend it.
    pub admin_session_lifetime: Duration,
    /// `PATRON_CUSTOMER_SESSION_LIFETIME`: from the login; refreshes do not extend it.
    pub customer_session_lifetime: Duration,
    /// `JWT_ISSUER`.
    pub issuer: String,
}

/// The keys of one kind of token.
#[derive(Debug)]
pub struct SigningSecrets {
    /// The key that signs; generated into the data folder if it is not set.
    pub current: Option<SecretString>,
    /// A second key that verifies: the one before the current key, or the one after it.
    pub previous: Option<SecretString>,
}

/// E-mail verification, mailed links and limits of login attempts.
#[derive(Clone, Debug)]
pub struct AccountConfig {
    /// `PATRON_EMAIL_VERIFICATION`: whether a new e-mail address has to be confirmed by a mailed link.
    pub email_verification: bool,
    /// `PATRON_VERIFY_EMAIL_EXPIRY`: how long that link is valid.
    pub verify_email_expiry: Duration,
    /// `PATRON_RESET_PASSWORD_EXPIRY`: how long a link to set a new password is valid.
    pub reset_password_expiry: Duration,
    /// `PATRON_RATE_LIMITS`: whether rate limits apply.
    pub rate_limits: bool,
    /// `PATRON_FAILURES_PER_ADDRESS`: failed login attempts and requests for mail in 15 minutes from one network address.
    pub failures_per_address: u32,
    /// `PATRON_REGISTRATIONS_PER_ADDRESS`: registrations in 15 minutes from one network address.
    pub registrations_per_address: u32,
}

/// How mails are sent.
#[derive(Clone, Debug)]
pub struct MailConfig {
    /// `PATRON_SMTP_URL`; may contain a password. Without it, mails are written to files.
    pub smtp_url: Option<SecretString>,
    /// `PATRON_SMTP_TIMEOUT`: how long the mail server may take to accept a mail. Shorter than the lease of a mail.
    pub smtp_timeout: Duration,
    /// `PATRON_MAIL_FROM`.
    pub from: String,
    /// `PATRON_MAIL_TEMPLATES`: a folder whose files replace the built-in templates of the same names.
    pub templates: Option<PathBuf>,
    /// The folder that mails are written to if there is no mail server.
    pub folder: PathBuf,
}

/// How webhooks are sent.
#[derive(Clone, Debug)]
pub struct WebhookConfig {
    /// `PATRON_WEBHOOK_NETWORKS`: private networks that webhooks may be sent to, also without TLS.
    pub networks: Vec<IpNet>,
    /// `PATRON_WEBHOOK_TIMEOUT`: how long a receiver may take to respond. Shorter than the lease of a delivery.
    pub timeout: Duration,
}

/// How long the journal (events and the audit trail) is kept.
#[derive(Clone, Debug)]
pub struct JournalConfig {
    /// `PATRON_JOURNAL_RETENTION`; none keeps it forever.
    pub retention: Option<Duration>,
}

/// Limits of GraphQL queries.
#[derive(Clone, Debug)]
pub struct GraphqlConfig {
    /// `PATRON_GRAPHQL_MAX_DEPTH`: the maximum depth of nested fields.
    pub max_depth: usize,
    /// `PATRON_GRAPHQL_MAX_COMPLEXITY`: the maximum number of fields in a response, counted for each row of a page.
    pub max_complexity: usize,
    /// `PATRON_GRAPHQL_MAX_ALIASES`: the maximum number of aliases.
    pub max_aliases: usize,
    /// `PATRON_GRAPHQL_MAX_ANSWER_BYTES`: the maximum size of a response; of a batch, of all responses together.
    pub max_response_bytes: usize,
    /// `PATRON_GRAPHQL_ANSWERS_BYTES`: the maximum size of all responses that are being built at once.
    pub total_response_bytes: usize,
    /// `PATRON_GRAPHQL_BATCH`: the maximum number of operations in one request; 0 disables batches.
    pub batch: usize,
    /// `PATRON_INTROSPECTION`: whether introspection is allowed.
    pub introspection: bool,
}

impl GraphqlConfig {
    /// The maximum number of selections, arguments, values and directives of a query, with its fragments and variables
    /// expanded. It bounds the work of validation, and exceeds what the allowed number of fields can need.
    pub fn max_parts(&self) -> usize {
        self.max_complexity.saturating_mul(5)
    }
}

/// Where metrics are served.
#[derive(Clone, Debug)]
pub struct MetricsConfig {
    /// `PATRON_METRICS`: whether every client of the API can read them.
    pub public: bool,
    /// `PATRON_METRICS_LISTEN`: another address that serves only metrics and health.
    pub listen: Option<SocketAddr>,
}

/// The admin that the first start creates.
#[derive(Debug)]
pub struct FirstAdmin {
    /// `PATRON_ADMIN_EMAIL`.
    pub email: EmailAddress,
    /// `PATRON_ADMIN_PASSWORD`.
    pub password: Password,
}

/// What is logged, and how.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// `PATRON_LOG`: a `tracing` filter.
    pub filter: String,
    /// `PATRON_LOG_FORMAT`.
    pub format: LogFormat,
}

/// Where traces are sent.
#[derive(Clone, Debug)]
pub struct TracesConfig {
    /// `PATRON_OTLP_ENDPOINT`, without a trailing slash; none sends no traces.
    pub endpoint: Option<String>,
    /// `PATRON_OTLP_PERCENT`: the percentage of traces that is sent, of those that patron starts.
    pub percent: u32,
}

/// The format of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Readable text on a terminal, JSON otherwise.
    Auto,
    /// Readable text.
    Human,
    /// One JSON object per line.
    Json,
}

/// The minimum length of a key for HS256 (RFC 7518 3.2), in bytes.
pub const MIN_SIGNING_SECRET: usize = 32;

impl Config {
    /// Reads the settings from the environment, a TOML file and flags, in increasing precedence.
    ///
    /// # Errors
    /// Every invalid setting, with its variable.
    pub fn load(flags: &Flags) -> Result<Self, Vec<SettingError>> {
        Self::from_values(Values::gather(flags)?)
    }

    /// Converts the values to their types.
    ///
    /// # Errors
    /// Every invalid setting, with its variable.
    pub fn from_values(mut values: Values) -> Result<Self, Vec<SettingError>> {
        let v = &mut values;
        let data_dir = PathBuf::from(v.text("PATRON_DATA_DIR"));
        let listen: SocketAddr = v.parsed("PATRON_LISTEN", "an address and port such as 127.0.0.1:3000");
        let public_url = v.url("PATRON_PUBLIC_URL");
        let local = v.is_local(listen, public_url.as_deref());
        let config = Self {
            mail: MailConfig {
                smtp_url: v.secret("PATRON_SMTP_URL"),
                smtp_timeout: Duration::from_secs(v.between("PATRON_SMTP_TIMEOUT", 1, 240).into()),
                from: v.sender("PATRON_MAIL_FROM", public_url.as_deref()),
                templates: v.folder("PATRON_MAIL_TEMPLATES"),
                folder: data_dir.join("mail"),
            },
            accounts: AccountConfig {
                email_verification: v.switch("PATRON_EMAIL_VERIFICATION"),
                verify_email_expiry: v.seconds("PATRON_VERIFY_EMAIL_EXPIRY"),
                reset_password_expiry: v.seconds("PATRON_RESET_PASSWORD_EXPIRY"),
                rate_limits: v.switch("PATRON_RATE_LIMITS"),
                failures_per_address: v.at_least("PATRON_FAILURES_PER_ADDRESS", 1),
                registrations_per_address: v.at_least("PATRON_REGISTRATIONS_PER_ADDRESS", 1),
            },
            server: ServerConfig {
                listen,
                public_url,
                hsts_subdomains: v.switch("PATRON_HSTS_SUBDOMAINS"),
                cors_origins: v.origins("PATRON_CORS_ORIGINS"),
                trusted_proxies: v.networks("PATRON_TRUSTED_PROXIES"),
                proxy_header: v.proxy_header("PATRON_PROXY_HEADER"),
                request_timeout: v.seconds("PATRON_REQUEST_TIMEOUT"),
                shutdown_timeout: v.seconds("PATRON_SHUTDOWN_TIMEOUT"),
                require_if_match: v.switch("PATRON_REQUIRE_IF_MATCH"),
                playground: v.switch_or_local("PATRON_PLAYGROUND", local),
            },
            limits: LimitConfig::from_values(v),
            database: DatabaseConfig {
                url: v.database_url(&data_dir),
                folder: (!v.sets("DATABASE_URL")).then(|| data_dir.clone()),
                max_connections: v.between("PATRON_DATABASE_CONNECTIONS", 1, 10_000),
                acquire_timeout: v.seconds("PATRON_DATABASE_WAIT"),
                statement_timeout: v.seconds("PATRON_DATABASE_STATEMENT_TIMEOUT"),
                slow: v.milliseconds("PATRON_SLOW_QUERY"),
            },
            hashing: HashingConfig::from_values(v),
            tokens: TokenConfig {
                admin: v.signing_secrets("JWT_ADMIN_SECRET", "JWT_ADMIN_SECRET_PREVIOUS"),
                admin_refresh: v
                    .signing_secrets("JWT_ADMIN_REFRESH_SECRET", "JWT_ADMIN_REFRESH_SECRET_PREVIOUS"),
                customer: v.signing_secrets("JWT_CUSTOMER_SECRET", "JWT_CUSTOMER_SECRET_PREVIOUS"),
                customer_refresh: v
                    .signing_secrets("JWT_CUSTOMER_REFRESH_SECRET", "JWT_CUSTOMER_REFRESH_SECRET_PREVIOUS"),
                sealing_secret: v.signing_secret("PATRON_SEALING_SECRET"),
                admin_expiry: v.seconds("JWT_ADMIN_TOKEN_EXPIRY"),
                admin_refresh_expiry: v.seconds("JWT_ADMIN_REFRESH_TOKEN_EXPIRY"),
                customer_expiry: v.seconds("JWT_CUSTOMER_TOKEN_EXPIRY"),
                customer_refresh_expiry: v.seconds("JWT_CUSTOMER_REFRESH_TOKEN_EXPIRY"),
                admin_session_lifetime: v.seconds("PATRON_ADMIN_SESSION_LIFETIME"),
                customer_session_lifetime: v.seconds("PATRON_CUSTOMER_SESSION_LIFETIME"),
                issuer: v.text("JWT_ISSUER"),
            },
            webhooks: WebhookConfig {
                networks: v.networks("PATRON_WEBHOOK_NETWORKS"),
                timeout: Duration::from_secs(v.between("PATRON_WEBHOOK_TIMEOUT", 1, 60).into()),
            },
            journal: JournalConfig { retention: v.retention("PATRON_JOURNAL_RETENTION") },
            graphql: GraphqlConfig {
                max_depth: v.at_least("PATRON_GRAPHQL_MAX_DEPTH", 1) as usize,
                max_complexity: v.at_least("PATRON_GRAPHQL_MAX_COMPLEXITY", 1) as usize,
                max_aliases: v.at_least("PATRON_GRAPHQL_MAX_ALIASES", 1) as usize,
                // A smaller response could not hold an error.
                max_response_bytes: v.at_least("PATRON_GRAPHQL_MAX_ANSWER_BYTES", 1024) as usize,
                total_response_bytes: v.at_least("PATRON_GRAPHQL_ANSWERS_BYTES", 1024) as usize,
                batch: v.between("PATRON_GRAPHQL_BATCH", 0, 50) as usize,
                introspection: v.switch_or_local("PATRON_INTROSPECTION", local),
            },
            metrics: MetricsConfig {
                public: v.switch_or_local("PATRON_METRICS", local),
                listen: v.address("PATRON_METRICS_LISTEN", "an address and port such as 127.0.0.1:9464"),
            },
            first_admin: v.first_admin(),
            log: LogConfig { filter: v.log_filter("PATRON_LOG"), format: v.log_format("PATRON_LOG_FORMAT") },
            traces: TracesConfig {
                endpoint: v.url("PATRON_OTLP_ENDPOINT"),
                percent: v.between("PATRON_OTLP_PERCENT", 0, 100),
            },
            data_dir,
        };
        values.finish(config)
    }
}
