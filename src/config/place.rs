//! Messages about settings that were found invalid when they were used, such as an address that can't be listened on.

use super::flags::Flags;
use super::settings::find;
use super::values::Values;

/// A message that begins with the variable of a setting, with the name under which the operator set it instead: the flag,
/// or the settings file and its key. Returns any other message unchanged.
pub fn with_place(message: &str, flags: &Flags) -> String {
    let renamed = message.split_once(": ").filter(|(variable, _)| find(variable).is_some());
    match (renamed, Values::gather(flags)) {
        // Without a URL, the database is in the data folder.
        (Some(("DATABASE_URL", rest)), Ok(values)) if !values.sets("DATABASE_URL") => {
            format!("{}: {rest}", values.place("PATRON_DATA_DIR"))
        }
        (Some((variable, rest)), Ok(values)) => format!("{}: {rest}", values.place(variable)),
        _ => message.to_owned(),
    }
}
