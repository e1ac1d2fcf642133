//! The running shop, its database, and patron on the same database.

use std::io::Write;
use std::process::{Child, Command};
use std::sync::Once;
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::Value;
use url::Url;

use super::api::Api;
use crate::support::{
    ADMIN, Folder, Postgres, ProcessGroup, Server, code_and_error, output, packages, patron, run, tool,
};

/// The secrets of tokens, which both programs have.
pub(super) const SECRETS: [(&str, &str); 4] = [
    ("JWT_ADMIN_SECRET", "admin-secret-of-the-tests-0123456789"),
    ("JWT_ADMIN_REFRESH_SECRET", "admin-refresh-secret-of-the-tests-0123456789"),
    ("JWT_CUSTOMER_SECRET", "customer-secret-of-the-tests-0123456789"),
    ("JWT_CUSTOMER_REFRESH_SECRET", "customer-refresh-secret-of-the-tests-0123456789"),
];
/// The secret of the shop's session cookies.
pub(super) const COOKIE_SECRET: &str = "cookie-secret-of-the-tests";
/// The part of EverShop's configuration that the tests set.
const CONFIGURATION: &str = r#"{"system": {"session": {"cookieSecret": "cookie-secret-of-the-tests"}}}"#;
/// The line of the shop's log with its address.
const LISTENING: &str = "listening on ";

/// A database with the shop's schema and its first admin. Both programs are started on it.
pub(super) struct ShopDatabase {
    pub(super) database: Postgres,
    pub(super) folder: Folder,
}

/// The result of a command of patron.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) code: i32,
    pub(super) output: String,
    pub(super) error: String,
}

impl Ran {
    /// Fails unless the command has succeeded.
    pub(super) fn succeeded(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    /// The standard output as JSON.
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.output).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl ShopDatabase {
    /// `None` if the tests run without EverShop. `label` distinguishes the database from those of other tests.
    pub(super) fn create(label: &str) -> Option<Self> {
        if is_left_out() {
            return None;
        }
        let folder = Folder::new();
        let options = format!("TEMPLATE {}", template());
        let database = Postgres::create_with(&format!("evershop_{label}"), &options);
        Some(Self { database, folder })
    }

    /// A database that patron has adopted.
    pub(super) fn adopted(label: &str) -> Option<Self> {
        let shop = Self::create(label)?;
        shop.adopt();
        Some(shop)
    }

    pub(super) fn url(&self) -> &str {
        &self.database.url
    }

    /// Starts the shop.
    pub(super) fn start_shop(&self) -> Shop {
        Shop::start(&self.database.name)
    }

    /// Starts patron with further settings.
    pub(super) fn serve(&self, more: &[(&str, &str)]) -> Server {
        Server::start(self.folder.path(), &["serve"], &self.settings(more), "mail")
    }

    /// The settings of patron.
    pub(super) fn settings<'a>(&'a self, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let own = [("DATABASE_URL", self.url()), ("PATRON_RATE_LIMITS", "off"), ("PATRON_LOG", "warn")];
        [&own[..], &SECRETS[..], more].concat()
    }

    /// Runs a command of patron to its end.
    pub(super) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_on(self.url(), arguments)
    }

    /// Runs a command of patron with another URL, such as that of another role.
    pub(super) fn run_on(&self, url: &str, arguments: &[&str]) -> Ran {
        let output = run(self.folder.path(), arguments, &[("DATABASE_URL", url)]);
        let (code, error) = code_and_error(&output);
        Ran { code, output: String::from_utf8_lossy(&output.stdout).into_owned(), error }
    }

    /// Starts a command of patron.
    pub(super) fn spawn(&self, arguments: &[&str]) -> Child {
        let settings = [("DATABASE_URL", self.url())];
        patron(self.folder.path(), arguments, &settings).spawn().expect("the program runs")
    }

    /// Adopts the database.
    pub(super) fn adopt(&self) -> Ran {
        self.run(&["adopt", "--yes"]).succeeded()
    }

    /// Undoes the adoption.
    pub(super) fn undo(&self) -> Ran {
        self.run(&["adopt", "--undo", "--yes"]).succeeded()
    }

    /// Checks, and returns the exit code and the report.
    pub(super) fn check(&self) -> (i32, Value) {
        let checked = self.run(&["adopt", "--check", "--format", "json"]);
        (checked.code, checked.json())
    }
}

/// The running shop; it is stopped with this value.
pub(super) struct Shop {
    _process: ProcessGroup,
    url: String,
}

impl Shop {
    fn start(database: &str) -> Self {
        let log = tempfile::NamedTempFile::new().expect("a temporary file");
        let file = log.reopen().expect("the log is opened");
        let mut command = script("start.mjs", &[], database);
        command.stdout(file.try_clone().expect("the log is shared")).stderr(file);
        let process = ProcessGroup::start(&mut command);
        let read = || std::fs::read_to_string(log.path()).expect("the log is text");
        for _ in 0..600 {
            if let Some(line) = read().lines().find_map(|line| line.strip_prefix(LISTENING)) {
                return Self { _process: process, url: line.to_owned() };
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("the shop did not start: {}", read());
    }

    /// An anonymous client.
    pub(super) fn api(&self) -> Api {
        Api::new(&self.url)
    }

    /// Fills the shop by `populate.mjs`; returns the uuids of the customers by their e-mail addresses.
    pub(super) fn populate(&self, database: &ShopDatabase) -> Value {
        let name = &database.database.name;
        let text = output(&mut script("populate.mjs", &[&self.url, ADMIN[0], ADMIN[1]], name));
        serde_json::from_str(&text).expect("JSON")
    }
}

/// Whether the tests run without EverShop, which is reported once. Also by tests whose output is captured.
fn is_left_out() -> bool {
    static REPORTED: Once = Once::new();
    let left_out = std::env::var("PATRON_TEST_WITHOUT").is_ok_and(|name| name == "evershop");
    if left_out {
        REPORTED.call_once(|| {
            let text = "tests/program/evershop is left out (PATRON_TEST_WITHOUT=evershop)\n";
            std::io::stderr().write_all(text.as_bytes()).expect("stderr is open");
        });
    }
    left_out
}

/// The name of the database that the tests copy, which is created once per run.
fn template() -> String {
    static TEMPLATE: Mutex<Option<String>> = Mutex::new(None);
    let mut template = TEMPLATE.lock();
    if let Some(name) = template.as_ref() {
        return name.clone();
    }
    let name = format!("patron_evershop_{}_template", std::process::id());
    Postgres::execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
    Postgres::execute(&format!("CREATE DATABASE {name}"));
    let text = output(&mut script("migrate.mjs", &ADMIN, &name));
    // EverShop ends with 0 as well if a migration fails.
    assert!(text.contains("migrated"), "{text}");
    *template = Some(name.clone());
    name
}

/// A command that runs a script of `tests/evershop` with a database.
fn script(name: &str, arguments: &[&str], database: &str) -> Command {
    let folder = packages("evershop");
    let url = Url::parse(&Postgres::url(database)).expect("a URL");
    let mut command = Command::new(tool(&["node", "nodejs"]));
    command.env_clear().arg(folder.join(name)).args(arguments).current_dir(&folder);
    command
        .envs(SECRETS)
        .env("NODE_CONFIG", CONFIGURATION)
        .env("TRUST_PROXY_HOPS", "1")
        .env("DB_HOST", url.host_str().expect("a host"))
        .env("DB_PORT", url.port().unwrap_or(5432).to_string())
        .env("DB_USER", url.username())
        .env("DB_PASSWORD", url.password().unwrap_or_default())
        .env("DB_NAME", database)
        .env("DB_SSLMODE", "disable");
    command
}
