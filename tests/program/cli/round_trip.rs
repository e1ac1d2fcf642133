//! Customers with any texts survive an export, a spreadsheet that saves the file again, and an import into an empty database:
//! the next export is the same file, byte for byte. From one database to the other, in every format.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::transfer::{BCRYPT, Installation, define};

/// Number of customers in a file.
const CUSTOMERS: usize = 150;
/// What a spreadsheet, a parser of CSV or a shell could take for something else.
const FRAGMENTS: &[&str] = &[
    "=1+1",
    "+",
    "-",
    "@SUM(1)",
    "'",
    "''",
    "\"",
    "\"\"",
    "\\\"",
    ",",
    ";",
    "\t",
    "\r",
    "\n",
    "\r\n",
    " ",
    "+49 (0)89 1-2",
    "-2.5",
    "＝",
    "'=",
    "Zoë",
    "中文",
    "\u{1F600}",
    "e\u{301}",
    "\u{A0}",
    "{\"a\":1}",
    "[]",
    "null",
    "007",
    "1e5",
    "2026-01-02",
    "sep=;",
    "\u{FEFF}",
    "%00",
    "x",
];

/// A text of these fragments, which has none of the `excluded` characters.
fn text(excluded: &'static [char]) -> impl Strategy<Value = String> {
    let fragments = FRAGMENTS.iter().filter(move |fragment| !fragment.contains(excluded));
    let fragment = proptest::sample::select(fragments.copied().collect::<Vec<_>>());
    proptest::collection::vec(fragment, 0..6).prop_map(|fragments| fragments.concat())
}

/// A single line, such as a name: it has a visible letter.
fn line() -> impl Strategy<Value = String> {
    let excluded: &[char] = &['\t', '\r', '\n', '\u{FEFF}'];
    (text(excluded), text(excluded)).prop_map(|(before, after)| format!("{before}A{after}"))
}

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i32>().prop_map(Value::from),
        Just(json!(u64::MAX)),
        Just(json!(-0.5)),
        Just(json!(1e300)),
        Just(json!(5e-324)),
        Just(json!(-1e16)),
    ]
}

fn address() -> impl Strategy<Value = Value> {
    let country = proptest::sample::select(vec![("US", "US-CA"), ("DE", "Bayern & Co"), ("FR", "=FR")]);
    let parts = (line(), line(), line(), proptest::option::of(line()), proptest::option::of(line()), country);
    parts.prop_map(|(full_name, address_1, postcode, telephone, city, (country, province))| {
        json!({
            "full_name": full_name, "address_1": address_1, "postcode": postcode, "telephone": telephone, "city": city,
            "province": province, "country": country,
        })
    })
}

/// A customer, as a line of NDJSON without its e-mail address.
fn customer() -> impl Strategy<Value = Value> {
    let addresses = (proptest::collection::vec(address(), 0..4), any::<bool>());
    let fields = (proptest::option::of(text(&[])), proptest::option::of(any::<bool>()), number());
    let tags = proptest::collection::vec(line(), 0..3);
    let free = proptest::option::of((text(&[]), text(&[]), number()));
    (line(), any::<bool>(), addresses, fields, tags, free).prop_map(
        |(full_name, status, (mut addresses, has_default), (note, vip, score), tags, free)| {
            if let Some(first) = addresses.first_mut().filter(|_| has_default) {
                first["is_default"] = true.into();
            }
            let mut customer = json!({
                "full_name": full_name, "status": u8::from(status), "password_hash": BCRYPT, "addresses": addresses,
                "metafields": {"custom": {"note": note, "vip": vip, "score": score, "tags": tags}},
            });
            if let Some((key, text, number)) = free {
                customer["meta_data"] = json!({"free": {key: text, "number": number, "empty": {}}});
            }
            customer
        },
    )
}

/// A file of different customers, the same in each run.
fn customers() -> String {
    let mut runner = TestRunner::deterministic();
    let mut file = String::new();
    for number in 0..CUSTOMERS {
        let mut customer = customer().new_tree(&mut runner).expect("a customer").current();
        let start = ["=", "+", "-", "'", "x"][number % 5];
        customer["email"] = format!("{start}{number}@x.io").into();
        file += &format!("{customer}\n");
    }
    file
}

fn installation(postgres: Option<&str>) -> Installation {
    let installation = Installation::new(postgres);
    let server = installation.serve();
    define(
        &server,
        &[
            r#""fieldKey": "note", "name": "Note", "fieldType": "long_text""#,
            r#""fieldKey": "vip", "name": "VIP", "fieldType": "boolean""#,
            r#""fieldKey": "score", "name": "Score", "fieldType": "number""#,
            r#""fieldKey": "tags", "name": "Tags", "fieldType": "short_text", "isList": true"#,
        ],
    );
    assert_eq!(server.terminate().0, Some(0));
    installation
}

/// Exports all customers, with the name of a file that doesn't exist.
fn export(installation: &Installation, name: &str, options: &[&str]) -> String {
    let arguments = [&["export", "--with-password-hashes", "-o", name], options].concat();
    let (code, _, error) = installation.run(&arguments);
    assert_eq!(code, 0, "{error}");
    installation.read(name)
}

#[track_caller]
fn import(installation: &Installation, name: &str, content: impl AsRef<[u8]>, options: &[&str]) {
    installation.write(name, content);
    let (code, text, error) = installation.run(&[&["import", name], options].concat());
    let refused = if code == 65 { installation.read(&format!("{name}.refused.csv")) } else { String::new() };
    let expected = format!("{CUSTOMERS} imported, 0 skipped, 0 refused");
    assert_eq!((code, text), (0, expected), "{name}: {error}{refused}");
}

/// Saves a file as a spreadsheet does: with a byte order mark, another delimiter, marks around every cell, booleans in capitals,
/// lines that end with CRLF, and empty columns and lines at the end.
fn saved_by_spreadsheet(csv: &str) -> String {
    let mut saved = String::from("\u{FEFF}sep=;\r\n");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(csv.as_bytes());
    let records: Vec<csv::StringRecord> = reader.records().map(|record| record.expect("valid CSV")).collect();
    for (index, record) in records.iter().enumerate() {
        for (name, cell) in records[0].iter().zip(record) {
            let is_boolean = name.ends_with(".is_default") || name.ends_with(".vip");
            let cell = if is_boolean && index > 0 { cell.to_uppercase() } else { cell.to_owned() };
            saved += &format!("\"{}\";", cell.replace('"', "\"\""));
        }
        saved += ";\r\n";
    }
    saved + &";".repeat(records[0].len() + 1) + "\r\n"
}

/// Encodes a file as the "Unicode text" of spreadsheets.
fn as_utf_16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// The exports of a database: CSV, CSV without apostrophes, NDJSON.
fn exports(installation: &Installation) -> [String; 3] {
    [
        export(installation, "exported.csv", &[]),
        export(installation, "exported_raw.csv", &["--raw"]),
        export(installation, "exported.ndjson", &[]),
    ]
}

#[test]
fn an_export_survives_a_spreadsheet_and_the_other_database() {
    let labels = [None, Some("round_trip")];
    for from in labels {
        let first = installation(from);
        import(&first, "first.ndjson", customers(), &[]);
        let expected = exports(&first);
        drop(first);
        for to in labels {
            let second = installation(to);
            import(&second, "saved.csv", saved_by_spreadsheet(&expected[0]), &[]);
            assert_eq!(exports(&second), expected, "{from:?} {to:?}");
        }
    }
}

#[test]
fn an_export_survives_in_every_format() {
    let first = installation(None);
    import(&first, "first.ndjson", customers(), &[]);
    let expected = exports(&first);
    let [csv, raw, ndjson] = &expected;
    assert_ne!(csv, raw);
    for (name, content, options) in [
        ("plain.csv", csv.clone().into_bytes(), &[][..]),
        ("plain.ndjson", ndjson.clone().into_bytes(), &[]),
        ("plain_raw.csv", raw.clone().into_bytes(), &["--raw"]),
        ("unicode.csv", as_utf_16(&saved_by_spreadsheet(csv)), &[]),
    ] {
        for to in [None, Some("formats")] {
            let second = installation(to);
            import(&second, name, &content, options);
            assert_eq!(exports(&second), expected, "{name} {to:?}");
        }
    }
}
