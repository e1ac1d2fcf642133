//! Exports (`src/transfer/write.rs`) of imported customers.
//!
//! The first byte of an input selects the format that is imported again. The rest are customers, one JSON object per line.

use patron::entity::customer;
use patron::service::import::{self, Import, ImportOutcome, Line, Options};
use patron::service::{export, metafield};
use patron::transfer::{self, ColumnMap, CsvFormat, ExportColumns, Format, Writer};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::World;
use crate::world::HASH;

const FORMATS: [Format; 4] = [
    Format::Csv(CsvFormat::with_delimiter(b',')),
    Format::Csv(CsvFormat::with_delimiter(b'\t')),
    Format::Csv(CsvFormat { is_raw: true, ..CsvFormat::with_delimiter(b';') }),
    Format::Ndjson,
];

/// Importing an export changes nothing. Importing it into a database without its customers gives the same export again.
/// Both hold in every format.
///
/// # Panics
/// If a property does not hold.
pub fn check(world: &World, input: &[u8]) {
    let [selector, text @ ..] = input else { return };
    super::values::define(world);
    let lines: Vec<Line> = lines(Format::Ndjson, text.to_vec()).into_iter().take(20).map(with_hash).collect();
    let outcomes = import(world, lines);
    if outcomes.contains(&ImportOutcome::Created) {
        let files = FORMATS.map(|format| export(world, format));
        for (format, file) in FORMATS.into_iter().zip(&files) {
            for outcome in import(world, lines_of(format, file)) {
                assert_eq!(
                    outcome,
                    ImportOutcome::Unchanged,
                    "{format:?}: {}",
                    String::from_utf8_lossy(file)
                );
            }
        }
        delete_imported(world);
        let first = usize::from(selector % 4);
        for outcome in import(world, lines_of(FORMATS[first], &files[first])) {
            assert_ne!(outcome, ImportOutcome::Unchanged, "the customer was not deleted");
            assert_eq!(outcome, ImportOutcome::Created, "{}", String::from_utf8_lossy(&files[first]));
        }
        for (format, file) in FORMATS.into_iter().zip(&files) {
            let second = export(world, format);
            assert_eq!(String::from_utf8_lossy(&second), String::from_utf8_lossy(file), "{format:?}");
        }
    }
    delete_imported(world);
}

/// Reads the lines of an export, all of which must be valid.
fn lines_of(format: Format, file: &[u8]) -> Vec<Line> {
    let lines = lines(format, file.to_vec());
    assert!(lines.iter().all(|line| line.record.is_ok()), "{lines:?}");
    lines
}

fn lines(format: Format, text: Vec<u8>) -> Vec<Line> {
    let lines = transfer::read(format, None, std::io::Cursor::new(text), &ColumnMap::default());
    let lines = lines.expect("the header is valid");
    lines.map(|line| line.expect("the line is read")).collect()
}

/// Replaces the password by a hash: hashing is slow, and not under test.
fn with_hash(mut line: Line) -> Line {
    if let Ok(record) = &mut line.record {
        record.fields.remove("password");
        record.fields.insert("password_hash".to_owned(), HASH.into());
    }
    line
}

fn import(world: &World, lines: Vec<Line>) -> Vec<ImportOutcome> {
    world.run(async {
        let batch =
            import::prepare(&world.ctx, Options::default(), lines).await.expect("the batch is prepared");
        Import::default().write(&world.ctx, batch).await.expect("the batch is written")
    })
}

/// Exports the customers that this input created.
fn export(world: &World, format: Format) -> Vec<u8> {
    let mut file = Vec::new();
    world.run(async {
        let definitions = metafield::visible(&world.ctx).await.expect("definitions are read");
        let addresses = export::max_addresses(&world.ctx).await.expect("addresses are counted");
        let columns = ExportColumns { definitions, addresses, with_hashes: true };
        let mut writer = Writer::new(format, &mut file, columns).expect("the header is written");
        for exported in export::page(&world.ctx, world.last).await.expect("customers are read") {
            writer.write(exported).expect("the customer is written");
        }
        writer.finish().expect("the file is finished");
    });
    file
}

/// Deletes the customers that this input created, and their addresses.
fn delete_imported(world: &World) {
    let delete = customer::Entity::delete_many().filter(customer::Column::CustomerId.gt(world.last));
    world.run(delete.exec(world.app().db.writer())).expect("the database responds");
}
