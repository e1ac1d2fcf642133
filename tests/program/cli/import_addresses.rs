//! `patron import` accepts and refuses the same addresses as the API, on both databases.

use serde_json::Value;

use crate::support::{Folder, Postgres, code_and_error, run};

/// A hash of the password "a" (a test vector of jBCrypt).
const HASH: &str = "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe";

/// The name of the customer, and postcode, province and country of its address.
const ADDRESSES: [[&str; 4]; 7] = [
    ["hk", "", "Kowloon", "HK"],
    ["sg", "018956", "", " sg "],
    ["ie", "", "", "IE"],
    ["us", "94103", " california ", "US"],
    ["de", "", "Berlin", "DE"],
    ["none", "", "", ""],
    ["foreign", "94103", "DE-BE", "US"],
];

const REFUSED: &str = "line,field,reason\n\
    6,addresses.1.postcode,Postcode is required\n\
    7,addresses.1.province,Province is required\n\
    7,addresses.1.country,Country is required\n\
    7,addresses.1.postcode,Postcode is required\n\
    8,addresses.1.province,Province is not in United States of America\n";

#[test]
fn imported_addresses_need_what_their_countries_have() {
    for label in [None, Some("import_addresses")] {
        let folder = Folder::new();
        let postgres = label.map(Postgres::create);
        let url = postgres.as_ref().map_or_else(|| folder.sqlite_url(), |postgres| postgres.url.clone());
        let settings = [
            ("DATABASE_URL", url.as_str()),
            ("PATRON_ADMIN_EMAIL", "admin@x.io"),
            ("PATRON_ADMIN_PASSWORD", "staple battery horse"),
        ];
        let patron = |arguments: &[&str]| run(folder.path(), arguments, &settings);
        assert_eq!(code_and_error(&patron(&["migrate", "up"])).0, 0);
        let mut file = "email,full_name,password_hash,addresses.1.full_name,addresses.1.address_1,\
             addresses.1.postcode,addresses.1.province,addresses.1.country\n"
            .to_owned();
        for [name, postcode, province, country] in ADDRESSES {
            file += &format!("{name}@x.io,Ada,{HASH},Ada,1 Main Street,{postcode},{province},{country}\n");
        }
        std::fs::write(folder.path().join("c.csv"), file).expect("the file is written");
        let (code, error) = code_and_error(&patron(&["import", "c.csv"]));
        assert_eq!(code, 65, "{error}");
        let refused = std::fs::read_to_string(folder.path().join("c.csv.refused.csv"));
        assert_eq!(refused.expect("lines were refused"), REFUSED);

        let exported = String::from_utf8(patron(&["export"]).stdout).expect("the export is text");
        let customers = exported.lines().map(|line| serde_json::from_str(line).expect("the line is JSON"));
        let addresses: Vec<Value> =
            customers.map(|customer: Value| customer["addresses"][0].clone()).collect();
        let parts = addresses.iter().map(|address| {
            ["postcode", "province", "country"].map(|name| address[name].as_str().unwrap_or_default())
        });
        assert_eq!(
            parts.collect::<Vec<_>>(),
            [["", "Kowloon", "HK"], ["018956", "", "SG"], ["", "", "IE"], ["94103", "US-CA", "US"],]
        );
    }
}
