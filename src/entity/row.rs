//! Rows with some of the columns of a table.

/// Defines a row with the columns that some queries need. They are read by position: sea-orm reads a model by the names of
/// its columns, with a lookup for each and a text for each NULL, which takes longer than the query of a small page.
macro_rules! row {
    (
        $(#[$doc:meta])*
        $name:ident { $($(#[$column_doc:meta])* $column:ident => $field:ident: $type:ty,)* }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name {
            $($(#[$column_doc])* pub $field: $type,)*
        }

        impl $name {
            /// The number of columns.
            pub const COLUMNS: usize = [$(Column::$column),*].len();

            /// Selects the columns. Further columns have the positions from [`COLUMNS`](Self::COLUMNS).
            pub fn select() -> Select<Entity> {
                Entity::find().select_only().columns([$(Column::$column),*])
            }
        }

        impl FromQueryResult for $name {
            fn from_query_result(row: &QueryResult, _: &str) -> Result<Self, DbErr> {
                let mut positions = 0..Self::COLUMNS;
                // A struct expression evaluates its fields in their order.
                Ok(Self { $($field: row.try_get_by_index(positions.next().unwrap_or_default())?,)* })
            }
        }
    };
}
pub(super) use row;
