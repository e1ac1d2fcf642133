//! `patron demo`: serves a throwaway database with sample data, in a temporary folder that is deleted at the end.

use std::sync::Arc;

use super::exit::CommandFailure;
use super::serve::{Listeners, banner, until_signal};
use super::start::{NewAdmin, prepare};
use super::stop::Signals;
use crate::app::DemoCustomer;
use crate::app::ctx::AdminCtx;
use crate::config::Flags;
use crate::service::demo;

/// The number of customers in the demo.
const CUSTOMERS: usize = 1000;

/// The e-mail address of the first customer, which the playground shows.
const CUSTOMER: &str = "customer1@example.com";

/// Serves a throwaway database until SIGTERM or SIGINT.
pub(super) async fn run(flags: &Flags) -> Result<(), CommandFailure> {
    for variable in ["DATABASE_URL", "PATRON_DATA_DIR"] {
        if flags.sets(variable) {
            return Err(CommandFailure::Settings(vec![format!(
                "{variable}: the demo always uses a throwaway database"
            )]));
        }
    }
    let folder = tempfile::Builder::new().prefix("patron-demo-").tempdir().map_err(|error| {
        CommandFailure::Refused(format!("the temporary folder can't be created: {error}"))
    })?;
    let database = folder.path().join("patron.db");
    let flags = flags
        .clone()
        .with("PATRON_DATA_DIR", folder.path().display().to_string())
        .with("DATABASE_URL", format!("sqlite://{}", database.display()))
        // The demo never sends mail: mails are written to files.
        .with("PATRON_SMTP_URL", "")
        // No load balancer sends requests to it.
        .with("PATRON_DRAIN", "0");
    let app = super::build::build_server(&flags).await?;
    let listeners = Listeners::listen(&app).await?;
    let admin = prepare(&app, true).await?.map(|admin| NewAdmin { is_permanent: false, ..admin });
    demo::seed(&AdminCtx::system(Arc::clone(&app)), CUSTOMERS).await?;
    let customer = DemoCustomer { email: CUSTOMER, password: demo::CUSTOMER_PASSWORD };
    // Set only here; the playground reads it.
    let _first = app.demo_customer.set(customer);
    let demo_lines = format!(
        "  {:<11} {CUSTOMER} to customer{CUSTOMERS}@example.com, password {}\n  {:<11} deleted when this stops (Ctrl-C)\n",
        "customers",
        demo::CUSTOMER_PASSWORD,
        "data"
    );
    let signals = Signals::catch()?;
    banner(&app, &listeners, admin.as_ref(), &demo_lines)?;
    until_signal(app, listeners, signals).await
}
