//! A server of its own for each test, and the actors that use it.

mod actors;
mod answer;
mod app;
mod documented;
mod dump;
mod mails;
mod postgres;
mod proxy;
mod receiver;
#[expect(dead_code, reason = "tests/life.rs trusts its certificate")]
pub(crate) mod smtp;
mod statements;

pub(crate) use actors::{Actor, Admin, Anonymous, CUSTOMER_SECRET, Customer, sign};
pub(crate) use answer::Answer;
pub(crate) use app::{ADMIN_EMAIL, ADMIN_PASSWORD, Backend, CUSTOMER_PASSWORD, NOW, TestApp};
pub(crate) use dump::{dump, holds};
pub(crate) use mails::Mail;
pub(crate) use postgres::execute;
pub(crate) use proxy::{Line, Proxy};
pub(crate) use receiver::{Mood, Receiver};
pub(crate) use statements::{plan, plan_without_scans, statements_of};

/// Each test runs twice, on SQLite and on PostgreSQL: `cargo test create_customer::registers` runs both.
macro_rules! on_both_databases {
    ($($(#[$doc:meta])* async fn $name:ident($app:ident: &TestApp) $body:block)*) => {$(
        $(#[$doc])*
        mod $name {
            use super::*;
            use crate::support::{Backend, TestApp};

            async fn case($app: &TestApp) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let app = TestApp::start(Backend::Sqlite).await;
                case(&app).await;
                app.stop().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let app = TestApp::start(Backend::Postgres).await;
                case(&app).await;
                app.stop().await;
            }
        }
    )*};
}
pub(crate) use on_both_databases;
