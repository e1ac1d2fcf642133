//! Failed logins with an `Idempotency-Key`; one account has an imported bcrypt hash.

use std::future::pending;
use std::io;
use std::path::Path;
use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use super::target::Attacker;
use super::wire::Request;
use crate::support::run;

/// The customer with the imported hash: e-mail address and password.
pub(crate) const OLD: (&str, &str) = ("old@x.io", "an older shop's password");
/// The bcrypt cost of the imported hash.
const COST: u32 = 12;

/// Imports the customer into the database of the running server.
pub(crate) fn import_old_hash(folder: &Path) {
    let hash = bcrypt::hash(OLD.1, COST).expect("a hash");
    let record = json!({"full_name": "Old", "email": OLD.0, "password_hash": hash});
    std::fs::write(folder.join("old.ndjson"), record.to_string()).expect("the file is written");
    let import = run(folder, &["import", "old.ndjson"], &[]);
    assert!(import.status.success(), "{}", String::from_utf8_lossy(&import.stderr));
}

/// Each connection sends one login, staggered: after 100 failures, the address is blocked.
pub(crate) async fn round(attacker: &Attacker, round: usize) -> io::Result<()> {
    if round > 0 {
        pending::<()>().await;
    }
    sleep(Duration::from_millis(15) * u32::try_from(attacker.number).unwrap_or_default()).await;
    let number = attacker.target.number();
    let body = json!({"email": format!("nobody{number}@x.io"), "password": "wrong"});
    let login = Request::json("POST", "/api/customer/tokens", body.to_string());
    attacker.send_without_token(&login.with("idempotency-key", format!("login-{number}"))).await
}
