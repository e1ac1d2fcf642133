//! The whole life of an account, as `tests/life` plays it: against the program itself, on both databases, with a
//! real SMTP server that asks for TLS and a password.

#[path = "api/support/postgres.rs"]
mod postgres;
#[expect(dead_code, reason = "tests/api has its moods as well")]
#[path = "api/support/smtp.rs"]
mod smtp;

use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use smtp::{Mood, SmtpServer};

async fn life(database_url: &str, folder: &Path) {
    let mails = folder.join("inbox");
    std::fs::create_dir(&mails).expect("the inbox is made");
    let smtp = SmtpServer::start(Mood::WantsTlsAndPassword, Some(mails.clone())).await;
    let trusted = folder.join("certificate.pem");
    std::fs::write(&trusted, &smtp.certificate).expect("the certificate is written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_patron"));
    command
        .env_clear()
        .current_dir(folder)
        .args(["serve", "--migrate", "--listen", "127.0.0.1:0"])
        .env("DATABASE_URL", database_url)
        .env("PATRON_SMTP_URL", smtp.url_with_password())
        .env("PATRON_MAIL_FROM", "Shop <shop@example.com>")
        .env("SSL_CERT_FILE", &trusted)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut server = command.spawn().expect("the program runs");
    let mut banner = BufReader::new(server.stdout.take().expect("it is piped")).lines();
    let mut url = None;
    while let Some(line) = banner.next_line().await.expect("it is text") {
        if let Some((_, address)) = line.split_once(" on http://") {
            url = Some(format!("http://{address}"));
        }
        if line.trim_start().starts_with("password") {
            break;
        }
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/life");
    let played =
        Command::new("bash").arg(script).arg(url.expect("the server is up")).arg(&mails).output().await;
    let played = played.expect("bash runs");
    let said =
        String::from_utf8_lossy(&played.stdout).into_owned() + &String::from_utf8_lossy(&played.stderr);
    server.kill().await.expect("the server is stopped");
    let log = server.wait_with_output().await.expect("its log is read");
    let log = String::from_utf8_lossy(&log.stderr);
    assert!(played.status.success(), "{said}\n{log}");
    assert!(said.contains("all of it went as it should"), "{said}");
    // No secret is in a log: no password, no mailed token, no hash, no token of a login.
    let mailed = smtp
        .mails
        .lock()
        .unwrap()
        .iter()
        .map(|mail| String::from_utf8_lossy(mail).into_owned())
        .collect::<String>();
    let tokens: Vec<&str> = mailed
        .split("#token=")
        .skip(1)
        .map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default())
        .collect();
    assert!(tokens.len() >= 3, "{mailed}");
    for secret in tokens.into_iter().chain([
        "correct horse",
        "staple horse",
        "argon2id",
        "eyJ",
        smtp::PASSWORD,
        "smtp%20secret",
    ]) {
        assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = format!("sqlite://{}", folder.path().join("patron.db").display());
    life(&url, folder.path()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let name = format!("patron_life_{}", std::process::id());
    postgres::execute(&format!("CREATE DATABASE {name}")).await;
    life(&postgres::url(&name), folder.path()).await;
    postgres::execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
}
