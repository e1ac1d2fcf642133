//! The GraphQL type of saved views.

use async_graphql::Object;

use super::date_time::DateTime;
use crate::api::graphql::sized_output::Text;
use crate::entity::saved_view::Model;
use crate::http::urls;
use crate::service::content_version::ContentVersion;

/// A saved view.
pub(super) struct SavedView(Model);

impl From<Model> for SavedView {
    fn from(row: Model) -> Self {
        Self(row)
    }
}

/// A named filter of the list of customers, which only its admin sees. `POST /api/views` saves one.
#[Object]
impl SavedView {
    /// Public identifier.
    async fn uuid(&self) -> String {
        self.0.uuid.to_string()
    }

    /// The name of the view.
    async fn name(&self) -> Text<&str> {
        Text(&self.0.name)
    }

    /// The query string of the page that shows the view. Its fields may no longer exist.
    async fn query(&self) -> Text<&str> {
        Text(&self.0.query)
    }

    /// When the view was saved.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When the view was last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// Version, which depends on the content. A change with the header `If-Match: "<version>"` changes only this version.
    async fn version(&self) -> String {
        self.0.content_version()
    }

    /// URL that updates the view with PATCH.
    async fn update_api(&self) -> String {
        urls::saved_view(self.0.uuid)
    }

    /// URL that deletes the view with DELETE.
    async fn delete_api(&self) -> String {
        urls::saved_view(self.0.uuid)
    }
}
