//! The guards: triggers on the shared tables that correct what the shop writes, while both programs write.
//!
//! A guard does nothing to a write of patron, which has the mark: the setting `patron.writer` is `on` in its transaction. On
//! every other write, a trigger before it restores the columns that only patron may set, because the shop stores every
//! field of a request that is a column. It then does what patron does when it changes a row: counts the version,
//! invalidates tokens, and clears what was computed from the old values, so that the worker computes it again. A trigger
//! after the write ends sessions and records the change in the table `shop_change`, from which the worker journals it.
//!
//! The trigger functions run with the rights of the role that created them, because the shop's role may have none to
//! patron's tables. Their search path is fixed, and no other role may create triggers with them.

use sea_orm_migration::sea_orm::{ConnectionTrait, DbErr};

use super::query;

/// The tables with guards, each with its trigger functions.
const TABLES: [(&str, &str); 5] = [
    ("customer", include_str!("guards/customer.sql")),
    ("customer_address", include_str!("guards/customer_address.sql")),
    ("customer_group", include_str!("guards/customer_group.sql")),
    ("admin_user", include_str!("guards/admin_user.sql")),
    ("metafield_definition", include_str!("guards/metafield_definition.sql")),
];

/// The queue, and the functions that several guards use.
const COMMON: &str = include_str!("guards/common.sql");

/// Removes what [`COMMON`] creates, when there are no guards.
pub(crate) const DROP_QUEUE: &str =
    "DROP FUNCTION IF EXISTS patron_guard_same_mailbox(text, text, text), patron_guard_now(), \
    patron_guard_after(timestamptz), patron_guard_next_second(timestamptz), \
    patron_guard_time(timestamptz, timestamptz), patron_plain_email_key(text);
DROP TABLE IF EXISTS shop_change;";

/// Fixes the search path of the trigger functions as that of patron, temporary tables last.
const SEAL: &str = "DO $seal$
DECLARE
  path text := (SELECT string_agg(quote_ident(name), ', ' ORDER BY number) || ', pg_temp'
    FROM unnest(current_schemas(false)) WITH ORDINALITY AS schemas (name, number));
  guard regprocedure;
BEGIN
  FOR guard IN SELECT oid FROM pg_proc
    WHERE prosecdef AND proname LIKE 'patron\\_guard%' AND pronamespace = current_schema()::regnamespace
  LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = %s', guard, path);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', guard);
  END LOOP;
END
$seal$;";

/// The mark of patron's writes is missing.
const UNMARKED: &str = "current_setting('patron.writer', true) IS DISTINCT FROM 'on'";

/// The columns of a customer that the shop knows and changes.
const SHOP_COLUMNS: [&str; 8] =
    ["uuid", "status", "group_id", "email", "password", "full_name", "meta_data", "created_at"];

/// The shop's triggers on customers that store a copy of the row in its table `event`: when they fire, the names of the
/// trigger and of its function.
const EVENT_TRIGGERS: [(&str, &str, &str); 3] = [
    ("INSERT", "ADD_CUSTOMER_CREATED_EVENT_TRIGGER", "add_customer_created_event"),
    UPDATED,
    ("DELETE", "ADD_CUSTOMER_DELETED_EVENT_TRIGGER", "add_customer_deleted_event"),
];
const UPDATED: (&str, &str, &str) =
    ("UPDATE", "ADD_CUSTOMER_UPDATED_EVENT_TRIGGER", "add_customer_updated_event");

/// Whether every guard exists and is enabled.
pub async fn guards_are_complete(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    let tables: Vec<String> = TABLES.iter().map(|(table, _)| format!("'{table}'::regclass")).collect();
    let guards = format!(
        "SELECT count(*) = {} FROM pg_trigger WHERE tgrelid IN ({}) AND tgenabled IN ('O', 'A') \
         AND tgname IN ('patron_guard', 'patron_guard_changed')",
        TABLES.len() * 2,
        tables.join(", ")
    );
    query::value(db, &guards).await
}

/// The shop's triggers on customers that an adoption replaces, and an undo creates again: the names of each and of its function.
pub fn event_triggers() -> [(&'static str, &'static str); 3] {
    EVENT_TRIGGERS.map(|(_, name, function)| (name, function))
}

/// The statements that create the guards and their queue, or replace them. They need all columns of patron. Each element has
/// several statements, which PostgreSQL runs in one transaction, so that a table is never without its guard.
pub(crate) fn create() -> Vec<String> {
    let guards = TABLES.iter().map(|(table, functions)| {
        format!(
            "{functions}
DROP TRIGGER IF EXISTS patron_guard ON {table};
CREATE TRIGGER patron_guard BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW
  WHEN ({UNMARKED}) EXECUTE FUNCTION patron_guard_{table}();
DROP TRIGGER IF EXISTS patron_guard_changed ON {table};
CREATE TRIGGER patron_guard_changed AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW
  WHEN ({UNMARKED}) EXECUTE FUNCTION patron_guard_{table}_changed();
{SEAL}"
        )
    });
    std::iter::once(COMMON.to_owned()).chain(guards).collect()
}

/// The statements that remove the guards and their queue, with the changes that are not journaled yet.
pub(crate) fn drop() -> Vec<String> {
    let mut statements = drop_triggers();
    statements.push(DROP_QUEUE.to_owned());
    statements
}

/// The statements that remove the guards. The queue remains, for a running patron.
pub(crate) fn drop_triggers() -> Vec<String> {
    let guards = TABLES.iter().map(|(table, _)| {
        let image = if *table == "customer" { "customer, boolean" } else { table };
        format!(
            "DROP TRIGGER IF EXISTS patron_guard ON {table};
DROP TRIGGER IF EXISTS patron_guard_changed ON {table};
DROP FUNCTION IF EXISTS patron_guard_{table}(), patron_guard_{table}_changed(), patron_guard_{table}_image({image});"
        )
    });
    guards.collect()
}

/// The statements after which the shop stores no event for a change that only patron's columns have, such as the search
/// text: it would have the whole row, with the hash of the password.
pub(crate) fn narrow_event_triggers() -> Vec<String> {
    let of = |row: &str| SHOP_COLUMNS.map(|column| format!("{row}.{column}")).join(", ");
    let condition = format!("WHEN (({}) IS DISTINCT FROM ({})) ", of("OLD"), of("NEW"));
    vec![event_trigger(UPDATED, &condition)]
}

/// The statements that restore the shop's triggers, after [`narrow_event_triggers`] or [`remove_event_triggers`].
pub(crate) fn restore_event_triggers() -> Vec<String> {
    EVENT_TRIGGERS.into_iter().map(|trigger| event_trigger(trigger, "")).collect()
}

/// The statements that remove the shop's triggers. Their functions stay.
pub(crate) fn remove_event_triggers() -> Vec<String> {
    let remove = |(_, name, _)| format!(r#"DROP TRIGGER IF EXISTS "{name}" ON customer"#);
    EVENT_TRIGGERS.into_iter().map(remove).collect()
}

fn event_trigger((event, name, function): (&str, &str, &str), condition: &str) -> String {
    format!(
        r#"DROP TRIGGER IF EXISTS "{name}" ON customer;
CREATE TRIGGER "{name}" AFTER {event} ON customer FOR EACH ROW {condition}EXECUTE FUNCTION {function}();"#
    )
}
