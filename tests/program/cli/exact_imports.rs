//! Numbers and timestamps of imported files are stored exactly as they are written, alike on both databases, or are refused.

use super::transfer::{BCRYPT, Installation, define};

const INEXACT: &str = "can't be kept exactly: use at most 15 digits, a 64-bit integer, or a string";
const LEAP_SECOND: &str = "must not be a leap second: write second 59 instead of 60";

/// Customers, of which only the first is valid.
fn ndjson() -> String {
    let line = |email: &str, field: &str| {
        format!(
            "{{\"email\": \"{email}@x.io\", \"full_name\": \"A\", \"password_hash\": \"{BCRYPT}\", {field}}}\n"
        )
    };
    let valid = "\"uuid\": \"00000000-0000-4000-8000-000000000001\", \"created_at\": \"2016-12-31T23:59:59.999Z\", \
         \"updated_at\": \"2016-12-31T23:59:59.999Z\", \
         \"meta_data\": {\"n\": [18446744073709551615, 9007199254740993, 0.1, 1e16, 1e20, 5e-324, 0.30000000000000004]}";
    [
        line("a", valid),
        line("b", "\"created_at\": \"2016-12-31T23:59:60Z\""),
        line("c", "\"meta_data\": {\"n\": 18446744073709551616}"),
        line("d", "\"meta_data\": {\"n\": [1e-400]}"),
        line("e", "\"meta_data\": {\"n\": 1e400}"),
        line("f", "\"metafields\": {\"custom\": {\"score\": 0.1000000000000000055}}"),
    ]
    .concat()
}

/// Checks the file of refused lines: how each of its lines begins.
#[track_caller]
fn assert_refused(installation: &Installation, name: &str, expected: &[String]) {
    let refused = installation.read(name);
    let lines: Vec<&str> = refused.lines().collect();
    assert_eq!((lines.len(), lines[0]), (expected.len() + 1, "line,field,reason"), "{refused}");
    for (line, expected) in lines[1..].iter().zip(expected) {
        assert!(line.starts_with(expected), "{line}: not {expected}");
    }
}

#[test]
fn values_are_kept_exactly_or_refused() {
    let mut exports = Vec::new();
    for installation in Installation::on_both_databases("exact") {
        installation.write("c.ndjson", ndjson());
        let (code, text, error) = installation.run(&["import", "c.ndjson"]);
        assert_eq!((code, text.as_str()), (65, "1 imported, 0 skipped, 5 refused"), "{error}");
        let number = |number: &str| format!("\"The number {number} {INEXACT}\"");
        let expected = [
            format!("2,created_at,created_at {LEAP_SECOND}"),
            format!("3,,{}", number("18446744073709551616")),
            format!("4,,{}", number("1e-400")),
            "5,,not JSON".to_owned(),
            format!("6,,{}", number("0.1000000000000000055")),
        ];
        assert_refused(&installation, "c.ndjson.refused.csv", &expected);
        // The same file again changes nothing, whatever the form of a number in the database.
        assert_eq!(installation.run(&["import", "c.ndjson"]).1, "0 imported, 1 skipped, 5 refused");
        exports.push(installation.export());
    }
    let numbers = "\"n\":[18446744073709551615,9007199254740993,0.1,10000000000000000,1e+20,5e-324,0.30000000000000004]";
    assert!(exports[0].contains(numbers), "{}", exports[0]);
    assert_eq!(exports[0], exports[1]);
}

#[test]
fn cells_are_kept_exactly_or_refused() {
    for installation in Installation::on_both_databases("exact_cells") {
        let server = installation.serve();
        define(&server, &[r#""fieldKey": "score", "name": "Score", "fieldType": "number""#]);
        assert_eq!(server.terminate().0, Some(0));
        let csv = format!(
            "email,full_name,password_hash,created_at,meta_data,metafields.custom.score\n\
             a@x.io,A,{BCRYPT},2017-01-01T00:59:60+01:00,,\n\
             b@x.io,A,{BCRYPT},,\"{{\"\"n\"\": 1e-400}}\",\n\
             c@x.io,A,{BCRYPT},,,123456789012345678901\n\
             d@x.io,A,{BCRYPT},2016-12-31T23:59:59Z,\"{{\"\"n\"\": 0.1}}\",-1e300\n"
        );
        installation.write("c.csv", csv);
        assert_eq!(installation.run(&["import", "c.csv"]).1, "1 imported, 0 skipped, 3 refused");
        let expected = [
            format!("2,created_at,created_at {LEAP_SECOND}"),
            format!("3,,\"meta_data: The number 1e-400 {INEXACT}\""),
            "4,custom.score,\"\"\"custom.score\"\": must be of the type number\"".to_owned(),
        ];
        assert_refused(&installation, "c.csv.refused.csv", &expected);
        let exported = installation.export();
        assert!(exported.contains(r#""meta_data":{"custom":{"score":-1e+300},"n":0.1}"#), "{exported}");
    }
}
