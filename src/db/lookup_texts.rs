//! The texts of lookups by keys, which differ only in the number of keys.

use std::sync::Arc;

use parking_lot::Mutex;
use sea_orm::{DbBackend, EntityTrait, QueryTrait, Select, Statement, Value};
use uuid::Uuid;

/// The maximum number of texts. The keys of a lookup are padded to a power of two up to 256, so it has 9 on each database.
const MAX_TEXTS: usize = 32;

/// The texts of one kind of lookup. Each is built once: building it takes longer than all other work of a lookup for one key.
#[derive(Debug, Default)]
pub struct LookupTexts(Mutex<Vec<LookupText>>);

#[derive(Debug)]
struct LookupText {
    backend: DbBackend,
    keys: usize,
    sql: Arc<str>,
}

impl LookupTexts {
    /// None are known.
    pub const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// The statement that looks these keys up. `select` builds it for a new number of keys; the keys must be its only
    /// parameters, in their order.
    pub fn statement<E: EntityTrait>(
        &self,
        backend: DbBackend,
        keys: Vec<Uuid>,
        select: impl FnOnce(Vec<Uuid>) -> Select<E>,
    ) -> Statement {
        let count = keys.len();
        if let Some(sql) = self.known(backend, count) {
            return Statement::from_sql_and_values(backend, &*sql, keys.into_iter().map(Value::from));
        }
        let statement = select(keys).build(backend);
        let mut texts = self.0.lock();
        if texts.len() < MAX_TEXTS {
            texts.push(LookupText { backend, keys: count, sql: statement.sql.as_str().into() });
        }
        drop(texts);
        statement
    }

    fn known(&self, backend: DbBackend, keys: usize) -> Option<Arc<str>> {
        let texts = self.0.lock();
        let text = texts.iter().find(|text| text.backend == backend && text.keys == keys)?;
        Some(Arc::clone(&text.sql))
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::{ColumnTrait, DbBackend, EntityTrait, QueryFilter, QuerySelect, Select};
    use uuid::Uuid;

    use super::{LookupTexts, MAX_TEXTS};
    use crate::entity::customer::{Column, Entity};

    fn select(keys: Vec<Uuid>) -> Select<Entity> {
        Entity::find().select_only().column(Column::CustomerId).filter(Column::Uuid.is_in(keys))
    }

    #[test]
    fn a_known_text_gets_the_keys_of_each_lookup() {
        let texts = LookupTexts::new();
        for backend in [DbBackend::Postgres, DbBackend::Sqlite] {
            for count in [1, 2, 1, 2, 4] {
                let keys: Vec<Uuid> = (0..count).map(|_| Uuid::from_u128(count)).collect();
                let built = sea_orm::QueryTrait::build(&select(keys.clone()), backend);
                assert_eq!(texts.statement(backend, keys, select), built);
            }
        }
        assert_eq!(texts.0.lock().len(), 6);
        let known = texts.statement(DbBackend::Sqlite, vec![Uuid::nil()], |_| -> Select<Entity> {
            panic!("the text is known")
        });
        assert!(known.sql.contains("IN (?)"), "{}", known.sql);
    }

    #[test]
    fn the_number_of_texts_is_limited() {
        let texts = LookupTexts::new();
        for count in 1..=2 * MAX_TEXTS {
            texts.statement(DbBackend::Postgres, vec![Uuid::nil(); count], select);
        }
        assert_eq!(texts.0.lock().len(), MAX_TEXTS);
    }
}
