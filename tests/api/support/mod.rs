//! A separate server for each test, and the actors that send requests to it.

mod actors;
mod app;
mod cluster;
mod copies;
mod documented;
mod dump;
mod mails;
mod postgres;
mod proxy;
mod receiver;
mod response;
mod second_factor;
mod shop;
#[expect(dead_code, reason = "tests/program/life.rs trusts its certificate")]
pub(crate) mod smtp;
mod statements;
mod switch;

pub(crate) use actors::{Actor, Admin, Anonymous, CUSTOMER_SECRET, Customer, sign};
pub(crate) use app::{ADMIN_EMAIL, ADMIN_PASSWORD, Backend, CUSTOMER_PASSWORD, NOW, TestApp};
pub(crate) use cluster::{Cluster, Standby};
pub(crate) use dump::{dump, dump_contains};
pub(crate) use mails::Mail;
pub(crate) use postgres::execute;
pub(crate) use proxy::{Proxy, ProxyMode};
pub(crate) use receiver::{Receiver, WebhookReply};
pub(crate) use response::TestResponse;
pub(crate) use second_factor::{STEP, SecondFactor, recovery_codes};
pub(crate) use shop::shop_hash;
pub(crate) use statements::{plan, plan_without_scans, statements_of, statements_of_request};
pub(crate) use switch::Switch;

/// Defines two tests for a function, `name::sqlite` and `name::postgres`, each with its own database:
/// `cargo test create_customer::registers` runs both.
///
/// ```ignore
/// #[apply(on_both_databases!)]
/// async fn registers(app: &TestApp) { … }
/// ```
///
/// A function that takes `backend: Backend` instead starts its servers itself.
macro_rules! on_both_databases {
    ($(#[$doc:meta])* async fn $name:ident($app:ident: &TestApp) $body:block) => {
        $(#[$doc])*
        mod $name {
            use super::*;
            use $crate::support::{Backend, TestApp};

            async fn case($app: &TestApp) $body

            async fn run(backend: Backend) {
                let app = TestApp::start(backend).await;
                case(&app).await;
                app.stop().await;
            }

            $crate::support::on_both_databases!(@tests run);
        }
    };
    ($(#[$doc:meta])* async fn $name:ident($backend:ident: Backend) $body:block) => {
        $(#[$doc])*
        mod $name {
            use super::*;
            use $crate::support::Backend;

            async fn run($backend: Backend) $body

            $crate::support::on_both_databases!(@tests run);
        }
    };
    (@tests $run:ident) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn sqlite() {
            $run(Backend::Sqlite).await;
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn postgres() {
            $run(Backend::Postgres).await;
        }
    };
}
pub(crate) use macro_rules_attribute::apply;
pub(crate) use on_both_databases;
