//! `patron import` and `patron export`, on both databases.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use crate::support::{Folder, Postgres, Server, code_and_error, patron, run};

/// A hash of the password "a" (a test vector of jBCrypt).
pub(super) const BCRYPT: &str = "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe";
const PASSWORD: &str = "correct horse battery";

/// A migrated database and a folder for files.
pub(super) struct Installation {
    folder: Folder,
    settings: Vec<(&'static str, String)>,
    _postgres: Option<Postgres>,
}

impl Installation {
    /// On SQLite, or on PostgreSQL if there is a label for the database.
    pub(super) fn new(postgres: Option<&str>) -> Self {
        let folder = Folder::new();
        let postgres = postgres.map(Postgres::create);
        let url = postgres.as_ref().map(|postgres| postgres.url.clone());
        let url = url.unwrap_or_else(|| folder.sqlite_url());
        let mut settings = vec![("DATABASE_URL", url)];
        settings.push(("PATRON_ADMIN_EMAIL", "admin@x.io".to_owned()));
        settings.push(("PATRON_ADMIN_PASSWORD", "staple battery horse".to_owned()));
        let installation = Self { folder, settings, _postgres: postgres };
        assert_eq!(installation.run(&["migrate", "up"]).0, 0);
        installation
    }

    /// One on SQLite and one on PostgreSQL; `label` distinguishes its database from those of other tests.
    pub(super) fn on_both_databases(label: &str) -> [Self; 2] {
        [Self::new(None), Self::new(Some(label))]
    }

    fn settings(&self) -> Vec<(&str, &str)> {
        self.settings.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    /// Runs a command; returns the exit code, standard output without the duration, and standard error.
    pub(super) fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = run(self.folder.path(), arguments, &self.settings());
        let (code, error) = code_and_error(&output);
        let text = String::from_utf8(output.stdout).expect("the output is text");
        let text = text.split_once(", in ").map_or(text.clone(), |(text, _)| text.to_owned());
        (code, text, error)
    }

    pub(super) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.folder.path().join(name), content).expect("the file is written");
    }

    pub(super) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).expect("the file exists")
    }

    pub(super) fn has_file(&self, name: &str) -> bool {
        Path::new(&self.folder.path().join(name)).exists()
    }

    pub(super) fn export(&self) -> String {
        let (code, text, error) = self.run(&["export", "--with-password-hashes"]);
        assert_eq!(code, 0, "{error}");
        text
    }

    /// The URL of the database.
    pub(super) fn url(&self) -> &str {
        &self.settings[0].1
    }

    /// The path of the folder.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn serve(&self) -> Server {
        Server::start(self.folder.path(), &["serve"], &self.settings(), "metrics")
    }
}

/// Whether the customer can log in.
pub(super) fn can_log_in(server: &Server, email: &str, password: &str) -> bool {
    let body = format!(r#"{{"email": "{email}", "password": "{password}"}}"#);
    server.send("POST /api/customer/tokens", "", &body).contains("\"accessToken\"")
}

/// Creates custom fields of several types through the API.
pub(super) fn define_fields(server: &Server) {
    define(
        server,
        &[
            r#""fieldKey": "points", "name": "Points", "fieldType": "integer""#,
            r#""fieldKey": "motto", "name": "Motto", "fieldType": "short_text""#,
            r#""fieldKey": "tags", "name": "Tags", "fieldType": "short_text", "isList": true"#,
        ],
    );
}

/// Creates custom fields through the API.
pub(super) fn define(server: &Server, fields: &[&str]) {
    let login = r#"{"email": "admin@x.io", "password": "staple battery horse"}"#;
    let response = server.send("POST /api/user/tokens", "", login);
    let (_, token) = response.split_once("\"accessToken\":\"").expect("the admin logs in");
    let header = format!("Authorization: Bearer {}\r\n", token.split('"').next().unwrap_or_default());
    for field in fields {
        let body = format!(r#"{{"ownerType": "customer", {field}}}"#);
        let response = server.send("POST /api/metafield-definitions", &header, &body);
        assert!(response.starts_with("HTTP/1.1 201"), "{response}");
    }
}

#[test]
fn hashes_that_cost_too_much_are_refused_with_the_setting_that_limits_them() {
    for installation in Installation::on_both_databases("import_costs") {
        let salt_and_hash = "$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let hashes = [
            BCRYPT.to_owned(),
            BCRYPT.replace("$06$", "$14$"),
            format!("$argon2id$v=19$m=131072,t=4,p=1{salt_and_hash}"),
            format!("$argon2id$v=19$m=1048576,t=1,p=1{salt_and_hash}"),
            format!("$argon2id$v=19$m=131072,t=16,p=1{salt_and_hash}"),
        ];
        let line = |(number, hash)| {
            format!(r#"{{"email": "a{number}@x.io", "full_name": "A", "password_hash": "{hash}"}}"#)
        };
        installation.write("c.ndjson", hashes.iter().enumerate().map(line).collect::<Vec<_>>().join("\n"));
        let (code, text, error) = installation.run(&["import", "c.ndjson"]);
        assert_eq!((code, text.as_str()), (65, "2 imported, 0 skipped, 3 refused"), "{error}");
        let problem = "password_hash,\"Password hash costs too much to verify:";
        assert_eq!(
            installation.read("c.ndjson.refused.csv"),
            format!(
                "line,field,reason\n\
                2,{problem} bcrypt with cost 14, at most 13 (PATRON_BCRYPT_MAX_COST)\"\n\
                4,{problem} argon2 with m=1048576, at most 150528 (PATRON_HASH_TOTAL_MEMORY)\"\n\
                5,{problem} argon2 with m*t=2097152, at most 602112 (PATRON_HASH_TOTAL_MEMORY)\"\n"
            )
        );
        // The operator can allow them.
        let settings = ["--bcrypt-max-cost", "15", "--hash-total-memory", "2097152", "import", "c.ndjson"];
        let (code, text, error) = installation.run(&settings);
        assert_eq!((code, text.as_str()), (0, "3 imported, 2 skipped, 0 refused"), "{error}");
    }
}

/// Customers to import. The second line is empty, the first and the last are valid, and each other line is refused.
fn lines_to_import() -> [String; 15] {
    let address = r#""full_name": "A", "address_1": "Street 1", "postcode": "1", "province": "Ulm""#;
    [
        format!(r#"{{"email": "Ok@x.io", "full_name": "Ok", "password": "{PASSWORD}"}}"#),
        String::new(),
        r#"{"email": "x", "full_name": " ", "password": "short", "status": 7, "group_id": 9}"#.to_owned(),
        format!(r#"{{"email": "ok@X.io", "full_name": "Other", "password": "{PASSWORD}"}}"#),
        r#"{"email": "b@x.io", "full_name": "B"}"#.to_owned(),
        r#"{"email": "c@x.io", "full_name": "C", "password_hash": "md5:0"}"#.to_owned(),
        format!(
            r#"{{"email": "d@x.io", "full_name": "D", "password": "{PASSWORD}", "password_hash": "{BCRYPT}"}}"#
        ),
        format!(r#"{{"email": "e@x.io", "full_name": "E", "password_hash": "{BCRYPT}", "fullname": 1}}"#),
        format!(
            r#"{{"email": "f@x.io", "full_name": "F", "password_hash": "{BCRYPT}", "addresses": [{{{address}, "country": "XX"}}]}}"#
        ),
        format!(
            r#"{{"email": "g@x.io", "full_name": "G", "password_hash": "{BCRYPT}", "group_name": "VIP"}}"#
        ),
        format!(
            r#"{{"email": "h@x.io", "full_name": "H", "password_hash": "{BCRYPT}", "created_at": "2999-01-01T00:00:00Z"}}"#
        ),
        format!(
            r#"{{"email": "i@x.io", "full_name": "I", "password_hash": "{BCRYPT}", "metafields": {{"custom": {{"size": 1}}}}}}"#
        ),
        "{".to_owned(),
        format!(
            r#"{{"email": "j@x.io", "full_name": "J", "password_hash": "{BCRYPT}", "addresses": [{{{address}, "country": "DE", "is_default": true}}, {{{address}, "country": "DE", "is_default": true}}]}}"#
        ),
        format!(
            r#"{{"email": "k@x.io", "full_name": "K", "status": 0, "password_hash": "{BCRYPT}", "addresses": [{{{address}, "country": "de"}}], "meta_data": {{"erp": 1.0}}}}"#
        ),
    ]
}

/// The file of refused lines for `lines_to_import`.
const REFUSED: &str = "line,field,reason\n\
    3,status,\"Status must be either 0, 1, '0', or '1'\"\n\
    3,full_name,Full name is required and cannot be empty\n\
    3,email,\"Email must be a valid email address (e.g., user@example.com)\"\n\
    3,password,Password must be at least 8 characters\n\
    4,email,Email is already used\n\
    5,password,Password is required and cannot be empty\n\
    6,password_hash,Password hash must be argon2id ($argon2id$v=19$m=…) or bcrypt ($2b$…)\n\
    7,password_hash,\"Give a password or its hash, not both\"\n\
    8,fullname,There is no such field\n\
    9,addresses.1.country,\"Country must be an ISO 3166-1 alpha-2 code (e.g., US)\"\n\
    10,group_name,Group does not exist\n\
    11,created_at,created_at must be between 1970 and now\n\
    12,custom.size,\"There is no custom field \"\"custom.size\"\"\"\n\
    13,,not JSON: unexpected end of the line\n\
    14,addresses,Only one address can be the default\n";

#[test]
fn an_import_validates_like_the_api_and_a_second_run_changes_nothing() {
    for installation in Installation::on_both_databases("import_rules") {
        let lines = lines_to_import();
        installation.write("c.ndjson", lines.join("\n"));
        for (arguments, summary) in [
            (&["import", "c.ndjson", "--dry-run"][..], "2 would be imported, 0 skipped, 12 refused"),
            (&["import", "c.ndjson"], "2 imported, 0 skipped, 12 refused"),
            (&["import", "c.ndjson"], "0 imported, 2 skipped, 12 refused"),
        ] {
            let (code, text, error) = installation.run(arguments);
            assert_eq!((code, text.as_str()), (65, summary), "{error}");
            assert!(error.contains("12 lines were refused: see c.ndjson.refused.csv"), "{error}");
            assert_eq!(installation.read("c.ndjson.refused.csv"), REFUSED);
        }
        let exported = installation.export();
        let stored: Vec<serde_json::Value> =
            exported.lines().map(|line| serde_json::from_str(line).expect("the line is JSON")).collect();
        assert_eq!(stored.len(), 2);
        assert_eq!((&stored[0]["email"], &stored[0]["status"]), (&"Ok@x.io".into(), &1.into()));
        assert_eq!(
            (&stored[1]["status"], &stored[1]["meta_data"]),
            (&0.into(), &serde_json::json!({"erp": 1}))
        );
        assert_eq!(stored[1]["addresses"][0]["country"], "DE");
        installation.run(&["import", "c.ndjson"]);
        assert_eq!(installation.export(), exported);

        // Corrected lines are imported, and the file of refused lines is removed.
        installation.write("c.ndjson", [&lines[0], &lines[9]].map(String::as_str).join("\n"));
        let (code, text, error) = installation.run(&["import", "c.ndjson", "--create-groups"]);
        assert_eq!((code, text.as_str()), (0, "1 imported, 1 skipped, 0 refused"), "{error}");
        assert!(!installation.has_file("c.ndjson.refused.csv"));
        assert!(installation.export().contains(r#""group_name":"VIP""#));
    }
}

#[test]
fn exported_customers_can_be_imported_elsewhere_and_log_in() {
    let [sqlite, postgres] = Installation::on_both_databases("export");
    let server = sqlite.serve();
    define_fields(&server);
    let csv = format!(
        "full_name,email,password,password_hash,group_name,metafields.custom.points,metafields.custom.motto,\
         metafields.custom.tags,meta_data,addresses.1.full_name,addresses.1.address_1,addresses.1.postcode,\
         addresses.1.province,addresses.1.country,addresses.2.full_name,addresses.2.address_1,addresses.2.postcode,\
         addresses.2.province,addresses.2.country,addresses.2.is_default,created_at,email_verified_at,status\n\
         \"Zoë, \"\"Z\"\"\",zoe@x.io,{PASSWORD},,Räder,12,12,\"[\"\"a\"\",\"\"b\"\"]\",\"{{\"\"erp\"\":{{\"\"id\"\":1}}}}\",Zoë,Weg 1,1,Ulm,DE,\
         Zoë,Weg 2,1,US-TX,US,true,2020-02-03T04:05:06.789Z,2021-02-03T04:05:06Z,0\n\
         Bea,bea@x.io,,{BCRYPT},räder,,,,,,,,,,,,,,,,,,\n\
         Cem,cem@x.io,{PASSWORD},,,,,,,,,,,,,,,,,,,,1\n\
         Dee,dee@x.io,{PASSWORD},,,twelve,,,,,,,,,,,,,,,,,\n",
    );
    sqlite.write("c.csv", &csv);
    // The server is running.
    let (code, text, _) = sqlite.run(&["import", "c.csv", "--create-groups"]);
    assert_eq!((code, text.as_str()), (65, "3 imported, 0 skipped, 1 refused"));
    let reason = "5,custom.points,\"\"\"custom.points\"\": must be of the type integer\"\n";
    assert_eq!(sqlite.read("c.csv.refused.csv"), format!("line,field,reason\n{reason}"));
    assert!(can_log_in(&server, "cem@x.io", PASSWORD) && !can_log_in(&server, "zoe@x.io", PASSWORD));
    assert_eq!(server.terminate().0, Some(0));

    let exported = sqlite.export();
    assert!(exported.contains(r#""custom":{"motto":"12","points":12,"tags":["a","b"]}"#), "{exported}");
    assert!(exported.contains(r#""created_at":"2020-02-03T04:05:06.789Z""#), "{exported}");
    let files: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("x.ndjson", &["export", "--with-password-hashes", "-o", "x.ndjson"][..]),
        ("x.csv", &["export", "--with-password-hashes", "-o", "x.csv"]),
        (
            "x.txt",
            &["export", "--with-password-hashes", "-o", "x.txt", "--format", "csv", "--delimiter", ";"],
        ),
    ]);
    for arguments in files.values() {
        assert_eq!(sqlite.run(arguments).0, 0);
        // An existing file is not overwritten.
        let (code, _, error) = sqlite.run(arguments);
        assert!(code == 1 && error.contains("File exists"), "{error}");
    }
    let server = postgres.serve();
    define_fields(&server);
    for (file, expected) in
        [("x.ndjson", "3 imported, 0"), ("x.csv", "0 imported, 3"), ("x.txt", "0 imported, 3")]
    {
        postgres.write(file, sqlite.read(file));
        let options = if file == "x.txt" { &["--format", "csv", "--delimiter", ";"][..] } else { &[] };
        let (code, text, error) = postgres.run(&[&["import", file, "--create-groups"], options].concat());
        assert_eq!((code, text), (0, format!("{expected} skipped, 0 refused")), "{file}: {error}");
        assert_eq!(postgres.export(), exported, "{file}");
    }
    assert!(can_log_in(&server, "cem@x.io", PASSWORD) && can_log_in(&server, "bea@x.io", "a"));
    assert!(!can_log_in(&server, "bea@x.io", "b"));
    // Password hashes are exported only on request.
    assert!(!postgres.run(&["export"]).1.contains("password_hash"));
    assert!(!postgres.run(&["export", "--format", "csv"]).1.contains("$2a$"));
}

/// After a second run, every customer exists once.
#[test]
fn a_killed_import_can_be_resumed() {
    for installation in Installation::on_both_databases("import_killed") {
        let line = |number: u32| {
            format!(
                "{{\"email\": \"c{number}@x.io\", \"full_name\": \"C {number}\", \"password_hash\": \"{BCRYPT}\"}}\n"
            )
        };
        let lines: Vec<String> = (1..=2200).map(line).collect();
        installation.write("all.ndjson", lines.concat());
        let mut command = patron(
            installation.folder.path(),
            &["import", "-", "--format", "ndjson"],
            &installation.settings(),
        );
        let mut child = command.stdin(std::process::Stdio::piped()).spawn().expect("the program runs");
        let mut input = child.stdin.take().expect("stdin is piped");
        input.write_all(lines[..1700].concat().as_bytes()).expect("the program reads");
        input.flush().expect("the program reads");
        // The pipe stays open, so the import is still running when its first batches are committed.
        let mut imported = 0;
        for _ in 0..600 {
            imported = installation.export().lines().count();
            if imported > 0 {
                break;
            }
        }
        child.kill().expect("the import is killed");
        child.wait().expect("the import ends");
        assert!(imported > 0 && imported % 500 == 0, "{imported} customers");
        let (code, text, error) = installation.run(&["import", "all.ndjson"]);
        let exported = installation.export();
        let emails: std::collections::BTreeSet<&str> = exported
            .lines()
            .filter_map(|line| line.split("\"email\":\"").nth(1)?.split('"').next())
            .collect();
        assert_eq!((code, exported.lines().count(), emails.len()), (0, 2200, 2200), "{text} {error}");
        assert!(text.contains(" skipped, 0 refused") && !text.contains(", 0 skipped"), "{text}");
    }
}

#[test]
fn unusable_files_are_reported() {
    let installation = Installation::new(None);
    installation.write("typo.csv", "email,fullname\n");
    installation.write("empty.csv", "");
    installation.write("x.dat", "");
    installation.write("quote.csv", format!("email\n\"{}", "x\n".repeat(3_000_000)));
    for (arguments, expected) in [
        (&["import", "missing.csv"][..], "missing.csv: No such file or directory"),
        (&["import", ".", "--format", "csv"], ".: Is a directory"),
        (&["import", "x.dat"], "the file has no known extension: use --format csv or ndjson"),
        (&["import", "typo.csv"], "typo.csv: line 1: there is no field \"fullname\""),
        (&["import", "empty.csv"], "empty.csv: line 1: the file is empty"),
        (
            &["import", "quote.csv"],
            "line 2: a customer of more than 4 MiB, or a quotation mark that is not closed",
        ),
        (&["import", "typo.csv", "--delimiter", "::"], "one character"),
        (&["export", "-o", "missing/x.csv"], "missing/x.csv: No such file or directory"),
    ] {
        let (code, _, error) = installation.run(arguments);
        assert!(code > 0 && error.contains(expected), "{arguments:?}: {code} {error}");
    }
    // The connection to the database is checked before the file.
    let unavailable = [("DATABASE_URL", "postgres://x@127.0.0.1:1/x"), ("PATRON_DATABASE_WAIT", "1")];
    for arguments in [&["import", "typo.csv"][..], &["export"]] {
        assert_eq!(code_and_error(&run(installation.folder.path(), arguments, &unavailable)).0, 69);
    }
}
