//! `patron import --update`, on both databases.

use serde_json::{Value, json};

use super::transfer::{BCRYPT, Installation, can_log_in, define_fields};
use crate::support::{Server, execute, field, rows};

const PASSWORD: &str = "correct horse battery";
const ADA: &str = "0b0c9b26-5d0c-4f0e-9c1b-6f1f4a3f5c01";
const HOME: &str = "5f9a0a52-2a54-4c5e-8f0a-0d6c2a7b1e11";

/// Two customers, of which the first has two addresses.
fn customers() -> String {
    let address = json!({"full_name": "Ada", "address_1": "Weg 1", "postcode": "10115", "city": "Berlin", "country": "DE"});
    let (mut home, mut work) = (address.clone(), address);
    (home["uuid"], home["is_default"]) = (HOME.into(), true.into());
    (work["address_1"], work["city"]) = ("Allee 2".into(), "Bonn".into());
    let ada = json!({
        "uuid": ADA, "email": "ada@x.io", "full_name": "Ada", "password_hash": BCRYPT, "addresses": [home, work],
        "email_verified_at": "2024-01-01T00:00:00Z", "meta_data": {"erp": {"id": 7}, "custom": {"points": 3}},
    });
    let bob = json!({"email": "bob@x.io", "full_name": "Bob", "password_hash": BCRYPT});
    format!("{ada}\n{bob}\n")
}

fn new(label: &str) -> [Installation; 2] {
    let installations = Installation::on_both_databases(label);
    for installation in &installations {
        define_fields(&installation.serve());
        installation.write("c.ndjson", customers());
        let (code, text, error) = installation.run(&["import", "c.ndjson"]);
        assert_eq!((code, text.as_str()), (0, "2 imported, 0 skipped, 0 refused"), "{error}");
    }
    installations
}

/// Runs an update with this content; returns the exit code and the output.
fn update(installation: &Installation, file: &str, content: &str, options: &[&str]) -> (i32, String) {
    installation.write(file, content);
    let (code, text, error) = installation.run(&[&["import", file, "--update"], options].concat());
    assert!(code == 0 || code == 65, "{text} {error}");
    (code, text)
}

/// The exported customer with this e-mail address.
fn stored(installation: &Installation, email: &str) -> Value {
    let exported = installation.export();
    let mut customers = exported.lines().map(|line| serde_json::from_str(line).expect("the line is JSON"));
    customers.find(|customer: &Value| customer["email"] == email).expect("the customer exists")
}

/// The journal entries in their order, and the versions of customers and addresses.
fn history(installation: &Installation) -> Vec<String> {
    let url = installation.url();
    let mut history = rows(url, "SELECT kind FROM journal_entry ORDER BY journal_entry_id");
    for table in ["customer", "customer_address"] {
        let versions = format!("SELECT CAST(version AS varchar(10)) FROM {table} ORDER BY {table}_id");
        history.extend(rows(url, &versions));
    }
    history
}

#[test]
fn only_the_given_fields_change_and_a_second_run_changes_nothing() {
    for installation in new("update_fields") {
        let before = history(&installation);
        let file = "Email,Full name,addresses.2.city,metafields.custom.points\n\
            ada@x.io,Ada L,Ulm,4\n\
            BOB@x.io,,,\n\
            new@x.io,New,,\n";
        let dry = "line 2: full_name, meta_data, addresses.2.city\n\
            line 3: email\n\
            0 would be imported, 2 would be updated, 0 skipped, 1 refused";
        assert_eq!(update(&installation, "u.csv", file, &["--dry-run"]), (65, dry.to_owned()));
        assert_eq!(history(&installation), before);

        let summary = "0 imported, 2 updated, 0 skipped, 1 refused".to_owned();
        assert_eq!(update(&installation, "u.csv", file, &[]), (65, summary));
        let refused = "line,field,reason\n4,password,Password is required and cannot be empty\n";
        assert_eq!(installation.read("u.csv.refused.csv"), refused);
        let ada = stored(&installation, "ada@x.io");
        assert_eq!((&ada["full_name"], &ada["status"]), (&json!("Ada L"), &json!(1)));
        assert_eq!(ada["meta_data"], json!({"erp": {"id": 7}, "custom": {"points": 4}}));
        assert_eq!(
            (&ada["addresses"][0]["city"], &ada["addresses"][1]["city"]),
            (&json!("Berlin"), &json!("Ulm"))
        );
        assert_eq!(ada["email_verified_at"], "2024-01-01T00:00:00.000Z");
        let after = history(&installation);
        let entries = after.len() - before.len();
        assert_eq!(entries, 3, "{after:?}");
        let updated = after.iter().filter(|line| line.ends_with(".updated")).collect::<Vec<_>>();
        assert_eq!(updated, ["customer.updated", "address.updated", "customer.updated"]);
        assert_eq!(after[after.len() - 4..], ["2", "2", "1", "2"]);

        let summary = "0 imported, 0 updated, 2 skipped, 1 refused".to_owned();
        assert_eq!(update(&installation, "u.csv", file, &[]), (65, summary));
        assert_eq!(history(&installation), after);
    }
}

#[test]
fn an_export_without_hashes_updates_and_refuses_nothing() {
    for installation in new("update_export") {
        let (exported, before) = (installation.export(), history(&installation));
        for format in ["ndjson", "csv"] {
            let file = format!("x.{format}");
            assert_eq!(installation.run(&["export", "-o", &file]).0, 0);
            for (options, summary) in [
                (&["--update"][..], "0 imported, 0 updated, 2 skipped, 0 refused"),
                (&[], "0 imported, 2 skipped, 0 refused"),
            ] {
                let (code, text, error) = installation.run(&[&["import", &file], options].concat());
                assert_eq!((code, text.as_str()), (0, summary), "{format}: {error}");
            }
            assert_eq!((installation.export(), history(&installation)), (exported.clone(), before.clone()));
        }
    }
}

/// Earlier versions and other programs have stored addresses without a postcode, names of provinces, and microseconds.
#[test]
fn an_export_of_values_that_are_older_than_the_rules_changes_nothing() {
    for installation in new("update_older_values") {
        let url = installation.url();
        execute(url, "UPDATE customer_address SET postcode = NULL, province = 'berlin'");
        execute(url, "UPDATE customer SET created_at = '2024-01-02T03:04:05.678912+00:00'");
        let before = history(&installation);
        for format in ["ndjson", "csv"] {
            let file = format!("x.{format}");
            assert_eq!(installation.run(&["export", "-o", &file]).0, 0);
            let (code, text, error) = installation.run(&["import", &file, "--update"]);
            let summary = "0 imported, 0 updated, 2 skipped, 0 refused";
            assert_eq!((code, text.as_str()), (0, summary), "{format}: {error}");
        }
        assert_eq!(history(&installation), before);
        // A change is judged with the rest of its address, as over REST.
        let line = json!({"email": "ada@x.io", "addresses": [{"uuid": HOME, "city": "Potsdam"}]});
        let summary = "0 imported, 0 updated, 0 skipped, 1 refused".to_owned();
        assert_eq!(update(&installation, "u.ndjson", &line.to_string(), &[]), (65, summary));
        let refused = "line,field,reason\n1,addresses.1.postcode,Postcode is required\n";
        assert_eq!(installation.read("u.ndjson.refused.csv"), refused);
    }
}

/// The access token of a customer.
fn log_in(server: &Server, email: &str, password: &str) -> String {
    let body = json!({"email": email, "password": password}).to_string();
    let response = server.send("POST /api/customer/tokens", "", &body);
    field(&response, "accessToken").expect("the customer logs in")
}

fn is_accepted(server: &Server, token: &str) -> bool {
    let header = format!("Authorization: Bearer {token}\r\n");
    let query = r#"{"query": "{ currentCustomer { uuid } }"}"#;
    server.send("POST /api/graphql", &header, query).contains("\"uuid\":\"")
}

#[test]
fn an_update_has_the_consequences_of_a_change_over_rest() {
    for installation in new("update_consequences") {
        let server = installation.serve();
        let (ada, bob) = (log_in(&server, "ada@x.io", "a"), log_in(&server, "bob@x.io", "a"));
        assert!(is_accepted(&server, &ada) && is_accepted(&server, &bob));
        let file = format!("email,password,status\nada@x.io,{PASSWORD},\nbob@x.io,,0\n");
        let summary = "0 imported, 2 updated, 0 skipped, 0 refused".to_owned();
        assert_eq!(update(&installation, "u.csv", &file, &[]), (0, summary));
        assert!(!is_accepted(&server, &ada) && !is_accepted(&server, &bob));
        assert!(can_log_in(&server, "ada@x.io", PASSWORD) && !can_log_in(&server, "bob@x.io", "a"));
        // A plain password that the customer has already ends no session.
        let ada = log_in(&server, "ada@x.io", PASSWORD);
        let summary = "0 imported, 0 updated, 2 skipped, 0 refused".to_owned();
        assert_eq!(update(&installation, "u.csv", &file, &[]), (0, summary));
        assert!(is_accepted(&server, &ada) && !can_log_in(&server, "ada@x.io", "a"));
        let kinds = rows(installation.url(), "SELECT kind FROM journal_entry");
        assert_eq!(kinds.iter().filter(|kind| *kind == "password.changed").count(), 1, "{kinds:?}");

        // Another address, found by uuid, is not verified. The file has the time of the export.
        let file = format!(
            "uuid,email,email_verified_at\n{ADA},lovelace@x.io,2024-01-01T00:00:00.000Z\n{ADA},bob@x.io,\n"
        );
        let summary = "0 imported, 1 updated, 0 skipped, 1 refused".to_owned();
        assert_eq!(update(&installation, "e.csv", &file, &[]), (65, summary));
        assert_eq!(stored(&installation, "lovelace@x.io")["email_verified_at"], Value::Null);
        let mails = installation.run(&["mail", "list"]).1;
        assert!(mails.contains("email_changed") && mails.contains("verify_email"), "{mails}");
    }
}

#[test]
fn lines_that_contradict_stored_customers_are_refused() {
    for installation in new("update_refused") {
        let other = "0b0c9b26-5d0c-4f0e-9c1b-6f1f4a3f5c99";
        let address = json!({"uuid": HOME, "address_1": "Weg 9", "postcode": "10115", "country": "DE"});
        let lines = [
            json!({"uuid": ADA, "email": "bob@x.io"}),
            json!({"uuid": other, "email": "ada@x.io"}),
            json!({"full_name": "No key"}),
            json!({"email": "ada@x.io", "status": 5, "full_name": ""}),
            json!({"email": "bob@x.io", "addresses": [address]}),
            json!({"email": "ada@x.io", "addresses": [{"uuid": HOME, "address_1": ""}]}),
            json!({"email": "ada@x.io", "addresses": [{"uuid": HOME}, {"city": "Ulm"}]}),
            json!({"email": "ada@x.io", "addresses": [{}, {"is_default": true}]}),
            json!({"uuid": other, "email": "new@x.io", "full_name": "New", "password_hash": BCRYPT}),
            json!({"uuid": ADA, "full_name": "Ada L"}),
            json!({"email": "ada@x.io", "full_name": "Ada M"}),
            json!({"email": "NEW@x.io", "full_name": "Newer", "password_hash": BCRYPT}),
        ];
        let before = history(&installation);
        let content = lines.map(|line| line.to_string()).join("\n");
        let refused = "line,field,reason\n\
            1,email,Email is already used\n\
            2,uuid,\"The customer with this email has another uuid, which can't be changed\"\n\
            3,email,\"Email or uuid is required, to find the customer\"\n\
            4,status,\"Status must be either 0, 1, '0', or '1'\"\n\
            4,full_name,Full name is required and cannot be empty\n\
            5,addresses.1.uuid,Uuid is already used\n\
            6,addresses.1.address_1,Address is required\n\
            7,addresses,\"Give every address of the line a uuid, or none\"\n\
            8,addresses.2.is_default,\"Give the uuid of the address, or all of its fields, to make it the default\"\n\
            11,email,An earlier line of the file is about the same customer\n\
            12,email,An earlier line of the file is about the same customer\n";
        let dry =
            "line 10: full_name\n1 would be imported, 1 would be updated, 0 skipped, 10 refused".to_owned();
        for (options, expected) in
            [(&["--dry-run"][..], dry), (&[], "1 imported, 1 updated, 0 skipped, 10 refused".to_owned())]
        {
            assert_eq!(update(&installation, "u.ndjson", &content, options), (65, expected));
            assert_eq!(installation.read("u.ndjson.refused.csv"), refused);
        }
        assert_eq!(stored(&installation, "ada@x.io")["full_name"], "Ada L");
        assert_eq!(history(&installation).len(), before.len() + 3);
    }
}

#[test]
fn addresses_are_found_by_uuid_content_or_position() {
    for installation in new("update_addresses") {
        let city = |number: usize| stored(&installation, "ada@x.io")["addresses"][number]["city"].clone();
        let ada = |addresses: Value| json!({"email": "ada@x.io", "addresses": addresses}).to_string();
        let address = |street: &str, city: &str| json!({"address_1": street, "postcode": "10115", "city": city, "country": "DE"});
        // By content: the address at position 1 is the second stored one, so the other one is new.
        let content = ada(json!([address("Allee 2", "Bonn"), address("Platz 3", "Köln")]));
        let summary = "0 imported, 1 updated, 0 skipped, 0 refused".to_owned();
        assert_eq!(update(&installation, "u.ndjson", &content, &[]), (0, summary.clone()));
        assert_eq!([city(0), city(1), city(2)], ["Berlin", "Bonn", "Köln"]);
        let customer = stored(&installation, "ada@x.io");
        assert_eq!(customer["addresses"][2]["full_name"], "Ada");
        let before = history(&installation);
        let unchanged = "0 imported, 0 updated, 1 skipped, 0 refused".to_owned();
        assert_eq!(update(&installation, "u.ndjson", &content, &[]), (0, unchanged.clone()));
        assert_eq!(history(&installation), before);
        // By content, a new default. The previous one is no longer the default.
        let mut default = address("Platz 3", "Köln");
        default["is_default"] = true.into();
        let content = ada(json!([default]));
        assert_eq!(update(&installation, "u.ndjson", &content, &[]), (0, summary.clone()));
        assert_eq!([city(0), city(1), city(2)], ["Köln", "Berlin", "Bonn"]);
        assert_eq!(update(&installation, "u.ndjson", &content, &[]), (0, unchanged));
        // By uuid, and by position.
        let content = ada(json!([{"uuid": HOME, "city": "Potsdam"}]));
        assert_eq!(update(&installation, "u.ndjson", &content, &[]), (0, summary.clone()));
        assert_eq!(
            update(&installation, "u.csv", "email,addresses.3.city\nada@x.io,Trier\n", &[]),
            (0, summary)
        );
        assert_eq!([city(0), city(1), city(2)], ["Köln", "Potsdam", "Trier"]);
    }
}
