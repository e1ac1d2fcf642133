//! Asks before a change of the database, and stops it at Ctrl-C.

use std::io::{IsTerminal, Write};

use crate::cli::exit::CommandFailure;

/// Asks whether to continue, on the terminal.
pub(super) fn confirm(question: &str, yes: bool) -> Result<(), CommandFailure> {
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(CommandFailure::Refused(
            "there is no terminal to confirm the change on; nothing was changed: use --yes".to_owned(),
        ));
    }
    // A closed terminal gives no answer either.
    let _closed = write!(std::io::stderr(), "{question} [y/N] ");
    let mut answer = String::new();
    std::io::stdin()
        .read_line(&mut answer)
        .map_err(|error| CommandFailure::Refused(format!("the answer could not be read: {error}")))?;
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(CommandFailure::Refused("not confirmed; nothing was changed".to_owned())),
    }
}

/// Runs work that can be continued later, until it ends or Ctrl-C is pressed. `remedy`: what continues it.
pub(super) async fn until_interrupted<T, E: Into<CommandFailure>>(
    work: impl Future<Output = Result<T, E>>,
    remedy: &str,
) -> Result<T, CommandFailure> {
    tokio::select! {
        result = work => result.map_err(Into::into),
        Ok(()) = tokio::signal::ctrl_c() => Err(CommandFailure::Refused(format!("interrupted: {remedy}"))),
    }
}
