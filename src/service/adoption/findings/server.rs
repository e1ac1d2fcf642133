//! The database server, and what this role may do.

use migration::adoption::SHARED_TABLES;

use crate::error::Result;
use crate::service::adoption::inspection::Inspection;
use crate::service::adoption::report::{Finding, Severity};

/// The oldest supported version of PostgreSQL.
const MIN_VERSION: i32 = 130_000;

/// Whether the role is a member of the owner of each of these tables, which altering a table requires.
const NOT_OWNED: &str = "SELECT c.relname::text FROM pg_class c \
    WHERE c.oid IN (SELECT to_regclass(name) FROM jsonb_array_elements_text(CAST($1 AS text)::jsonb) AS t(name)) \
    AND NOT pg_has_role(current_user, c.relowner, 'USAGE') ORDER BY 1";

/// The tables among these that the role may not read.
const NOT_READABLE: &str = "SELECT c.relname::text FROM pg_class c \
    WHERE c.oid IN (SELECT to_regclass(name) FROM jsonb_array_elements_text(CAST($1 AS text)::jsonb) AS t(name)) \
    AND NOT has_table_privilege(c.oid, 'SELECT') ORDER BY 1";

/// Whether admins have roles, which EverShop reads, and which an extension adds.
const HAS_ROLES: &str = "SELECT EXISTS (SELECT FROM pg_attribute \
    WHERE attrelid = to_regclass('admin_user') AND attname = 'roles' AND NOT attisdropped)";

/// The server's version and encoding, its state, and the missing rights of the role.
pub(in crate::service::adoption) async fn of_server(inspection: &Inspection) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let mut block = |code, text: String, remedy: &str| {
        findings.push(Finding::new(code, Severity::Blocks, text, remedy));
    };
    let version: i32 = inspection.value("SELECT current_setting('server_version_num')::int").await?;
    if version < MIN_VERSION {
        let text = format!("the server is PostgreSQL {}; patron needs 13 or newer", version / 10_000);
        block("server_version", text, "upgrade the database server");
    }
    let encoding: String = inspection.value("SELECT current_setting('server_encoding')").await?;
    if encoding != "UTF8" {
        let remedy = "move the shop to a database with ENCODING 'UTF8' (pg_dump, createdb, pg_restore)";
        block("encoding", format!("the encoding of the database is {encoding}; patron needs UTF8"), remedy);
    }
    if inspection.value::<bool>("SELECT pg_is_in_recovery()").await? {
        let text = "the server is a standby, which does not accept writes".to_owned();
        block("standby", text, "set DATABASE_URL to the primary server");
    }
    findings.extend(of_rights(inspection).await?);
    if inspection.value::<bool>(HAS_ROLES).await? {
        findings.push(Finding::new(
            "admin_roles",
            Severity::Reports,
            "an extension of EverShop limits admins by the column roles of admin_user; patron does not know these limits: \
             there, and with its tokens at EverShop, every enabled admin may do everything",
            "disable the admins that may not do everything, or don't let them reach patron",
        ));
    }
    if !inspection
        .value::<bool>("SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm')")
        .await?
    {
        findings.push(Finding::new(
            "no_trigrams",
            Severity::Reports,
            "the server does not have the extension pg_trgm, so a search by keyword reads all customers",
            "install the contrib modules of PostgreSQL, then run `patron migrate up`",
        ));
    }
    Ok(findings)
}

/// The tables that the role may not read, so that their rows can't be checked.
pub(in crate::service::adoption) async fn of_unreadable_tables(
    inspection: &Inspection,
) -> Result<Vec<Finding>> {
    let tables = among_tables(inspection, NOT_READABLE).await?;
    if tables.is_empty() {
        return Ok(Vec::new());
    }
    let text = "the role of DATABASE_URL may not read these tables, so their rows were not checked";
    let remedy = "adopt with the role that EverShop connects with, or: GRANT SELECT ON these tables TO role";
    let count = tables.len() as u64;
    Ok(vec![Finding::new("no_select", Severity::Blocks, text, remedy).of_rows("", count, tables)])
}

/// The tables among those that patron uses for which a query finds something.
async fn among_tables(inspection: &Inspection, select: &str) -> Result<Vec<String>> {
    let tables: Vec<&str> = SHARED_TABLES.into_iter().chain(["event", "session"]).collect();
    let names = serde_json::Value::from(tables).to_string();
    let rows = inspection.rows(select, [names.into()]).await?;
    rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
}

async fn of_rights(inspection: &Inspection) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let foreign = among_tables(inspection, NOT_OWNED).await?;
    let role: String = inspection.value("SELECT current_user::text").await?;
    if !foreign.is_empty() {
        let text = format!("the role {role} does not own these tables, so it can't alter them");
        let remedy = "adopt with the role that EverShop connects with, or make the role of DATABASE_URL a member of it: GRANT owner TO role";
        let count = foreign.len() as u64;
        findings.push(Finding::new("not_owner", Severity::Blocks, text, remedy).of_rows("", count, foreign));
    }
    let may_create = "SELECT coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)";
    if !inspection.value::<bool>(may_create).await? {
        let text = format!("the role {role} may not create tables in the schema of the shop");
        let remedy = "as the owner of the database: GRANT CREATE ON SCHEMA public TO role";
        findings.push(Finding::new("no_create", Severity::Blocks, text, remedy));
    }
    Ok(findings)
}
