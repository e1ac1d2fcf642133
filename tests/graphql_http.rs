//! Both GraphQL endpoints pass the whole audit of the npm package `graphql-http`, which is the specification's
//! (GraphQL over HTTP) as 61 checks; against the program itself, on both databases. Needs Node.js and npm.

#[path = "api/support/postgres.rs"]
mod postgres;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::OnceLock;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/graphql-http");
const EMAIL: &str = "admin@localhost";
const PASSWORD: &str = "admin correct horse";

/// What a program said, or which one is missing.
fn said(program: &str, output: std::io::Result<Output>) -> (bool, String) {
    match output {
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            (output.status.success(), text + &String::from_utf8_lossy(&output.stderr))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => panic!(
            "`{program}` is missing. Install Node.js 18 or later with npm: apt-get install nodejs npm \
             (macOS: brew install node)"
        ),
        Err(error) => panic!("`{program}` does not run: {error}"),
    }
}

/// The audit and what it needs, below target so that the repository stays clean; fetched when the lockfile is
/// another one than the last time.
fn audit() -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let make = || {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it is below target");
        let folder = target.join("graphql-http");
        std::fs::create_dir_all(&folder).expect("the folder is made");
        let installed = folder.join("installed.json");
        let lockfile = std::fs::read(format!("{SOURCES}/package-lock.json")).expect("there is a lockfile");
        for file in [".npmrc", "package.json", "package-lock.json", "audit.mjs"] {
            std::fs::copy(format!("{SOURCES}/{file}"), folder.join(file)).expect("it is copied");
        }
        if std::fs::read(&installed).ok().as_deref() != Some(&lockfile) {
            let mut command = std::process::Command::new("npm");
            command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder);
            let (done, text) = said("npm", command.output());
            assert!(done, "npm ci, in {}: {text}", folder.display());
            std::fs::write(&installed, lockfile).expect("it is noted");
        }
        folder
    };
    FOLDER.get_or_init(make).clone()
}

/// Starts the program on a free port; the child is stopped by its id when it is dropped.
async fn serve(database_url: &str, folder: &Path) -> (Child, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_patron"));
    command
        .env_clear()
        .current_dir(folder)
        .args(["serve", "--migrate", "--listen", "127.0.0.1:0"])
        .envs([
            ("DATABASE_URL", database_url),
            ("PATRON_ADMIN_EMAIL", EMAIL),
            ("PATRON_ADMIN_PASSWORD", PASSWORD),
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let mut server = command.spawn().expect("the program runs");
    let mut banner = BufReader::new(server.stdout.take().expect("it is piped")).lines();
    while let Some(line) = banner.next_line().await.expect("it is text") {
        if let Some((_, address)) = line.split_once(" on http://") {
            return (server, format!("http://{address}"));
        }
    }
    panic!("the server ended");
}

async fn passes(database_url: &str, folder: &Path) {
    let audit = audit();
    let (mut server, url) = serve(database_url, folder).await;
    // The program is another process; here the client is the first to need it.
    let _first = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let login =
        client.post(format!("{url}/api/user/tokens")).json(&json!({"email": EMAIL, "password": PASSWORD}));
    let pair: Value = login.send().await.expect("an answer").json().await.expect("JSON");
    let token = pair["data"]["accessToken"].as_str().expect("the admin logs in");
    for (path, token) in [("/api/graphql", None), ("/api/admin/graphql", Some(token))] {
        let mut command = Command::new("node");
        command.arg("audit.mjs").arg(format!("{url}{path}")).current_dir(&audit).kill_on_drop(true);
        command.env_remove("PATRON_TOKEN").envs(token.map(|token| ("PATRON_TOKEN", token)));
        let (passed, text) = said("node", command.output().await);
        assert!(passed && text.trim_end().ends_with("61 of 61 are ok"), "{path}:\n{text}");
    }
    server.kill().await.expect("the server is stopped");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = format!("sqlite://{}", folder.path().join("patron.db").display());
    passes(&url, folder.path()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let name = format!("patron_graphql_http_{}", std::process::id());
    postgres::execute(&format!("CREATE DATABASE {name}")).await;
    passes(&postgres::url(&name), folder.path()).await;
    postgres::execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
}
