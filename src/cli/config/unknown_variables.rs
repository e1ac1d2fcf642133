//! Variables of the environment that look like settings but are not.

use crate::cli::exit::print_error;
use crate::config::unknown_variables;

/// Warns of them. They are not errors: other programs may use them.
pub(super) fn warn_of_unknown_variables() {
    for (name, nearest) in unknown_variables() {
        let suggestion = nearest.map(|nearest| format!("; did you mean {nearest}?")).unwrap_or_default();
        print_error(&format!("patron: warning: {name} is set, but is not a setting of patron{suggestion}"));
    }
}
