//! Secrets do not leak: the tests call every operation and query every field with unique passwords, tokens and keys, at the
//! log level `trace`. Then they search for these secrets in the log, the responses and the whole database.

mod drive;
mod selection;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use patron::clock::Clock;
use patron::config::SETTINGS;
use serde_json::Value;
use totp_rs::{Builder, Secret};

use crate::support::{Folder, Postgres, execute, field, rows, run};
use drive::{Drive, files};

const ADMIN: &str = "admin@shop.io";
const OWNER: &str = "zoe@shop.io";

#[test]
fn secrets_do_not_leak_on_sqlite() {
    let folder = Folder::new();
    let url = folder.sqlite_url();
    drive_everything(folder, &url);
}

#[test]
fn secrets_do_not_leak_on_postgres() {
    let (folder, database) = (Folder::new(), Postgres::create("secrets"));
    drive_everything(folder, &database.url);
}

fn drive_everything(folder: Folder, url: &str) {
    let admin_password = "marked secret of the first admin";
    // All secret settings, except that of a mail server: without one, mails are written to files, which the test reads.
    let keys = SETTINGS.iter().filter(|setting| setting.secret).map(|setting| setting.variable);
    let keys = keys.filter(|name| !["PATRON_SMTP_URL", "PATRON_ADMIN_PASSWORD"].contains(name));
    let keys: Vec<(&str, String)> =
        keys.map(|name| (name, format!("marked secret of {name}, 32 bytes"))).collect();
    assert!(keys.len() > 8, "{keys:?}");
    let mut settings = vec![
        ("DATABASE_URL", url),
        ("PATRON_LOG", "trace"),
        ("PATRON_ADMIN_EMAIL", ADMIN),
        ("PATRON_ADMIN_PASSWORD", admin_password),
        // No limit of login attempts here.
        ("PATRON_FAILURES_PER_ADDRESS", "100000"),
        // The queries select every field.
        ("PATRON_GRAPHQL_MAX_COMPLEXITY", "1000000"),
    ];
    settings.extend(keys.iter().map(|(name, value)| (*name, value.as_str())));
    let mut drive = Drive::start(folder, &settings);
    drive.record("the admin's password", admin_password, false);
    for (name, value) in &keys {
        drive.record(name, value, false);
    }
    if let Some(password) =
        url.split('@').next().and_then(|start| start.rsplit(':').next()).filter(|_| url.contains('@'))
    {
        drive.record("the database's password", password, false);
    }

    let (admin, _) = drive.log_in("/api/user/tokens", ADMIN, admin_password);
    let owner = run_life_cycle(&mut drive, &admin);
    set_up_second_factor(&mut drive, &admin);
    query_everything(&mut drive, &admin, &owner);
    call_everything(&mut drive, &admin, &owner.token);
    let hashes = rows(url, "SELECT password FROM customer UNION SELECT password FROM admin_user");
    assert!(hashes.len() > 1 && hashes.iter().all(|hash| hash.starts_with("$argon2id$")), "{hashes:?}");
    for hash in hashes {
        drive.record("the hash of a password", &hash, true);
    }
    break_an_insert(&mut drive, url);
    transfer(&mut drive, &settings);

    assert_no_leak(&mut drive, url);
}

/// Searches the log, the responses and the database for the secrets.
fn assert_no_leak(drive: &mut Drive, url: &str) {
    let log = drive.stop();
    let (lines, statements) =
        (log.matches("\"level\":\"TRACE\"").count(), log.matches("INSERT INTO").count());
    assert!(lines > 500 && statements > 20, "the log is incomplete: {lines} {statements}");
    for status in [200, 400, 401, 403, 500] {
        assert!(log.contains(&format!("\"status\":{status}")), "no response has the status {status}");
    }
    drive.assert_not_in("the log", log.as_bytes(), false);
    drive.assert_not_in_responses();
    let dump = dump(url);
    assert!(dump.contains(OWNER) && dump.contains("$argon2id$"), "the dump is incomplete: {}", dump.len());
    drive.assert_not_in("the database", dump.as_bytes(), true);
    // The files of SQLite as well: they may still contain deleted rows.
    for file in
        files(drive.folder.path()).into_iter().filter(|path| path.to_string_lossy().contains("patron.db"))
    {
        drive.assert_not_in("a file of the database", &std::fs::read(file).expect("the file is read"), true);
    }
}

struct Owner {
    token: String,
    uuid: String,
    address: String,
}

/// The life cycle of an account, with valid and invalid secrets.
fn run_life_cycle(drive: &mut Drive, admin: &str) -> Owner {
    let [first, second, third] =
        ["first", "second", "third"].map(|which| drive.mark(&format!("{which} password")));
    let body = format!(r#"{{"full_name": "Zoe", "email": "{OWNER}", "password": "{first}"}}"#);
    let row = drive.ok("POST /api/customers", "", &body);
    drive.send("POST /api/customers", "", &body);
    let token = drive.mailed("verify_email");
    let verify = format!(r#"{{"token": "{token}"}}"#);
    drive.ok("POST /api/customers/verify-email", "", &verify);
    drive.send("POST /api/customers/verify-email", "", &verify);

    let (token, refresh) = drive.log_in("/api/customer/tokens", OWNER, &first);
    let body = format!(r#"{{"refreshToken": "{refresh}"}}"#);
    let refreshed = drive.ok("POST /api/customer/token/refresh", "", &body);
    let next = format!(r#"{{"refreshToken": "{}"}}"#, field(&refreshed, "refreshToken").expect("a token"));
    drive.ok("POST /api/customer/token/refresh", "", &next);
    // The old refresh token is superseded, so its session is revoked, and that is logged.
    assert!(drive.send("POST /api/customer/token/refresh", "", &body).starts_with("HTTP/1.1 401"));
    drive.send("POST /api/graphql", &token, r#"{"query": "{ currentCustomer { uuid } }"}"#);

    let (token, refresh) = drive.log_in("/api/customer/tokens", OWNER, &first);
    let body = format!(r#"{{"current_password": "{first}", "password": "{second}"}}"#);
    drive.ok("POST /api/customers/me/password", &token, &body);
    drive.ok("POST /api/customer/token/revoke", "", &format!(r#"{{"refreshToken": "{refresh}"}}"#));
    drive.ok("POST /api/customers/reset-password", "", &format!(r#"{{"email": "{OWNER}"}}"#));
    let link = drive.mailed("reset_password");
    let reset = format!(r#"{{"token": "{link}", "password": "{third}"}}"#);
    drive.ok("POST /api/customers/password", "", &reset);
    drive.send("POST /api/customers/password", "", &reset);

    let (token, _) = drive.log_in("/api/customer/tokens", OWNER, &third);
    let address = r#"{"full_name": "Zoe", "address_1": "1 Market Street", "postcode": "94103", "province": "US-CA", "country": "US"}"#;
    let address = drive.ok("POST /api/customers/me/addresses", &token, address);
    let definition =
        r#"{"ownerType": "customer", "fieldKey": "tier", "name": "Tier", "fieldType": "short_text"}"#;
    drive.ok("POST /api/metafield-definitions", admin, definition);
    // This host does not exist, so the deliveries stay pending.
    let hook = r#"{"url": "https://hooks.invalid/"}"#;
    let hook = drive.ok("POST /api/webhook-endpoints", admin, hook);
    assert!(hook.contains(r#""secret":"whsec_"#), "{hook}");
    let hook = field(&hook, "uuid").expect("a uuid");
    drive.ok(&format!("POST /api/webhook-endpoints/{hook}/secret"), admin, "{}");
    drive.ok("GET /api/customers/me/export", &token, "");
    drive.ok("PATCH /api/customers/me", &token, r#"{"email": "zoe2@shop.io"}"#);
    drive.mailed("verify_email");
    let uuid = |response: &str| field(response, "uuid").expect("a uuid");
    let by_admin = format!(
        r#"{{"full_name": "Bob", "email": "bob@shop.io", "password": "{}"}}"#,
        drive.mark("password by an admin")
    );
    let bob = uuid(&drive.ok("POST /api/customers", admin, &by_admin));
    let body = format!(r#"{{"password": "{}"}}"#, drive.mark("other password by an admin"));
    drive.ok(&format!("PATCH /api/customers/{bob}"), admin, &body);
    Owner { token, uuid: uuid(&row), address: uuid(&address) }
}

/// Another admin sets up a second factor and logs in with its codes, right and wrong ones.
fn set_up_second_factor(drive: &mut Drive, admin: &str) {
    let (email, password) = ("eve@shop.io", drive.mark("password of another admin"));
    let body = format!(r#"{{"email": "{email}", "full_name": "Eve", "password": "{password}"}}"#);
    drive.ok("POST /api/users", admin, &body);
    let (token, _) = drive.log_in("/api/user/tokens", email, &password);
    let body = format!(r#"{{"password": "{password}"}}"#);
    let created = drive.ok("POST /api/user/me/second-factor", &token, &body);
    let secret = Secret::try_from_base32(field(&created, "secret").expect("a secret")).expect("base32");
    let totp = Builder::new().with_secret(secret).build().expect("a secret of at least 128 bits");
    let code = totp.generate(Clock::System.now().timestamp().try_into().expect("a time after 1970"));
    let body = format!(r#"{{"code": "{code}"}}"#);
    let confirmed = drive.ok("POST /api/user/me/second-factor/confirm", &token, &body);
    let (_, codes) = confirmed.split_once("\"recovery_codes\":[\"").expect("recovery codes");
    let code = codes.split('"').next().expect("a code");
    for status in ["200", "401"] {
        let body = format!(r#"{{"email": "{email}", "password": "{password}", "code": "{code}"}}"#);
        let response = drive.send("POST /api/user/tokens", "", &body);
        assert!(response.starts_with(&format!("HTTP/1.1 {status}")), "{response}");
    }
}

/// Queries every field of the schema as each kind of caller.
fn query_everything(drive: &mut Drive, admin: &str, owner: &Owner) {
    let id = |kind: &str, uuid: &str| format!("id: \"{}\"", URL_SAFE_NO_PAD.encode(format!("{kind}:{uuid}")));
    let text = |text: &str| vec![text.to_owned()];
    let me = drive.ok("POST /api/graphql", admin, r#"{"query": "{ me { uuid } }"}"#);
    let admin_uuid = field(&me, "uuid").expect("a uuid");
    let arguments = [
        ("Query.admin", text(&format!("uuid: \"{admin_uuid}\""))),
        ("Query.customer", vec![format!("email: \"{OWNER}\""), format!("id: \"{}\"", owner.uuid)]),
        ("Query.node", vec![id("Customer", &owner.uuid), id("CustomerAddress", &owner.address)]),
        ("Query.customerGroup", text("id: 1")),
        ("Query.countries", text(r#"countries: ["US"]"#)),
        ("Query.provinces", text(r#"countries: ["US"]"#)),
        ("Query.metafieldDefinitions", text(r#"ownerType: "customer""#)),
        ("Customer.metafield", text(r#"namespace: "custom", key: "tier""#)),
        // A page of the default size for each customer would exceed the complexity limit.
        ("Customer.mails", text("first: 1")),
    ];
    let queries = selection::queries(arguments.into_iter().collect());
    assert!(queries.iter().any(|query| query.contains("sessions")) && queries.len() > 10, "{queries:?}");
    for query in queries {
        let body = serde_json::json!({"query": query}).to_string();
        drive.ok("POST /api/graphql", "", &body);
        drive.ok("POST /api/graphql", &owner.token, &body);
        let response = drive.ok("POST /api/admin/graphql", admin, &body);
        assert!(!response.contains("\"errors\""), "{query}: {response}");
    }
}

/// Calls every operation as each kind of caller, with secrets in all fields that may hold one, well-formed and malformed.
fn call_everything(drive: &mut Drive, admin: &str, owner: &str) {
    let document: Value = serde_json::from_str(include_str!("../../../../docs/openapi.json")).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    let operations = paths.iter().flat_map(|(path, methods)| {
        methods.as_object().expect("methods").keys().map(move |method| (method.to_uppercase(), path))
    });
    // A uuid of no record, so that no caller is deleted.
    let unknown = "433ba97f-8be7-4be9-be3f-a9f341f2b89f";
    for (method, path) in operations.chain(
        ["/api/graphql", "/api/admin/graphql"].map(String::from).iter().map(|path| ("POST".to_owned(), path)),
    ) {
        let path =
            path.replace("{uuid}", unknown).replace("{address_uuid}", unknown).replace("{id}", unknown);
        if (method.as_str(), path.as_str()) == ("DELETE", "/api/customers/me/sessions") {
            continue;
        }
        let secret = drive.mark("secret of the query string");
        let request = format!("{method} {path}?access_token={secret}&token={secret}");
        let forged = format!("Bearer {}", drive.mark("forged token"));
        let basic = STANDARD.encode(format!("{OWNER}:{}", drive.mark("Basic password")));
        drive.record("Basic credentials", &basic, false);
        let basic = format!("Basic {basic}");
        for authorization in ["", admin, owner] {
            let secret = drive.mark("secret of a body");
            for body in bodies(&secret) {
                drive.send(&request, authorization, &body);
            }
        }
        for authorization in [forged, basic] {
            drive.send(&request, &authorization, "{}");
        }
    }
    drive.ok("GET /api/customers/me/export", owner, "");
    drive.ok("DELETE /api/customers/me/sessions", owner, "");
}

/// Request bodies with a secret in all fields that may hold one, well-formed and malformed.
fn bodies(secret: &str) -> [String; 5] {
    let fields =
        ["password", "current_password", "new_password", "token", "refreshToken", "password_hash", "secret"];
    let all = |value: &str| fields.map(|field| format!("\"{field}\": {value}")).join(", ");
    [
        format!("{{\"email\": \"{OWNER}\", {}}}", all(&format!("\"{secret}\""))),
        format!("{{{}}}", all(&format!("[\"{secret}\"]"))),
        format!(
            r#"{{"query": "{{ countries {{ code }} }}", "variables": {{"{secret}": 1}}, "password": {secret}}}"#
        ),
        format!("{{\"password\": \"{secret}"),
        format!("\"{secret}\""),
    ]
}

/// Provokes an internal error: the database refuses a row that contains a password hash, and may quote it.
fn break_an_insert(drive: &mut Drive, url: &str) {
    let sql = if url.starts_with("sqlite") {
        "CREATE TRIGGER refuse BEFORE INSERT ON customer WHEN NEW.full_name = 'Broken' BEGIN SELECT RAISE(ABORT, 'refused'); END"
    } else {
        "ALTER TABLE customer ADD CONSTRAINT refuse CHECK (full_name <> 'Broken')"
    };
    execute(url, sql);
    let password = drive.mark("password of the broken one");
    let body = format!(r#"{{"full_name": "Broken", "email": "broken@shop.io", "password": "{password}"}}"#);
    let response = drive.send("POST /api/customers", "", &body);
    assert!(response.starts_with("HTTP/1.1 500"), "{response}");
    execute(
        url,
        if url.starts_with("sqlite") {
            "DROP TRIGGER refuse"
        } else {
            "ALTER TABLE customer DROP CONSTRAINT refuse"
        },
    );
}

/// Runs imports, exports and lists, and searches their output for secrets.
fn transfer(drive: &mut Drive, settings: &[(&str, &str)]) {
    let folder = drive.folder.path().to_owned();
    let (good, weak) = (drive.mark("imported password"), drive.mark("password of a refused line"));
    let hash = "$2b$10$markedmarkedmarkedmareXbM1Xw5W2dPzZlq0pUQvT9J8bq3K0mO";
    drive.record("an imported hash", hash, true);
    let lines = format!(
        "email,full_name,password,password_hash\nimported@shop.io,A,{good},\nno address,A,{weak},\nb@shop.io,A,{weak},{hash}\nhashed@shop.io,B,,{hash}\n"
    );
    std::fs::write(folder.join("customers.csv"), lines).expect("the file is written");
    for arguments in [
        &["import", "customers.csv"][..],
        &["export", "--output", "out.ndjson"],
        &["admin", "list"],
        &["mail", "list"],
    ] {
        let output = run(&folder, arguments, settings);
        let text = [output.stdout, output.stderr].concat();
        drive.assert_not_in(&format!("the output of {arguments:?}"), &text, false);
    }
    for file in ["customers.csv.refused.csv", "out.ndjson"] {
        let text = std::fs::read(folder.join(file)).expect("the file is written");
        assert!(text.len() > 20, "{file} is empty");
        drive.assert_not_in(file, &text, false);
    }
}

/// Every row of every table, as text.
fn dump(url: &str) -> String {
    let sqlite = url.starts_with("sqlite");
    let tables = rows(
        url,
        if sqlite {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'customer_search%'"
        } else {
            "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'"
        },
    );
    let lines = tables.iter().flat_map(|table| {
        let columns = if sqlite {
            let names = rows(url, &format!("SELECT name FROM pragma_table_info('{table}')"));
            names
                .iter()
                .map(|name| format!("CASE typeof(\"{name}\") WHEN 'blob' THEN hex(\"{name}\") ELSE coalesce(\"{name}\", '') END"))
                .collect::<Vec<_>>()
                .join(" || ' ' || ")
        } else {
            format!("\"{table}\"::text")
        };
        rows(url, &format!("SELECT {columns} FROM \"{table}\""))
    });
    lines.collect::<Vec<_>>().join("\n")
}
