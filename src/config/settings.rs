//! The table of all settings, and the flags and the settings file that values are read from.
//!
//! The command-line flags and their help are generated from the table. Invalid entries of the file are reported together,
//! each with the file's name.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches, Command};

/// A setting, as `--help` and errors describe it.
#[derive(Debug)]
pub struct Setting {
    /// The environment variable.
    pub variable: &'static str,
    /// The key in the TOML file. The flag is the same with `-` for `_`.
    pub key: &'static str,
    /// The value of a setting that is not set; none if the description explains the default.
    pub default: Option<&'static str>,
    /// The description, with the unit.
    pub help: &'static str,
    /// Whether the value is secret. A secret has no flag, since a command line is visible to every process of the
    /// machine. `DATABASE_URL` has a flag for URLs without a password.
    pub secret: bool,
}

const fn setting(
    variable: &'static str,
    key: &'static str,
    default: &'static str,
    help: &'static str,
) -> Setting {
    Setting { variable, key, default: Some(default), help, secret: false }
}

const fn optional(variable: &'static str, key: &'static str, help: &'static str) -> Setting {
    Setting { variable, key, default: None, help, secret: false }
}

const fn secret(variable: &'static str, key: &'static str, help: &'static str) -> Setting {
    Setting { variable, key, default: None, help, secret: true }
}

/// Every setting.
#[rustfmt::skip]
pub const SETTINGS: &[Setting] = &[
    optional("DATABASE_URL", "database_url", "Database: sqlite://FILE or postgres://USER:PASSWORD@HOST/DATABASE?sslmode=…; sslmode is verify-full by default, except for HOST on this machine. Set a URL with a password in the environment or the settings file: every process of the machine can read a flag [default: patron.db in the data folder]"),
    setting("PATRON_DATABASE_CONNECTIONS", "database_connections", "16", "Maximum number of database connections; on SQLite, of readers"),
    setting("PATRON_DATABASE_WAIT", "database_wait", "10", "Seconds that a request waits for a database connection"),
    setting("PATRON_DATABASE_STATEMENT_TIMEOUT", "database_statement_timeout", "15", "Seconds after which PostgreSQL cancels a statement, and SQLite a list or a search"),
    setting("PATRON_SLOW_QUERY", "slow_query", "1000", "A statement that takes longer than this many milliseconds is logged as slow, without its values; 0 disables this log"),
    setting("PATRON_LISTEN", "listen", "127.0.0.1:3000", "Address and port to listen on"),
    optional("PATRON_PUBLIC_URL", "public_url", "URL at which clients reach this server [default: http:// and the listening address]"),
    setting("PATRON_HSTS_SUBDOMAINS", "hsts_subdomains", "off", "Whether Strict-Transport-Security includes all subdomains of public_url: on or off"),
    optional("PATRON_CORS_ORIGINS", "cors_origins", "Origins of web pages that may call the API from a browser, separated by commas, such as https://shop.example.com,http://localhost:5173 [default: none]"),
    optional("PATRON_TRUSTED_PROXIES", "trusted_proxies", "Networks of proxies whose proxy_header is trusted, separated by commas, such as 10.0.0.0/8,2001:db8::/32 [default: none]"),
    setting("PATRON_PROXY_HEADER", "proxy_header", "x-forwarded-for", "Header in which every trusted proxy reports the client's address: x-forwarded-for or forwarded (RFC 7239)"),
    setting("PATRON_DATA_DIR", "data_dir", "./data", "Folder of the embedded database, the generated keys, and the mails if no mail server is set"),
    optional("PATRON_ADMIN_EMAIL", "admin_email", "E-mail address of the admin that the first start creates [default: admin@localhost, with a random password that is printed once]"),
    secret("PATRON_ADMIN_PASSWORD", "admin_password", "Password of that admin; requires PATRON_ADMIN_EMAIL"),
    setting("PATRON_ADMIN_SECOND_FACTOR", "admin_second_factor", "optional", "Whether admins need a second factor: optional or required. When required, an admin without one can do nothing but set it up"),
    setting("PATRON_REQUEST_TIMEOUT", "request_timeout", "30", "Seconds after which a request fails with 503"),
    setting("PATRON_CONCURRENT_REQUESTS", "concurrent_requests", "1024", "Requests processed at once; further requests fail with 503, except those to /health/* and /metrics"),
    setting("PATRON_CONNECTIONS", "connections", "10000", "Connections open at once. When exceeded, the longest-idle connection is closed"),
    setting("PATRON_HEADER_TIMEOUT", "header_timeout", "10", "Seconds that a client has to send the headers of a request"),
    setting("PATRON_HEADER_BYTES", "header_bytes", "32768", "Maximum bytes of the first line and headers of a request; 8192 or more"),
    setting("PATRON_BODY_TIMEOUT", "body_timeout", "20", "Seconds that a client has to send the body of a request"),
    setting("PATRON_SEND_TIMEOUT", "send_timeout", "120", "Seconds that a client has to read a response"),
    setting("PATRON_STALL_TIMEOUT", "stall_timeout", "5", "Seconds after which an HTTP/2 response is aborted if the client reads nothing"),
    setting("PATRON_UNSENT_BYTES_PER_CONNECTION", "unsent_bytes_per_connection", "1048576", "Bytes of unread responses on one connection. When exceeded, its further requests wait; 65536 or more"),
    setting("PATRON_UNSENT_BYTES", "unsent_bytes", "67108864", "Bytes of unread responses on all connections. When exceeded, the connections with the most are reset; 1048576 or more"),
    setting("PATRON_RECEIVED_BYTES", "received_bytes", "67108864", "Bytes of unanswered requests on all connections, bodies included. When exceeded, the connections with the most are reset; 1048576 or more"),
    setting("PATRON_IDLE_TIMEOUT", "idle_timeout", "75", "Seconds after which an idle connection is closed"),
    setting("PATRON_SHUTDOWN_TIMEOUT", "shutdown_timeout", "20", "Seconds that running requests, mails and webhooks have to finish after SIGTERM"),
    setting("PATRON_REQUIRE_IF_MATCH", "require_if_match", "off", "Whether changes of resources with a version require the header If-Match (428 without it): on or off"),
    optional("PATRON_WEBHOOK_NETWORKS", "webhook_networks", "Private networks that webhooks may be sent to, over http:// as well, separated by commas, such as 10.0.0.0/8 [default: none]"),
    setting("PATRON_WEBHOOK_TIMEOUT", "webhook_timeout", "15", "Seconds that the receiver of a webhook has to respond; 60 at most"),
    setting("PATRON_JOURNAL_RETENTION", "journal_retention", "400", "Days that events and the audit trail are kept; 7 or more, or 0 to keep them forever"),
    setting("PATRON_PASSWORD_HASHES", "password_hashes", "auto", "Algorithm of new password hashes: argon2id, bcrypt, or auto, which is bcrypt while EverShop uses the same database. With bcrypt, a password has 72 bytes at most, and logins replace no hash"),
    setting("PATRON_BCRYPT_COST", "bcrypt_cost", "10", "Cost of new bcrypt hashes; 10 to 14. EverShop uses 10, and a hash of another cost takes another time to verify"),
    setting("PATRON_HASH_MEMORY", "hash_memory", "19456", "Memory of one password hash in KiB (argon2id m); 19456 or more"),
    setting("PATRON_HASH_ITERATIONS", "hash_iterations", "2", "Iterations of one password hash (argon2id t); 2 or more"),
    setting("PATRON_HASH_PARALLELISM", "hash_parallelism", "1", "Lanes of one password hash (argon2id p)"),
    optional("PATRON_HASH_THREADS", "hash_threads", "Password hashes computed at once [default: the number of processors]"),
    optional("PATRON_HASH_TOTAL_MEMORY", "hash_total_memory", "Memory of all password hashes together in KiB, at least hash_memory for each of hash_threads. The rest is for stored hashes that need more; a stored hash that needs more than there is cannot be verified [default: 131072 more than the minimum]"),
    setting("PATRON_BCRYPT_MAX_COST", "bcrypt_max_cost", "13", "Highest cost of stored bcrypt hashes that are verified; 15 at most, which takes 2 seconds"),
    setting("PATRON_HASH_QUEUE", "hash_queue", "512", "Password hashes that may wait; further requests fail with 503"),
    setting("PATRON_HASH_QUEUE_PER_ADDRESS", "hash_queue_per_address", "256", "Password hashes of one network address that may wait"),
    secret("JWT_ADMIN_SECRET", "jwt_admin_secret", "Signs the access tokens of admins; 32 bytes or more [default: generated once into the data folder]"),
    secret("JWT_ADMIN_REFRESH_SECRET", "jwt_admin_refresh_secret", "Signs the refresh tokens of admins; as above"),
    secret("JWT_CUSTOMER_SECRET", "jwt_customer_secret", "Signs the access tokens of customers; as above"),
    secret("JWT_CUSTOMER_REFRESH_SECRET", "jwt_customer_refresh_secret", "Signs the refresh tokens of customers; as above"),
    secret("PATRON_SEALING_SECRET", "sealing_secret", "Encrypts secrets in the database, such as those of webhooks; the same on all instances, generated like the keys above"),
    secret("JWT_ADMIN_SECRET_PREVIOUS", "jwt_admin_secret_previous", "A second key that verifies tokens while keys are being changed; requires JWT_ADMIN_SECRET. `patron keys rotate` keeps the previous key of a generated key"),
    secret("JWT_ADMIN_REFRESH_SECRET_PREVIOUS", "jwt_admin_refresh_secret_previous", "As above; requires JWT_ADMIN_REFRESH_SECRET"),
    secret("JWT_CUSTOMER_SECRET_PREVIOUS", "jwt_customer_secret_previous", "As above; requires JWT_CUSTOMER_SECRET"),
    secret("JWT_CUSTOMER_REFRESH_SECRET_PREVIOUS", "jwt_customer_refresh_secret_previous", "As above; requires JWT_CUSTOMER_REFRESH_SECRET"),
    setting("JWT_ADMIN_TOKEN_EXPIRY", "jwt_admin_token_expiry", "900", "Lifetime of an admin's access token in seconds"),
    setting("JWT_ADMIN_REFRESH_TOKEN_EXPIRY", "jwt_admin_refresh_token_expiry", "54000", "Lifetime of an admin's refresh token in seconds"),
    setting("JWT_CUSTOMER_TOKEN_EXPIRY", "jwt_customer_token_expiry", "1800", "Lifetime of a customer's access token in seconds"),
    setting("JWT_CUSTOMER_REFRESH_TOKEN_EXPIRY", "jwt_customer_refresh_token_expiry", "108000", "Lifetime of a customer's refresh token in seconds"),
    setting("PATRON_ADMIN_SESSION_LIFETIME", "admin_session_lifetime", "604800", "Seconds after which an admin has to log in again, even if the tokens were refreshed"),
    setting("PATRON_CUSTOMER_SESSION_LIFETIME", "customer_session_lifetime", "7776000", "Seconds after which a customer has to log in again, even if the tokens were refreshed"),
    setting("JWT_ISSUER", "jwt_issuer", "evershop", "Issuer (iss) of tokens"),
    setting("PATRON_EMAIL_VERIFICATION", "email_verification", "on", "Whether a new e-mail address has to be confirmed by a mailed link: on or off"),
    setting("PATRON_VERIFY_EMAIL_EXPIRY", "verify_email_expiry", "86400", "Lifetime in seconds of a link that confirms an e-mail address"),
    setting("PATRON_RESET_PASSWORD_EXPIRY", "reset_password_expiry", "3600", "Lifetime in seconds of a link that sets a new password"),
    setting("PATRON_RATE_LIMITS", "rate_limits", "on", "Whether rate limits by account and by network address apply: on or off"),
    setting("PATRON_FAILURES_PER_ADDRESS", "failures_per_address", "100", "Failed logins and requests for mail from one network address in 15 minutes; further ones get 429. Raise it if many customers share a server that is not a trusted proxy"),
    setting("PATRON_REGISTRATIONS_PER_ADDRESS", "registrations_per_address", "300", "Registrations from one network address in 15 minutes, except by admins; further ones get 429. Raise it as above"),
    setting("PATRON_PASSWORDS_PER_ADDRESS", "passwords_per_address", "600", "Logins, registrations and passwords set by a mailed link, from one network address in a minute; further ones get 429. Each process counts separately"),
    setting("PATRON_TOKENS_PER_ADDRESS", "tokens_per_address", "6000", "Refreshed or revoked tokens, mailed links and requests for them, from one network address in a minute; further ones get 429. Each process counts separately"),
    setting("PATRON_IDEMPOTENCY_KEYS", "idempotency_keys", "1000", "Latest idempotency keys of a customer, or of a network address without a token, whose responses are kept for a day"),
    setting("PATRON_ADMIN_IDEMPOTENCY_KEYS", "admin_idempotency_keys", "100000", "Latest idempotency keys of an admin whose responses are kept for a day"),
    secret("PATRON_SMTP_URL", "smtp_url", "Mail server: smtps://USER:PASSWORD@HOST, or smtp://USER:PASSWORD@HOST:587?tls=required [default: none; mails are written to files in the data folder]"),
    optional("PATRON_MAIL_FROM", "mail_from", "Sender of mails, such as \"Shop <shop@example.com>\" [default: no-reply@ the host of PATRON_PUBLIC_URL]"),
    optional("PATRON_MAIL_TEMPLATES", "mail_templates", "Folder whose files replace the mail templates of the same names"),
    optional("PATRON_SHOP_NAME", "shop_name", "Name of the shop on the account pages and in mails; 60 characters at most [default: none]"),
    optional("PATRON_SHOP_URL", "shop_url", "URL of the shop, where the account pages and mails lead [default: none]"),
    optional("PATRON_SHOP_LOGO", "shop_logo", "File with the logo of the shop, for the account pages and mails: PNG, JPEG, WebP, GIF or SVG, 256 KiB at most; mails show the name in place of an SVG [default: none]"),
    optional("PATRON_SHOP_COLOR", "shop_color", "Colour of buttons and links on the account pages and in mails, such as #0f5c63 [default: that one]"),
    setting("PATRON_SMTP_TIMEOUT", "smtp_timeout", "30", "Seconds that the mail server has to accept a mail; 240 at most"),
    setting("PATRON_COMPAT", "compat", "off", "Whether patron is the front door of a running EverShop, with its session cookies: evershop or off. It needs a database that `patron adopt` has taken over; see docs/front-door.md"),
    secret("PATRON_EVERSHOP_COOKIE_SECRET", "evershop_cookie_secret", "Signs EverShop's session cookies: the value of system.session.cookieSecret in its configuration; required by compat=evershop"),
    setting("PATRON_EVERSHOP_COOKIE_NAME", "evershop_cookie_name", "sid", "Session cookie of EverShop's storefront: system.session.cookieName in its configuration"),
    setting("PATRON_EVERSHOP_ADMIN_COOKIE_NAME", "evershop_admin_cookie_name", "asid", "Session cookie of EverShop's back office: system.session.adminCookieName in its configuration"),
    setting("PATRON_EVERSHOP_SESSION_LIFETIME", "evershop_session_lifetime", "86400", "Seconds after which a session of the storefront ends if it is not used: system.session.maxAge in EverShop's configuration, which is in milliseconds; 60 or more, a year at most"),
    setting("PATRON_EVERSHOP_TIMEZONE", "evershop_timezone", "UTC", "Time zone in which EverShop stores the end of a session: shop.timezone in its configuration"),
    setting("PATRON_CONSOLE", "console", "auto", "Whether the console, the back office for admins, is served at /admin: on, off, or auto, which is on unless compat=evershop: then EverShop has these paths"),
    setting("PATRON_REFERENCE", "reference", "on", "Whether /api/docs, the reference of the REST API, is served: on or off. /api/openapi.json is always served"),
    setting("PATRON_PLAYGROUND", "playground", "auto", "Whether /playground is served: on, off, or auto. auto disables it if the server can be reached from other machines, by its listening address or public_url"),
    setting("PATRON_INTROSPECTION", "introspection", "auto", "Allow GraphQL introspection: on, off, or auto, as above"),
    setting("PATRON_GRAPHQL_MAX_DEPTH", "graphql_max_depth", "20", "Maximum depth of nested fields in a GraphQL query"),
    setting("PATRON_GRAPHQL_MAX_COMPLEXITY", "graphql_max_complexity", "10000", "Maximum number of fields in the response to a GraphQL query, counted for each row of its pages"),
    setting("PATRON_GRAPHQL_MAX_ALIASES", "graphql_max_aliases", "100", "Maximum number of aliases in a GraphQL query"),
    setting("PATRON_GRAPHQL_ANSWERS_BYTES", "graphql_answers_bytes", "67108864", "Bytes of all GraphQL responses that are being built at once; when exceeded, queries fail with UNAVAILABLE"),
    setting("PATRON_GRAPHQL_MAX_ANSWER_BYTES", "graphql_max_answer_bytes", "8388608", "Maximum bytes of the response to a GraphQL request"),
    setting("PATRON_GRAPHQL_BATCH", "graphql_batch", "0", "Maximum number of GraphQL operations in one request, 50 at most; 0 disables batches"),
    setting("PATRON_METRICS", "metrics", "auto", "Whether /metrics is served at the listening address: on, off, or auto, as above"),
    optional("PATRON_METRICS_LISTEN", "metrics_listen", "Another address and port that serves only /metrics and /health, regardless of PATRON_METRICS [default: none]"),
    optional("PATRON_OTLP_ENDPOINT", "otlp_endpoint", "Collector of traces (OTLP over HTTP), such as http://127.0.0.1:4318 [default: none]"),
    setting("PATRON_OTLP_PERCENT", "otlp_percent", "100", "Percentage of the traces started by patron that are sent; a trace started by a client follows the client's sampling decision"),
    setting("PATRON_LOG", "log", "info,sea_orm_migration=warn,sqlx=warn", "Level of the log: error, warn, info, debug, or a filter such as patron=debug,sqlx=info"),
    setting("PATRON_LOG_FORMAT", "log_format", "auto", "Format of the log: human, json, or auto: human on a terminal, JSON otherwise"),
];

/// An invalid setting.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable}{}: {message}", origin.as_ref().map(|o| format!(" (from {o})")).unwrap_or_default())]
pub struct SettingError {
    /// The environment variable of the setting, also if the value comes from elsewhere.
    pub variable: String,
    /// The settings file or flag that the value comes from; none for the environment.
    pub origin: Option<String>,
    /// What is wrong, and what is valid. Never contains the value of a secret.
    pub message: String,
}

/// The settings that are set by flags, and the file that `--config` names.
#[derive(Clone, Default)]
pub struct Flags {
    pub(super) values: BTreeMap<&'static str, String>,
    pub(super) file: Option<PathBuf>,
}

/// Omits the values: a database URL may contain a password.
impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

impl Flags {
    /// Sets a setting by its variable, as a flag does.
    #[must_use]
    pub fn with(mut self, variable: &'static str, value: impl Into<String>) -> Self {
        self.values.insert(variable, value.into());
        self
    }

    /// Whether a flag sets this variable.
    pub fn sets(&self, variable: &str) -> bool {
        self.values.contains_key(variable)
    }

    fn read(&mut self, matches: &ArgMatches) {
        for setting in SETTINGS.iter().filter(|s| !s.secret) {
            if let Some(value) = matches.get_one::<String>(setting.key) {
                self.values.insert(setting.variable, value.clone());
            }
        }
        if let Some(file) = matches.get_one::<PathBuf>("config") {
            self.file = Some(file.clone());
        }
    }
}

/// Generates the flags from the table, so that every setting has one.
impl clap::Args for Flags {
    fn augment_args(command: Command) -> Command {
        let heading = "Settings (a flag overrides the settings file, and the file overrides the environment)";
        let config = Arg::new("config")
            .long("config")
            .value_name("FILE")
            .value_parser(clap::value_parser!(PathBuf))
            .global(true)
            .help_heading(heading)
            .help("TOML file of settings");
        let settings = SETTINGS.iter().filter(|s| !s.secret).map(|setting| {
            let default = setting.default.map(|d| format!(" [default: {d}]"));
            let default = default.unwrap_or_default();
            Arg::new(setting.key)
                .long(setting.key.replace('_', "-"))
                .value_name("VALUE")
                .global(true)
                .help_heading(heading)
                .help(format!("{}{default} [env: {}]", setting.help, setting.variable))
        });
        command.arg(config).args(settings.collect::<Vec<_>>())
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Self::default();
        flags.read(matches);
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.read(matches);
        Ok(())
    }
}

/// The settings of a TOML file, by variable.
pub(super) fn read_file(path: &Path) -> Result<BTreeMap<&'static str, String>, Vec<SettingError>> {
    let problem = |message: String| SettingError {
        variable: "--config".into(),
        origin: Some(path.display().to_string()),
        message,
    };
    let text =
        std::fs::read_to_string(path).map_err(|error| vec![problem(format!("cannot be read: {error}"))])?;
    let table: toml::Table =
        text.parse().map_err(|error: toml::de::Error| vec![problem(error.message().to_owned())])?;
    let mut values = BTreeMap::new();
    let mut problems = Vec::new();
    for (key, value) in table {
        let Some(setting) = SETTINGS.iter().find(|setting| setting.key == key) else {
            problems.push(problem(format!("there is no setting `{key}`")));
            continue;
        };
        match value {
            toml::Value::String(text) => values.insert(setting.variable, text),
            toml::Value::Integer(number) => values.insert(setting.variable, number.to_string()),
            _ => {
                problems.push(problem(format!("`{key}` must be a string or a number")));
                None
            }
        };
    }
    if problems.is_empty() { Ok(values) } else { Err(problems) }
}
