//! `patron import` of the files of other programs, with `--map` and `--preset`, on both databases.

use serde_json::{Value, json};

use super::transfer::{BCRYPT, Installation, can_log_in, define_fields};

/// A file of `examples/import/`.
fn example(name: &str) -> String {
    let path = format!("{}/examples/import/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).expect("the example exists")
}

/// The stored customer with this e-mail address, as it is exported.
fn stored(installation: &Installation, email: &str) -> Value {
    let exported = installation.export();
    let mut customers = exported.lines().map(|line| serde_json::from_str(line).expect("the line is JSON"));
    customers.find(|customer: &Value| customer["email"] == email).expect("the customer exists")
}

#[test]
fn columns_of_another_program_are_mapped() {
    for installation in Installation::on_both_databases("import_map") {
        define_fields(&installation.serve());
        installation.write(
            "c.csv",
            format!(
                "E-Mail,Given name,Family name,Secret,Points,Notes\na@x.io,Ada,Lovelace,{BCRYPT},12,private\n"
            ),
        );
        let map = ["E-Mail=email", "given NAME=full_name", "Family name = full_name", "Secret=password_hash"];
        let map = map.iter().chain(&["Points=metafields.custom.points", "Notes="]);
        let options: Vec<&str> = map.flat_map(|column| ["--map", *column]).collect();
        let (code, text, error) = installation.run(&[&["import", "c.csv"], &options[..]].concat());
        assert_eq!((code, text.as_str()), (0, "1 imported, 0 skipped, 0 refused"), "{error}");
        let customer = stored(&installation, "a@x.io");
        assert_eq!(customer["full_name"], "Ada Lovelace");
        assert_eq!(customer["meta_data"], json!({"custom": {"points": 12}}));
    }
}

#[test]
fn an_invalid_map_is_reported() {
    let installation = Installation::new(None);
    installation.write("c.csv", "email,full_name\n");
    installation.write("c.ndjson", "");
    for (file, map, expected) in [
        (
            "c.csv",
            &["--map", "Notes=note", "--map", "email"][..],
            "there is no field \"note\"; the fields are uuid,",
        ),
        ("c.csv", &["--map", "Notes=note", "--map", "email"], "\"email\" is not of the form COLUMN=FIELD"),
        ("c.csv", &["--map", "Mail=email"], "there is no column \"Mail\", which --map names"),
        ("c.ndjson", &["--map", "Mail=email"], "--map and --preset are for the columns of CSV"),
        ("c.ndjson", &["--preset", "shopify"], "--map and --preset are for the columns of CSV"),
    ] {
        let (code, _, error) = installation.run(&[&["import", file], map].concat());
        assert!(code == 1 && error.contains(expected), "{map:?}: {code} {error}");
    }
    let (code, _, error) = installation.run(&["import", "c.csv", "--preset", "magento"]);
    assert!(code == 2 && error.contains("shopify, evershop"), "{code} {error}");
}

#[test]
fn customers_of_shopify_are_imported() {
    for installation in Installation::on_both_databases("import_shopify") {
        installation.write("c.csv", example("shopify-customers.csv"));
        let (code, _, error) = installation.run(&["import", "c.csv"]);
        assert_eq!(code, 1, "{error}");
        for column in ["Customer ID", "First Name", "Default Address Zip", "Tags", "--preset shopify"] {
            assert!(error.contains(column), "{column}: {error}");
        }
        let preset = ["import", "c.csv", "--preset", "shopify"];
        let (code, text, error) = installation.run(&preset);
        assert_eq!((code, text.as_str()), (65, "0 imported, 0 skipped, 5 refused"), "{error}");
        assert!(error.contains("--invite accepts 5 of them without a password"), "{error}");
        let preset = [&preset[..], &["--invite"]].concat();
        for summary in ["3 imported, 0 skipped, 2 refused", "0 imported, 3 skipped, 2 refused"] {
            let (code, text, error) = installation.run(&preset);
            assert_eq!((code, text.as_str()), (65, summary), "{error}");
            let refused = "line,field,reason\n\
                5,full_name,Full name is required and cannot be empty\n\
                5,email,Email is required\n\
                6,addresses.1.postcode,Postcode is required\n";
            assert_eq!(installation.read("c.csv.refused.csv"), refused);
        }
        let ada = stored(&installation, "ada@example.com");
        let address = &ada["addresses"][0];
        assert_eq!(
            (&ada["full_name"], &address["full_name"]),
            (&json!("Ada Lovelace"), &json!("Ada Lovelace"))
        );
        assert_eq!((&address["postcode"], &address["country"]), (&json!("SW1Y 4LB"), &json!("GB")));
        assert_eq!((&address["telephone"], &address["is_default"]), (&json!("+442079460000"), &json!(true)));
        let grace = stored(&installation, "grace@example.com");
        assert_eq!(grace["addresses"][0]["province"], "US-VA");
        // A country alone is not an address.
        let linus = stored(&installation, "linus@example.com");
        assert_eq!((&linus["full_name"], &linus["addresses"]), (&json!("Linus"), &json!([])));
    }
}

#[test]
fn customers_of_evershop_are_imported_and_log_in() {
    for installation in Installation::on_both_databases("import_evershop") {
        installation.write("c.csv", example("evershop-customers.csv"));
        let preset = ["import", "c.csv", "--preset", "evershop", "--create-groups"];
        for summary in ["2 imported, 0 skipped, 1 refused", "0 imported, 2 skipped, 1 refused"] {
            let (code, text, error) = installation.run(&preset);
            assert_eq!((code, text.as_str()), (65, summary), "{error}");
            let refused = "line,field,reason\n4,addresses.1.postcode,Postcode is required\n";
            assert_eq!(installation.read("c.csv.refused.csv"), refused);
        }
        let mary = stored(&installation, "mary@example.com");
        assert_eq!(mary["created_at"], "2024-03-05T08:15:30.123Z");
        assert_eq!(mary["addresses"][0]["uuid"], "5f9a0a52-2a54-4c5e-8f0a-0d6c2a7b1e11");
        let emmy = stored(&installation, "emmy@example.com");
        assert_eq!((&emmy["group_name"], &emmy["status"]), (&json!("Wholesale"), &json!(0)));
        assert_eq!(emmy["meta_data"], json!({"erp": {"id": "C-17"}}));
        let server = installation.serve();
        assert!(can_log_in(&server, "mary@example.com", "correct horse battery"));
        assert!(!can_log_in(&server, "emmy@example.com", "battery staple horse"));
    }
}
