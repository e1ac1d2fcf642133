//! Lookup of records by their global ID (Relay's Global Object Identification).

use std::fmt;

use async_graphql::{Context, ID, Interface, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::address::CustomerAddress;
use super::customer::Customer;
use super::group::CustomerGroup;
use crate::api::graphql::caller::caller;
use crate::api::graphql::error::ResolverError;
use crate::service::{address, customer, group};

/// An object that has a global ID.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "The global ID, for the field `node`."))]
pub(super) enum Node {
    Customer(Box<Customer>),
    CustomerAddress(Box<CustomerAddress>),
    CustomerGroup(CustomerGroup),
}

/// The type of an object, as part of its global ID.
#[derive(Clone, Copy, Debug)]
pub(super) enum NodeKind {
    Customer,
    CustomerAddress,
    CustomerGroup,
}

impl NodeKind {
    const ALL: [Self; 3] = [Self::Customer, Self::CustomerAddress, Self::CustomerGroup];
}

/// Writes the name of the type in the schema.
impl fmt::Display for NodeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// The global ID of an object. Clients treat it as opaque.
pub(super) fn global_id(kind: NodeKind, uuid: Uuid) -> ID {
    URL_SAFE_NO_PAD.encode(format!("{kind}:{uuid}")).into()
}

/// The type and uuid of a global ID, or `None` if the text is not a valid global ID.
fn parse(id: &ID) -> Option<(NodeKind, Uuid)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(id.as_str()).ok()?).ok()?;
    let (name, uuid) = text.split_once(':')?;
    let kind = NodeKind::ALL.into_iter().find(|kind| kind.to_string() == name)?;
    Some((kind, Uuid::try_parse(uuid).ok()?))
}

/// The object with this global ID, if it exists and the caller may see it.
pub(super) async fn find(ctx: &Context<'_>, id: &ID) -> Result<Option<Node>> {
    let ctx = caller(ctx)?;
    let Some((kind, uuid)) = parse(id) else { return Ok(None) };
    Ok(match kind {
        NodeKind::Customer => {
            let row = customer::find_visible(ctx, uuid).await.map_err(ResolverError)?;
            row.map(|row| Node::Customer(Box::new(row.into())))
        }
        NodeKind::CustomerAddress => {
            let address = address::find_visible(ctx, uuid).await.map_err(ResolverError)?;
            address.map(|(row, customer)| Node::CustomerAddress(Box::new(CustomerAddress { row, customer })))
        }
        NodeKind::CustomerGroup => {
            let row = group::find_visible(ctx, uuid).await.map_err(ResolverError)?;
            row.map(|row| Node::CustomerGroup(row.into()))
        }
    })
}
