//! What happens to records, and who does it.

use std::fmt;
use std::str::FromStr;

use sea_orm::prelude::StringLen;
use sea_orm::{DeriveActiveEnum, EnumIter};

/// The kinds of events, each with its name in the API and in the database.
macro_rules! event_kinds {
    ($($(#[doc = $doc:literal])* $kind:ident = $name:literal,)*) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
        #[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
        pub enum EventKind {
            $($(#[doc = $doc])* #[sea_orm(string_value = $name)] $kind,)*
        }

        impl EventKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// Its name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

event_kinds! {
    /// A customer was registered, made or imported.
    CustomerCreated = "customer.created",
    /// Something of a customer changed but its password.
    CustomerUpdated = "customer.updated",
    /// A customer was deleted, and what is known of it erased.
    CustomerDeleted = "customer.deleted",
    /// A customer has another password.
    PasswordChanged = "password.changed",
    /// A customer logged in.
    SessionCreated = "session.created",
    /// Sessions of a customer were ended.
    SessionRevoked = "session.revoked",
    /// A customer has a new address.
    AddressCreated = "address.created",
    /// An address changed.
    AddressUpdated = "address.updated",
    /// An address was deleted.
    AddressDeleted = "address.deleted",
    /// A customer group was made.
    GroupCreated = "group.created",
    /// A customer group changed.
    GroupUpdated = "group.updated",
    /// A customer group was deleted.
    GroupDeleted = "group.deleted",
    /// A custom field was defined.
    MetafieldDefinitionCreated = "metafield_definition.created",
    /// The definition of a custom field changed.
    MetafieldDefinitionUpdated = "metafield_definition.updated",
    /// The definition of a custom field was deleted.
    MetafieldDefinitionDeleted = "metafield_definition.deleted",
    /// An admin was made.
    AdminCreated = "admin.created",
    /// An admin was enabled or disabled, or has another password.
    AdminUpdated = "admin.updated",
    /// An admin logged in.
    AdminSessionCreated = "admin_session.created",
    /// Sessions of an admin were ended.
    AdminSessionRevoked = "admin_session.revoked",
    /// Somebody is told of changes from now on.
    WebhookEndpointCreated = "webhook_endpoint.created",
    /// Who is told, of what, or signed with what, changed.
    WebhookEndpointUpdated = "webhook_endpoint.updated",
    /// Somebody is not told of changes any more.
    WebhookEndpointDeleted = "webhook_endpoint.deleted",
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownEvent;

impl FromStr for EventKind {
    type Err = UnknownEvent;

    fn from_str(name: &str) -> Result<Self, UnknownEvent> {
        Self::ALL.iter().find(|kind| kind.name() == name).copied().ok_or(UnknownEvent)
    }
}

/// Whether a filter names this kind: by its name, by all of its noun (`customer.*`), or as any (`*`).
pub fn filter_matches(filter: &str, kind: EventKind) -> bool {
    match filter.strip_suffix('*') {
        Some("") => true,
        Some(noun) => noun.ends_with('.') && kind.name().starts_with(noun),
        None => filter == kind.name(),
    }
}

/// What kind of caller did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)", rename_all = "snake_case")]
pub enum Actor {
    /// Somebody without a token.
    Anonymous,
    /// A customer.
    Customer,
    /// An admin.
    Admin,
    /// The program itself, or who runs its commands.
    System,
}

#[cfg(test)]
mod tests {
    use super::{EventKind, filter_matches};

    #[test]
    fn names_are_read_back() {
        for kind in EventKind::ALL {
            assert_eq!(kind.name().parse(), Ok(*kind));
        }
        assert!("customer.*".parse::<EventKind>().is_err());
    }

    #[test]
    fn filters() {
        for (filter, covered) in [
            ("*", true),
            ("customer.*", true),
            ("customer.created", true),
            ("customer.deleted", false),
            ("cust*", false),
            ("customer", false),
            ("", false),
        ] {
            assert_eq!(filter_matches(filter, EventKind::CustomerCreated), covered, "{filter}");
        }
    }
}
