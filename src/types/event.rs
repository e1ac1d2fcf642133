//! The kinds of events, and the kinds of actors that cause them.

use std::fmt;
use std::str::FromStr;

use sea_orm::prelude::StringLen;
use sea_orm::{DeriveActiveEnum, EnumIter};

/// The kinds of events, each with its name in the API and in the database.
macro_rules! event_kinds {
    ($($(#[doc = $doc:literal])* $kind:ident = $name:literal,)*) => {
        /// The kind of an event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
        #[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
        pub enum EventKind {
            $($(#[doc = $doc])* #[sea_orm(string_value = $name)] $kind,)*
        }

        impl EventKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// Its name in the API and in the database.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

event_kinds! {
    /// A customer was registered, created or imported.
    CustomerCreated = "customer.created",
    /// A customer was changed, apart from its password.
    CustomerUpdated = "customer.updated",
    /// A customer was deleted, and its data erased.
    CustomerDeleted = "customer.deleted",
    /// The password of a customer was changed.
    PasswordChanged = "password.changed",
    /// A customer logged in.
    SessionCreated = "session.created",
    /// Sessions of a customer were ended.
    SessionRevoked = "session.revoked",
    /// An address was added.
    AddressCreated = "address.created",
    /// An address was changed.
    AddressUpdated = "address.updated",
    /// An address was deleted.
    AddressDeleted = "address.deleted",
    /// A customer group was created.
    GroupCreated = "group.created",
    /// A customer group was changed.
    GroupUpdated = "group.updated",
    /// A customer group was deleted.
    GroupDeleted = "group.deleted",
    /// A custom field was defined.
    MetafieldDefinitionCreated = "metafield_definition.created",
    /// The definition of a custom field was changed.
    MetafieldDefinitionUpdated = "metafield_definition.updated",
    /// The definition of a custom field was deleted.
    MetafieldDefinitionDeleted = "metafield_definition.deleted",
    /// An admin was created.
    AdminCreated = "admin.created",
    /// An admin was enabled or disabled, or its password was changed.
    AdminUpdated = "admin.updated",
    /// An admin logged in.
    AdminSessionCreated = "admin_session.created",
    /// Sessions of an admin were ended.
    AdminSessionRevoked = "admin_session.revoked",
    /// A webhook endpoint was created.
    WebhookEndpointCreated = "webhook_endpoint.created",
    /// The URL, the event filters or the secret of a webhook endpoint was changed.
    WebhookEndpointUpdated = "webhook_endpoint.updated",
    /// A webhook endpoint was deleted.
    WebhookEndpointDeleted = "webhook_endpoint.deleted",
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The error for a text that is not the name of an event kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownEvent;

impl FromStr for EventKind {
    type Err = UnknownEvent;

    fn from_str(name: &str) -> Result<Self, UnknownEvent> {
        Self::ALL.iter().find(|kind| kind.name() == name).copied().ok_or(UnknownEvent)
    }
}

/// Whether a filter matches this kind. A filter is a name, a noun (`customer.*`), or `*` for all kinds.
pub fn filter_matches(filter: &str, kind: EventKind) -> bool {
    match filter.strip_suffix('*') {
        Some("") => true,
        Some(noun) => noun.ends_with('.') && kind.name().starts_with(noun),
        None => filter == kind.name(),
    }
}

/// The kind of actor that caused an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)", rename_all = "snake_case")]
pub enum Actor {
    /// A client without a token.
    Anonymous,
    /// A customer.
    Customer,
    /// An admin.
    Admin,
    /// The program itself, or the operator by a command.
    System,
}

#[cfg(test)]
mod tests {
    use super::{EventKind, filter_matches};

    #[test]
    fn names_parse_to_their_kinds() {
        for kind in EventKind::ALL {
            assert_eq!(kind.name().parse(), Ok(*kind));
        }
        assert!("customer.*".parse::<EventKind>().is_err());
    }

    #[test]
    fn filters_match_names_nouns_and_everything() {
        for (filter, matches) in [
            ("*", true),
            ("customer.*", true),
            ("customer.created", true),
            ("customer.deleted", false),
            ("cust*", false),
            ("customer", false),
            ("", false),
        ] {
            assert_eq!(filter_matches(filter, EventKind::CustomerCreated), matches, "{filter}");
        }
    }
}
