//! Both GraphQL endpoints pass the whole audit of the npm package `graphql-http`, which is the specification's
//! (GraphQL over HTTP) as 61 checks; against the program itself, on both databases. Needs Node.js and npm.

use std::path::Path;
use std::process::Command;

use crate::support::{ADMIN, Folder, Postgres, Server, admin_token, client, output, packages, tool};

async fn passes(database_url: &str, folder: &Path) {
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
async fn on_sqlite() {
    let folder = Folder::new();
    passes(&folder.sqlite_url(), folder.path()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres() {
    let (folder, database) = (Folder::new(), Postgres::create("graphql_http"));
    passes(&database.url, folder.path()).await;
}
