//! Batches of one import that are written at the same time: the outcome is that of one batch after the other, on both databases.

use super::transfer::{BCRYPT, Installation};

/// The number of lines of the file, several batches.
const LINES: usize = 2600;
const UUID: &str = "0b5a9cb6-7d0f-4f51-9a3c-5a0a4d5f0a11";

/// A line with the address of that number and this name.
fn line(number: usize, name: &str) -> String {
    format!("{{\"email\": \"c{number}@x.io\", \"full_name\": \"{name}\", \"password_hash\": \"{BCRYPT}\"}}\n")
}

/// The same with an identifier.
fn line_with_uuid(number: usize) -> String {
    line(number, "C").replacen('{', &format!("{{\"uuid\": \"{UUID}\", "), 1)
}

#[test]
fn the_first_line_of_a_customer_wins_and_customers_have_the_order_of_the_file() {
    for installation in Installation::on_both_databases("import_batches") {
        let mut lines: Vec<String> = (1..=LINES).map(|number| line(number, "C")).collect();
        // Each in the batch after that of the customer.
        lines[700 - 1] = line(300, "Another");
        lines[1100 - 1] = line(900, "C");
        lines[800 - 1] = line_with_uuid(800);
        lines[1300 - 1] = line_with_uuid(1300);
        lines[2200 - 1] = line(1900, "Another");
        installation.write("all.ndjson", lines.concat());
        let (code, text, error) = installation.run(&["import", "all.ndjson"]);
        assert_eq!((code, text.as_str()), (65, "2596 imported, 1 skipped, 3 refused"), "{error}");
        assert_eq!(
            installation.read("all.ndjson.refused.csv"),
            "line,field,reason\n700,email,Email is already used\n1300,uuid,Uuid is already used\n\
             2200,email,Email is already used\n"
        );
        let exported = installation.export();
        let number = |line: &str| {
            let rest = line.split("\"email\":\"c").nth(1)?;
            rest.split('@').next()?.parse::<usize>().ok()
        };
        let exported: Vec<usize> = exported.lines().filter_map(number).collect();
        let expected: Vec<usize> =
            (1..=LINES).filter(|number| ![700, 1100, 1300, 2200].contains(number)).collect();
        assert_eq!(exported, expected);
    }
}
