//! Both GraphQL endpoints pass the audit of the npm package `graphql-http`: 61 checks of the GraphQL over HTTP
//! specification. Runs against the program, on both databases, and needs Node.js and npm.

use std::path::Path;
use std::process::Command;

use crate::support::{ADMIN, Folder, Postgres, Server, admin_token, client, output, packages, tool};

async fn assert_passes_the_audit(database_url: &str, folder: &Path) {
    let (audit, node) = (packages("graphql-http"), tool(&["node", "nodejs"]));
    let settings = [
        ("DATABASE_URL", database_url),
        ("PATRON_ADMIN_EMAIL", ADMIN[0]),
        ("PATRON_ADMIN_PASSWORD", ADMIN[1]),
    ];
    let server = Server::serve(folder, &settings);
    let url = server.url();
    let token = admin_token(&client(), &url).await;
    for (path, token) in [("/api/graphql", None), ("/api/admin/graphql", Some(token))] {
        let mut command = Command::new(&node);
        command.arg("audit.mjs").arg(format!("{url}{path}")).current_dir(&audit);
        command.env_remove("PATRON_TOKEN").envs(token.map(|token| ("PATRON_TOKEN", token)));
        let text = output(&mut command);
        assert!(text.trim_end().ends_with("61 of 61 are ok"), "{path}:\n{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_endpoints_pass_the_audit_on_sqlite() {
    let folder = Folder::new();
    assert_passes_the_audit(&folder.sqlite_url(), folder.path()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_endpoints_pass_the_audit_on_postgres() {
    let (folder, database) = (Folder::new(), Postgres::create("graphql_http"));
    assert_passes_the_audit(&database.url, folder.path()).await;
}
