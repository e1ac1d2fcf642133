//! The settings, a struct a concern, validated as a whole before anything starts.
//!
//! `settings.rs` lists every setting with its variable, default and description and says where values come
//! from; here they get their types.

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

/// Everything that can be set.
#[derive(Debug)]
pub struct Config {
    /// `PATRON_DATA_DIR`: the folder of the embedded database and the generated keys.
    pub data_dir: PathBuf,
    /// How it listens and stops.
    pub server: ServerConfig,
    /// How much is taken on at once, from whom, and for how long.
    pub limits: LimitConfig,
    /// Where the data is.
    pub database: DatabaseConfig,
    /// What a password hash costs.
    pub hashing: HashingConfig,
    /// How tokens are signed and how long they last.
    pub tokens: TokenConfig,
    /// What customers have to confirm, and what slows down whoever guesses.
    pub accounts: AccountConfig,
    /// How mails are sent.
    pub mail: MailConfig,
    /// How events are posted.
    pub webhooks: WebhookConfig,
    /// How long the journal is kept.
    pub journal: JournalConfig,
    /// How large a GraphQL query may be.
    pub graphql: GraphqlConfig,
    /// Where the metrics are had.
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
    /// `PATRON_PUBLIC_URL`, without a slash at its end.
    pub public_url: Option<String>,
    /// `PATRON_HSTS_SUBDOMAINS`: whether browsers are told to use https for those of `public_url` as well.
    pub hsts_subdomains: bool,
    /// `PATRON_CORS_ORIGINS`: the origins whose pages may call, as browsers write them.
    pub cors_origins: Vec<String>,
    /// `PATRON_TRUSTED_PROXIES`: who is believed when it says where a request came from.
    pub trusted_proxies: Vec<IpNet>,
    /// `PATRON_PROXY_HEADER`: where it says so.
    pub proxy_header: ProxyHeader,
    /// `PATRON_REQUEST_TIMEOUT`: a request that takes longer is answered with 503.
    pub request_timeout: Duration,
    /// `PATRON_SHUTDOWN_TIMEOUT`: how long running requests may take to finish after SIGTERM.
    pub shutdown_timeout: Duration,
    /// `PATRON_REQUIRE_IF_MATCH`: whether changes have to say which version they are for.
    pub require_if_match: bool,
    /// `PATRON_PLAYGROUND`: whether it is served.
    pub playground: bool,
}

/// The header in which proxies say where a request came from. One, not whichever is there: of the two a proxy writes
/// one, and lets the other through as the client wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyHeader {
    /// `X-Forwarded-For`, which is no standard, but what most write.
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// Where the data is.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// `DATABASE_URL`; holds a password, perhaps.
    pub url: SecretString,
    /// The folder of the default database, to be made before it; none for one that is named.
    pub folder: Option<PathBuf>,
    /// `PATRON_DATABASE_CONNECTIONS`: the most connections; on SQLite the most readers.
    pub max_connections: u32,
    /// `PATRON_DATABASE_WAIT`: how long a request waits for a connection.
    pub acquire_timeout: Duration,
    /// `PATRON_DATABASE_STATEMENT_TIMEOUT`: when PostgreSQL gives up on a statement.
    pub statement_timeout: Duration,
    /// `PATRON_SLOW_QUERY`: how long a statement takes that is logged; none for no such log.
    pub slow: Option<Duration>,
}

impl ServerConfig {
    /// The URL under which clients on this machine, or those of `PATRON_PUBLIC_URL`, reach a server that
    /// listens on `bound`.
    pub fn url(&self, bound: SocketAddr) -> String {
        self.public_url.clone().unwrap_or_else(|| match bound.ip() {
            ip if ip.is_unspecified() => format!("http://localhost:{}", bound.port()),
            _ => format!("http://{bound}"),
        })
    }

    /// What `Strict-Transport-Security` says (RFC 6797 6.1), for one year from each answer; none where clients come
    /// without TLS.
    pub fn transport_security(&self) -> Option<&'static str> {
        self.public_url.as_ref().filter(|url| url.starts_with("https://"))?;
        Some(if self.hsts_subdomains { "max-age=31536000; includeSubDomains" } else { "max-age=31536000" })
    }
}

impl DatabaseConfig {
    /// Whether it is SQLite, the database inside the program.
    pub fn is_embedded(&self) -> bool {
        self.url.expose_secret().starts_with("sqlite:")
    }
}

/// How tokens are signed and how long they last; EverShop's names and defaults.
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
    /// `PATRON_SEALING_SECRET`: what secrets in the database are sealed with.
    pub sealing_secret: Option<SecretString>,
    /// `JWT_ADMIN_TOKEN_EXPIRY`.
    pub admin_expiry: Duration,
    /// `JWT_ADMIN_REFRESH_TOKEN_EXPIRY`.
    pub admin_refresh_expiry: Duration,
    /// `JWT_CUSTOMER_TOKEN_EXPIRY`.
    pub customer_expiry: Duration,
    /// `JWT_CUSTOMER_REFRESH_TOKEN_EXPIRY`.
    pub customer_refresh_expiry: Duration,
    /// `PATRON_ADMIN_SESSION_LIFETIME`: from the login, however often it is refreshed.
    pub admin_session_lifetime: Duration,
    /// `PATRON_CUSTOMER_SESSION_LIFETIME`, as above.
    pub customer_session_lifetime: Duration,
    /// `JWT_ISSUER`.
    pub issuer: String,
}

/// What one kind of token is signed with.
#[derive(Debug)]
pub struct SigningSecrets {
    /// Signs; generated into the data folder when not set.
    pub current: Option<SecretString>,
    /// Verifies as well as the current one: what signed before, or what will.
    pub previous: Option<SecretString>,
}

/// What customers have to confirm, and what slows down whoever guesses.
#[derive(Clone, Debug)]
pub struct AccountConfig {
    /// `PATRON_EMAIL_VERIFICATION`: whether a new address waits for the link mailed to it.
    pub email_verification: bool,
    /// `PATRON_VERIFY_EMAIL_EXPIRY`: how long that link lasts.
    pub verify_email_expiry: Duration,
    /// `PATRON_RESET_PASSWORD_EXPIRY`: how long a link to set a new password lasts.
    pub reset_password_expiry: Duration,
    /// `PATRON_RATE_LIMITS`.
    pub rate_limits: bool,
    /// `PATRON_FAILURES_PER_ADDRESS`: failures in 15 minutes from one network address.
    pub failures_per_address: u32,
    /// `PATRON_REGISTRATIONS_PER_ADDRESS`: registrations in 15 minutes from one network address.
    pub registrations_per_address: u32,
}

/// How mails are sent.
#[derive(Clone, Debug)]
pub struct MailConfig {
    /// `PATRON_SMTP_URL`; holds a password, perhaps. Without it mails become files.
    pub smtp_url: Option<SecretString>,
    /// `PATRON_SMTP_TIMEOUT`: for the mail server to take a mail. Less than the lease of who sends it.
    pub smtp_timeout: Duration,
    /// `PATRON_MAIL_FROM`.
    pub from: String,
    /// `PATRON_MAIL_TEMPLATES`: files in it go before the templates of the program.
    pub templates: Option<PathBuf>,
    /// Where mails become files.
    pub folder: PathBuf,
}

/// How events are posted to whoever is told of them.
#[derive(Clone, Debug)]
pub struct WebhookConfig {
    /// `PATRON_WEBHOOK_NETWORKS`: private networks that may be posted to, without TLS as well.
    pub networks: Vec<IpNet>,
    /// `PATRON_WEBHOOK_TIMEOUT`: for a receiver to answer. Less than the lease of who sends it.
    pub timeout: Duration,
}

/// How long the journal is kept: events and the audit trail.
#[derive(Clone, Debug)]
pub struct JournalConfig {
    /// `PATRON_JOURNAL_RETENTION`; none for good.
    pub retention: Option<Duration>,
}

/// How large a GraphQL query may be.
#[derive(Clone, Debug)]
pub struct GraphqlConfig {
    /// `PATRON_GRAPHQL_MAX_DEPTH`: levels of nested fields.
    pub max_depth: usize,
    /// `PATRON_GRAPHQL_MAX_COMPLEXITY`: the fields it may answer with, rows of pages counted.
    pub max_complexity: usize,
    /// `PATRON_GRAPHQL_MAX_ALIASES`.
    pub max_aliases: usize,
    /// `PATRON_GRAPHQL_MAX_ANSWER_BYTES`: bytes of an answer; of a batch, all answers together.
    pub max_answer_bytes: usize,
    /// `PATRON_GRAPHQL_ANSWERS_BYTES`: of all answers that are being made at once.
    pub answers_bytes: usize,
    /// `PATRON_GRAPHQL_BATCH`: the most operations in one request; 0 for no batches.
    pub batch: usize,
    /// `PATRON_INTROSPECTION`: whether it tells its schema.
    pub introspection: bool,
}

impl GraphqlConfig {
    /// Selections, arguments, values and directives that a query may have, with its fragments and variables in place:
    /// what validation has to look at. More than the fields of any query need.
    pub fn max_parts(&self) -> usize {
        self.max_complexity.saturating_mul(5)
    }
}

/// Where the metrics are had.
#[derive(Clone, Debug)]
pub struct MetricsConfig {
    /// `PATRON_METRICS`: whether everybody who reaches the API gets them.
    pub public: bool,
    /// `PATRON_METRICS_LISTEN`: an address for them and for health alone.
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
    /// `PATRON_OTLP_ENDPOINT`, without a slash at its end; none for nowhere.
    pub endpoint: Option<String>,
    /// `PATRON_OTLP_PERCENT`: the share of the traces begun here that is sent.
    pub percent: u32,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Human on a terminal, JSON otherwise.
    Auto,
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// The shortest key for HS256 (RFC 7518 3.2), in bytes.
pub const MIN_SIGNING_SECRET: usize = 32;

impl Config {
    /// Reads the settings from the environment, a TOML file and flags, in rising order.
    ///
    /// # Errors
    /// All settings that can't be used, each with its variable.
    pub fn load(flags: &Flags) -> Result<Self, Vec<SettingError>> {
        Self::from_values(Values::gather(flags)?)
    }

    /// Gives the gathered values their types.
    ///
    /// # Errors
    /// All settings that can't be used, each with its variable.
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
                // Less than this leaves no room for an error.
                max_answer_bytes: v.at_least("PATRON_GRAPHQL_MAX_ANSWER_BYTES", 1024) as usize,
                answers_bytes: v.at_least("PATRON_GRAPHQL_ANSWERS_BYTES", 1024) as usize,
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
