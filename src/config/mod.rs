//! The settings: one struct per concern, built and validated before the program starts.
//!
//! `settings.rs` has the table of all settings with their variables, defaults and descriptions. `values.rs` merges the
//! settings file, the environment and the flags, and converts texts to types. Each struct has a file of its concern.
//! Validation reports every invalid setting at once.

mod accounts;
mod build_error;
mod compat;
mod database;
mod effective;
mod file;
mod flags;
mod folder;
mod graphql;
mod hashing;
mod journal;
mod limits;
mod mask;
mod origin;
mod outgoing;
mod place;
mod postgres_url;
mod server;
mod setting;
mod setting_error;
mod settings;
mod shop;
mod telemetry;
mod tokens;
mod unknown;
mod values;

use std::net::SocketAddr;
use std::path::PathBuf;

pub use accounts::{AccountConfig, FirstAdmin, SecondFactorPolicy};
pub use build_error::BuildError;
pub use compat::FrontDoorConfig;
pub use database::{DatabaseConfig, Pooler, ReplicaHosts};
pub use effective::{EffectiveSetting, effective_settings};
pub use flags::Flags;
pub use folder::private_folder;
pub use graphql::GraphqlConfig;
pub use hashing::{HASH_FLOOR, HashingConfig, PasswordHashes};
pub use journal::JournalConfig;
pub use limits::LimitConfig;
pub use origin::Origin;
pub use outgoing::{MailConfig, WebhookConfig};
pub use place::with_place;
pub use postgres_url::DatabaseHost;
pub use server::{ProxyHeader, ServerConfig};
pub use setting::Setting;
pub use setting_error::SettingError;
pub use settings::{SETTINGS, setting_groups};
pub use shop::{Logo, ShopConfig};
pub use telemetry::{LogConfig, LogFormat, MetricsConfig, TracesConfig};
pub use tokens::{MIN_SIGNING_SECRET, SigningSecrets, TokenConfig};
pub use unknown::unknown_variables;
pub use values::Values;

/// The settings of the program.
#[derive(Debug)]
pub struct Config {
    /// `PATRON_DATA_DIR`: the folder of the embedded database and the generated keys.
    pub data_dir: PathBuf,
    /// How the server listens and stops.
    pub server: ServerConfig,
    /// Limits of connections, requests, timeouts, buffered bytes and rates.
    pub limits: LimitConfig,
    /// The URL, timeouts and connections of the database.
    pub database: DatabaseConfig,
    /// The cost of a password hash, and the limits of their computation.
    pub hashing: HashingConfig,
    /// How tokens are signed, and how long they are valid.
    pub tokens: TokenConfig,
    /// E-mail verification, mailed links and limits of login attempts.
    pub accounts: AccountConfig,
    /// How mails are sent.
    pub mail: MailConfig,
    /// How patron shares the sessions of EverShop, if it is the front door of one.
    pub front_door: Option<FrontDoorConfig>,
    /// How the shop appears on the account pages and in mails.
    pub shop: ShopConfig,
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

impl Config {
    /// Reads the settings from a TOML file, the environment and flags, in increasing precedence.
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
        let public_url = v.public_url("PATRON_PUBLIC_URL");
        let local = server::is_local(listen, public_url.as_deref());
        let config = Self {
            mail: MailConfig::from_values(v, public_url.as_deref(), &data_dir),
            accounts: AccountConfig::from_values(v),
            server: ServerConfig::from_values(v, listen, public_url, local),
            limits: LimitConfig::from_values(v),
            database: DatabaseConfig::from_values(v, &data_dir),
            hashing: HashingConfig::from_values(v),
            tokens: TokenConfig::from_values(v),
            front_door: FrontDoorConfig::from_values(v),
            shop: ShopConfig::from_values(v),
            webhooks: WebhookConfig::from_values(v),
            journal: JournalConfig::from_values(v),
            graphql: GraphqlConfig::from_values(v, local),
            metrics: MetricsConfig::from_values(v, local),
            first_admin: FirstAdmin::from_values(v),
            log: LogConfig::from_values(v),
            traces: TracesConfig::from_values(v),
            data_dir,
        };
        values.finish(config)
    }
}
