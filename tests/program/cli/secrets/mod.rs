//! No secret is where it does not belong: every operation and every field is driven with passwords, tokens and keys that
//! are marked, while everything is logged. Then they are looked for in the log, the answers and the whole database.

mod drive;
mod selection;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use patron::config::SETTINGS;
use serde_json::Value;

use crate::support::{Folder, Postgres, execute, field, rows, run};
use drive::{Drive, files};

const ADMIN: &str = "admin@shop.io";
const OWNER: &str = "zoe@shop.io";

#[test]
fn secrets_are_nowhere_else_on_sqlite() {
    let folder = Folder::new();
    let url = folder.sqlite_url();
    drive_everything(folder, &url);
}

#[test]
fn secrets_are_nowhere_else_on_postgres() {
    let (folder, database) = (Folder::new(), Postgres::create("secrets"));
    drive_everything(folder, &database.url);
}

fn drive_everything(folder: Folder, url: &str) {
    let admin_password = "marked secret of the first admin";
    // Every key that can be set. There is no mail server here: mails become files, to be read.
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
        // Whoever guesses is slowed down elsewhere; here nobody waits.
        ("PATRON_FAILURES_PER_ADDRESS", "100000"),
        // Every field there is, in one query.
        ("PATRON_GRAPHQL_MAX_COMPLEXITY", "1000000"),
    ];
    settings.extend(keys.iter().map(|(name, value)| (*name, value.as_str())));
    let mut drive = Drive::start(folder, &settings);
    drive.keep("the admin's password", admin_password, false);
    for (name, value) in &keys {
        drive.keep(name, value, false);
    }
    if let Some(password) =
        url.split('@').next().and_then(|start| start.rsplit(':').next()).filter(|_| url.contains('@'))
    {
        drive.keep("the database's password", password, false);
    }

    let (admin, _) = drive.log_in("/api/user/tokens", ADMIN, admin_password);
    let owner = live(&mut drive, &admin);
    ask_everything(&mut drive, &admin, &owner);
    call_everything(&mut drive, &admin, &owner.token);
    let hashes = rows(url, "SELECT password FROM customer UNION SELECT password FROM admin_user");
    assert!(hashes.len() > 1 && hashes.iter().all(|hash| hash.starts_with("$argon2id$")), "{hashes:?}");
    for hash in hashes {
        drive.keep("the hash of a password", &hash, true);
    }
    break_an_insert(&mut drive, url);
    transfer(&mut drive, &settings);

    let log = drive.stop();
    let (lines, statements) =
        (log.matches("\"level\":\"TRACE\"").count(), log.matches("INSERT INTO").count());
    assert!(lines > 500 && statements > 20, "it is not all logged: {lines} {statements}");
    for status in [200, 400, 401, 403, 500] {
        assert!(log.contains(&format!("\"status\":{status}")), "no answer has the status {status}");
    }
    drive.assert_unknown_to("the log", log.as_bytes(), false);
    drive.assert_unknown_to_answers();
    let dump = dump(url);
    assert!(dump.contains(OWNER) && dump.contains("$argon2id$"), "the dump is not whole: {}", dump.len());
    drive.assert_unknown_to("the database", dump.as_bytes(), true);
    // SQLite's own files as well: what was deleted may still be in them.
    for file in
        files(drive.folder.path()).into_iter().filter(|path| path.to_string_lossy().contains("patron.db"))
    {
        drive.assert_unknown_to("a file of the database", &std::fs::read(file).expect("it is read"), true);
    }
}

struct Owner {
    token: String,
    uuid: String,
    address: String,
}

/// The life of an account, with its secrets right and wrong.
fn live(drive: &mut Drive, admin: &str) -> Owner {
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
    let again = drive.ok("POST /api/customer/token/refresh", "", &body);
    let next = format!(r#"{{"refreshToken": "{}"}}"#, field(&again, "refreshToken").expect("a token"));
    drive.ok("POST /api/customer/token/refresh", "", &next);
    // Overtaken: its session ends, and the log says so.
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
    // Nobody has this name: what is sent there waits.
    let hook = r#"{"url": "https://hooks.invalid/"}"#;
    let hook = drive.ok("POST /api/webhook-endpoints", admin, hook);
    assert!(hook.contains(r#""secret":"whsec_"#), "{hook}");
    let hook = field(&hook, "uuid").expect("a uuid");
    drive.ok(&format!("POST /api/webhook-endpoints/{hook}/secret"), admin, "{}");
    drive.ok("GET /api/customers/me/export", &token, "");
    drive.ok("PATCH /api/customers/me", &token, r#"{"email": "zoe2@shop.io"}"#);
    drive.mailed("verify_email");
    let uuid = |answer: &str| field(answer, "uuid").expect("a uuid");
    let by_admin = format!(
        r#"{{"full_name": "Bob", "email": "bob@shop.io", "password": "{}"}}"#,
        drive.mark("password by an admin")
    );
    let bob = uuid(&drive.ok("POST /api/customers", admin, &by_admin));
    let body = format!(r#"{{"password": "{}"}}"#, drive.mark("other password by an admin"));
    drive.ok(&format!("PATCH /api/customers/{bob}"), admin, &body);
    Owner { token, uuid: uuid(&row), address: uuid(&address) }
}

/// Every field of the schema, for each kind of caller.
fn ask_everything(drive: &mut Drive, admin: &str, owner: &Owner) {
    let id = |kind: &str, uuid: &str| format!("id: \"{}\"", URL_SAFE_NO_PAD.encode(format!("{kind}:{uuid}")));
    let text = |text: &str| vec![text.to_owned()];
    let arguments = [
        ("Query.customer", vec![format!("email: \"{OWNER}\""), format!("id: \"{}\"", owner.uuid)]),
        ("Query.node", vec![id("Customer", &owner.uuid), id("CustomerAddress", &owner.address)]),
        ("Query.customerGroup", text("id: 1")),
        ("Query.countries", text(r#"countries: ["US"]"#)),
        ("Query.provinces", text(r#"countries: ["US"]"#)),
        ("Query.metafieldDefinitions", text(r#"ownerType: "customer""#)),
        ("Customer.metafield", text(r#"namespace: "custom", key: "tier""#)),
    ];
    let queries = selection::queries(arguments.into_iter().collect());
    assert!(queries.iter().any(|query| query.contains("sessions")) && queries.len() > 10, "{queries:?}");
    for query in queries {
        let body = serde_json::json!({"query": query}).to_string();
        drive.ok("POST /api/graphql", "", &body);
        drive.ok("POST /api/graphql", &owner.token, &body);
        let answer = drive.ok("POST /api/admin/graphql", admin, &body);
        assert!(!answer.contains("\"errors\""), "{query}: {answer}");
    }
}

/// Every operation, for each kind of caller, with secrets in every field that could hold one; well-formed or not.
fn call_everything(drive: &mut Drive, admin: &str, owner: &str) {
    let document: Value = serde_json::from_str(include_str!("../../../../docs/openapi.json")).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    let operations = paths.iter().flat_map(|(path, methods)| {
        methods.as_object().expect("methods").keys().map(move |method| (method.to_uppercase(), path))
    });
    // Nobody's: what is called here finds nothing, and the callers stay.
    let nobody = "433ba97f-8be7-4be9-be3f-a9f341f2b89f";
    for (method, path) in operations.chain(
        ["/api/graphql", "/api/admin/graphql"].map(String::from).iter().map(|path| ("POST".to_owned(), path)),
    ) {
        let path = path.replace("{uuid}", nobody).replace("{address_uuid}", nobody).replace("{id}", nobody);
        if (method.as_str(), path.as_str()) == ("DELETE", "/api/customers/me/sessions") {
            continue;
        }
        let secret = drive.mark("secret of the query string");
        let request = format!("{method} {path}?access_token={secret}&token={secret}");
        let forged = format!("Bearer {}", drive.mark("forged token"));
        let basic = STANDARD.encode(format!("{OWNER}:{}", drive.mark("Basic password")));
        drive.keep("Basic credentials", &basic, false);
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

/// A secret in every field that could hold one, as it should be and not.
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

/// A defect: the database refuses a row with a hash in it, and says which.
fn break_an_insert(drive: &mut Drive, url: &str) {
    let sql = if url.starts_with("sqlite") {
        "CREATE TRIGGER refuse BEFORE INSERT ON customer WHEN NEW.full_name = 'Broken' BEGIN SELECT RAISE(ABORT, 'refused'); END"
    } else {
        "ALTER TABLE customer ADD CONSTRAINT refuse CHECK (full_name <> 'Broken')"
    };
    execute(url, sql);
    let password = drive.mark("password of the broken one");
    let body = format!(r#"{{"full_name": "Broken", "email": "broken@shop.io", "password": "{password}"}}"#);
    let answer = drive.send("POST /api/customers", "", &body);
    assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
    execute(
        url,
        if url.starts_with("sqlite") {
            "DROP TRIGGER refuse"
        } else {
            "ALTER TABLE customer DROP CONSTRAINT refuse"
        },
    );
}

/// Imports and exports, and what they say of it.
fn transfer(drive: &mut Drive, settings: &[(&str, &str)]) {
    let folder = drive.folder.path().to_owned();
    let (good, weak) = (drive.mark("imported password"), drive.mark("password of a refused line"));
    let hash = "$2b$10$markedmarkedmarkedmareXbM1Xw5W2dPzZlq0pUQvT9J8bq3K0mO";
    drive.keep("an imported hash", hash, true);
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
        drive.assert_unknown_to(&format!("what {arguments:?} says"), &text, false);
    }
    for file in ["customers.csv.refused.csv", "out.ndjson"] {
        let text = std::fs::read(folder.join(file)).expect("it is written");
        assert!(text.len() > 20, "{file} is empty");
        drive.assert_unknown_to(file, &text, false);
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
