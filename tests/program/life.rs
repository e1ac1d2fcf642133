//! The whole life of an account, as `tests/life` plays it: against the program itself, on both databases, with a
//! real SMTP server that asks for TLS and a password.

#[expect(dead_code, reason = "tests/api has its moods as well")]
#[path = "../api/support/smtp.rs"]
mod smtp;

use std::path::Path;

use tokio::process::Command;

use crate::support::{Folder, Postgres, Server};
use smtp::{Mood, SmtpServer};

async fn life(database_url: &str, folder: &Path) {
    let mails = folder.join("inbox");
    std::fs::create_dir(&mails).expect("the inbox is made");
    let smtp = SmtpServer::start(Mood::WantsTlsAndPassword, Some(mails.clone())).await;
    let trusted = folder.join("certificate.pem");
    std::fs::write(&trusted, &smtp.certificate).expect("the certificate is written");
    let (smtp_url, trusted) = (smtp.url_with_password(), trusted.display().to_string());
    let settings = [
        ("DATABASE_URL", database_url),
        ("PATRON_SMTP_URL", smtp_url.as_str()),
        ("PATRON_MAIL_FROM", "Shop <shop@example.com>"),
        ("SSL_CERT_FILE", trusted.as_str()),
    ];
    let server = Server::serve(folder, &settings);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/life");
    let played = Command::new("bash").arg(script).arg(server.url()).arg(&mails).output().await;
    let played = played.expect("bash runs");
    let said =
        String::from_utf8_lossy(&played.stdout).into_owned() + &String::from_utf8_lossy(&played.stderr);
    let log = server.kill();
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
    let folder = Folder::new();
    life(&folder.sqlite_url(), folder.path()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres() {
    let (folder, database) = (Folder::new(), Postgres::create("life"));
    life(&database.url, folder.path()).await;
}
