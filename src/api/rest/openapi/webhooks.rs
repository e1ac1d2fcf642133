//! `webhooks` of the OpenAPI document: the requests that endpoints of webhooks receive, one for each kind of event.

use utoipa::ToSchema;
use utoipa::openapi::path::{OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{AllOfBuilder, AnyOfBuilder, ObjectBuilder, Type};
use utoipa::openapi::{
    ContentBuilder, HttpMethod, PathItem, Paths, PathsBuilder, Ref, RefOr, Required, ResponseBuilder, Schema,
};

use super::event::{AddressSnapshot, CustomerSnapshot, ErasedData, GroupSnapshot, WebhookEvent};
use super::event_records::{
    AdminIdentifier, AdminSnapshot, DefinitionSnapshot, EndpointSnapshot, ExportedData, RecordIdentifier,
    RequestedMail, SessionSnapshot,
};
use crate::types::EventKind;

/// The tag of the requests.
pub(super) const TAG: &str = "webhook events";

/// The requests of all kinds of events, by the names of the events.
pub(super) fn webhooks() -> Paths {
    let add = |paths: PathsBuilder, kind: &EventKind| {
        paths.path(kind.name(), PathItem::new(HttpMethod::Post, operation(*kind)))
    };
    EventKind::ALL.iter().fold(PathsBuilder::new(), add).build()
}

/// The components that the bodies refer to.
pub(super) fn schemas() -> Vec<(String, RefOr<Schema>)> {
    vec![
        component::<WebhookEvent>(),
        component::<ErasedData>(),
        component::<CustomerSnapshot>(),
        component::<AddressSnapshot>(),
        component::<GroupSnapshot>(),
        component::<DefinitionSnapshot>(),
        component::<AdminSnapshot>(),
        component::<EndpointSnapshot>(),
        component::<SessionSnapshot>(),
        component::<AdminIdentifier>(),
        component::<RecordIdentifier>(),
        component::<RequestedMail>(),
        component::<ExportedData>(),
    ]
}

fn component<T: ToSchema>() -> (String, RefOr<Schema>) {
    (T::name().into_owned(), T::schema())
}

fn operation(kind: EventKind) -> OperationBuilder {
    let content = ContentBuilder::new().schema(Some(body(kind))).build();
    let body = RequestBodyBuilder::new().content("application/json", content).required(Some(Required::True));
    let header = |name: &str, description: &str| -> Parameter {
        let text = ObjectBuilder::new().schema_type(Type::String);
        let header = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Header);
        header.required(Required::True).description(Some(description)).schema(Some(text)).build()
    };
    let response = |description: &str| ResponseBuilder::new().description(description).build();
    OperationBuilder::new()
        .tag(TAG)
        .operation_id(Some(format!("on_{}", kind.name().replace('.', "_"))))
        .summary(Some(title(kind)))
        .description(Some(format!("{} The event is `{}`.", kind.description(), kind.name())))
        .parameter(header("webhook-id", "Identifier of the event, the same in each attempt"))
        .parameter(header("webhook-timestamp", "Time of the attempt, in seconds since 1970"))
        .parameter(header(
            "webhook-signature",
            "Signatures as Standard Webhooks specifies, separated by spaces",
        ))
        .request_body(Some(body.build()))
        .response("2XX", response("The event was received"))
        .response("410", response("The endpoint is gone; patron disables it"))
        .response("default", response("The event is sent again later, for three days"))
}

/// The name of an event as a title: `Customer created`.
fn title(kind: EventKind) -> String {
    let words = kind.name().replace("metafield_definition", "custom field").replace(['.', '_'], " ");
    let (first, rest) = words.split_at(1);
    first.to_uppercase() + rest
}

/// The common fields, with the name of this event and the form of its `data`.
fn body(kind: EventKind) -> Schema {
    let name = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([kind.name()]));
    let own = ObjectBuilder::new().schema_type(Type::Object).property("type", name);
    let own = own.property("data", data(kind)).required("data");
    let both = AllOfBuilder::new().item(Ref::from_schema_name(WebhookEvent::name())).item(own);
    Schema::AllOf(both.build())
}

/// The schema of `data`. Deleting a customer erases the data of its earlier events.
fn data(kind: EventKind) -> RefOr<Schema> {
    use EventKind as Kind;
    let (name, can_be_erased) = match kind {
        Kind::CustomerCreated | Kind::CustomerUpdated => (CustomerSnapshot::name(), true),
        Kind::AddressCreated | Kind::AddressUpdated => (AddressSnapshot::name(), true),
        Kind::SessionCreated | Kind::SessionRevoked => (SessionSnapshot::name(), true),
        Kind::AddressDeleted | Kind::PasswordChanged => (RecordIdentifier::name(), true),
        Kind::MailRequested | Kind::MailRetried => (RequestedMail::name(), true),
        Kind::ExportCreated => (ExportedData::name(), true),
        Kind::GroupCreated | Kind::GroupUpdated => (GroupSnapshot::name(), false),
        Kind::MetafieldDefinitionCreated | Kind::MetafieldDefinitionUpdated => {
            (DefinitionSnapshot::name(), false)
        }
        Kind::WebhookEndpointCreated | Kind::WebhookEndpointUpdated => (EndpointSnapshot::name(), false),
        Kind::AdminCreated | Kind::AdminUpdated => (AdminSnapshot::name(), false),
        Kind::AdminSessionCreated | Kind::AdminSessionRevoked | Kind::AdminSessionSteppedUp => {
            (SessionSnapshot::name(), false)
        }
        Kind::SecondFactorEnabled
        | Kind::SecondFactorDisabled
        | Kind::SecondFactorReset
        | Kind::RecoveryCodesCreated
        | Kind::RecoveryCodeUsed => (AdminIdentifier::name(), false),
        Kind::CustomerDeleted
        | Kind::AdminDeleted
        | Kind::GroupDeleted
        | Kind::MetafieldDefinitionDeleted
        | Kind::WebhookEndpointDeleted
        | Kind::WebhookTest
        | Kind::SavedViewCreated
        | Kind::SavedViewUpdated
        | Kind::SavedViewDeleted => (RecordIdentifier::name(), false),
    };
    let record = Ref::from_schema_name(name);
    if !can_be_erased {
        return record.into();
    }
    let erased = Ref::from_schema_name(ErasedData::name());
    Schema::AnyOf(AnyOfBuilder::new().item(record).item(erased).build()).into()
}
