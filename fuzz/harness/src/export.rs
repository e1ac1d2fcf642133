//! Exports (`src/transfer/write.rs`) of what was imported.
//!
//! The first byte of an input says which format is tried first; the rest are customers, a JSON object a line.

use patron::entity::customer;
use patron::service::import::{self, Import, ImportOutcome, Line, Options};
use patron::service::{export, metafield};
use patron::transfer::{self, Format, Writer};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::World;
use crate::world::HASH;

const FORMATS: [Format; 3] =
    [Format::Csv { delimiter: b',' }, Format::Csv { delimiter: b'\t' }, Format::Ndjson];

/// What was imported and exported is there already, as its file says; imported into a database without it, it makes the
/// same file. So it is in every format.
///
/// # Panics
/// When a property does not hold.
pub fn check(world: &World, input: &[u8]) {
    let [form, text @ ..] = input else { return };
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
        forget(world);
        let first = usize::from(form % 3);
        for outcome in import(world, lines_of(FORMATS[first], &files[first])) {
            assert_ne!(outcome, ImportOutcome::Unchanged, "it was not forgotten");
            assert_eq!(outcome, ImportOutcome::Created, "{}", String::from_utf8_lossy(&files[first]));
        }
        for (format, file) in FORMATS.into_iter().zip(&files) {
            let again = export(world, format);
            assert_eq!(String::from_utf8_lossy(&again), String::from_utf8_lossy(file), "{format:?}");
        }
    }
    forget(world);
}

/// The lines of a file that was written by an export: all can be read.
fn lines_of(format: Format, file: &[u8]) -> Vec<Line> {
    let lines = lines(format, file.to_vec());
    assert!(lines.iter().all(|line| line.record.is_ok()), "{lines:?}");
    lines
}

fn lines(format: Format, text: Vec<u8>) -> Vec<Line> {
    let lines = transfer::read(format, std::io::Cursor::new(text)).expect("it has a good header");
    lines.map(|line| line.expect("it is read to its end")).collect()
}

/// Hashing takes its time and shows nothing.
fn with_hash(mut line: Line) -> Line {
    if let Ok(record) = &mut line.record {
        record.fields.remove("password");
        record.fields.insert("password_hash".to_owned(), HASH.into());
    }
    line
}

fn import(world: &World, lines: Vec<Line>) -> Vec<ImportOutcome> {
    world.run(async {
        let batch = import::prepare(&world.ctx, Options::default(), lines).await.expect("it is prepared");
        Import::default().write(&world.ctx, batch).await.expect("it is written")
    })
}

/// The customers that this input made.
fn export(world: &World, format: Format) -> Vec<u8> {
    let mut file = Vec::new();
    world.run(async {
        let definitions = metafield::visible(&world.ctx).await.expect("definitions are read");
        let mut writer = Writer::new(format, &mut file, definitions, true).expect("it begins");
        for exported in export::page(&world.ctx, world.last).await.expect("customers are read") {
            writer.write(exported).expect("it is written");
        }
        writer.finish().expect("it ends");
    });
    file
}

/// Deletes the customers that this input made, and their addresses.
fn forget(world: &World) {
    let delete = customer::Entity::delete_many().filter(customer::Column::CustomerId.gt(world.last));
    world.run(delete.exec(world.app().db.migration_connection())).expect("the database answers");
}
