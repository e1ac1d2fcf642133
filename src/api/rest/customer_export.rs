//! Downloads of customers: those that a filter finds, as a file that is sent while it is written.

use axum::body::Body;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;
use serde_json::Value;

use super::documented_failures::InvalidExport;
use super::response::NotStored;
use crate::app::ctx::AdminCtx;
use crate::error::Error;
use crate::http::Failure;
use crate::http::failure::documented::{AdminOnly, Failing, Read};
use crate::server::Streamed;
use crate::service::export::FilteredExport;
use crate::transfer::{CsvFormat, ExportColumns, FileError, Format, PartWriter};

/// The format of a file of customers.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ExportFormat {
    /// Comma-separated values, with the columns of `patron export`.
    #[default]
    Csv,
    /// A JSON object on each line.
    Ndjson,
}

/// The parameters of an export, which the query string has.
#[derive(Deserialize)]
pub(super) struct ExportParameters {
    #[serde(default)]
    format: ExportFormat,
    filter: Option<String>,
    /// Whether only the headers of the response are requested.
    #[serde(skip)]
    is_head: bool,
}

/// Not a handler's argument of type `Query`, because utoipa would expect it to describe itself.
impl<S: Send + Sync> FromRequestParts<S> for ExportParameters {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failure> {
        let Query(parameters) = Query::<Self>::try_from_uri(&parts.uri).map_err(|_| {
            Error::invalid(
                "format",
                "The query string takes a format, csv or ndjson, and a filter, each once",
            )
        })?;
        Ok(Self { is_head: parts.method == Method::HEAD, ..parameters })
    }
}

/// A file whose parts are written when the client has read the earlier ones.
struct ExportFile {
    export: FilteredExport,
    writer: PartWriter,
}

/// Download customers
///
/// The file has the columns and the order of `patron export`, without password hashes. It is sent while it is written. If it
/// can't be completed, the connection is reset. At most four exports run at once, two of each admin, and each for
/// at most an hour.
#[utoipa::path(
    get,
    path = "/api/customers/export",
    tag = "customers",
    params(
        ("format" = Option<String>, Query, description = "`csv` (the default) or `ndjson`", pattern = "^(csv|ndjson)$"),
        ("filter" = Option<String>, Query, description = "JSON with the names of `CustomerFilter` in GraphQL; without it, all customers"),
    ),
    security(("admin" = [])),
    responses(
        (status = 200, description = "The customers that the filter finds", content((String = "text/csv"), (String = "application/x-ndjson")),
         headers(("Content-Disposition" = String, description = "Makes browsers save the document as a file"))),
        Failing<(AdminOnly, InvalidExport, Read)>,
    )
)]
pub(super) async fn export_customers(
    ctx: AdminCtx,
    parameters: ExportParameters,
) -> Result<Response, Failure> {
    let ExportParameters { format, filter, is_head } = parameters;
    let filter: Option<Value> = filter
        .map(|filter| serde_json::from_str(&filter))
        .transpose()
        .map_err(|error| Error::invalid("filter", format!("The filter is not valid JSON: {error}")))?;
    if is_head {
        FilteredExport::check(&ctx, filter.as_ref()).await?;
        return Ok(respond(format, Body::from_stream(stream::empty::<Result<Vec<u8>, Error>>())));
    }
    let (export, definitions) = FilteredExport::begin(ctx, filter.as_ref()).await?;
    let addresses = match format {
        ExportFormat::Csv => export.max_addresses().await?,
        ExportFormat::Ndjson => 0,
    };
    let columns = ExportColumns { definitions, addresses, with_hashes: false };
    let writer = PartWriter::new(format.into(), columns).map_err(Error::internal)?;
    let mut file = ExportFile { export, writer };
    // Before the head is sent, so that an unavailable database is a failure and not an incomplete file.
    let first = file.next_part().await?;
    let parts = stream::try_unfold((Some(first), file), |(first, file)| send(first, file));
    Ok(respond(format, Body::from_stream(parts)))
}

/// What is left of a file, beginning with a part that was already written.
type Rest = (Option<Vec<u8>>, ExportFile);

/// The next part of a file, and the rest of it; `None` at the end.
async fn send(written: Option<Vec<u8>>, mut file: ExportFile) -> Result<Option<(Vec<u8>, Rest)>, Error> {
    let part = match written {
        Some(part) => part,
        None => file.next_part().await.inspect_err(|error| {
            let request_id = file.export.request_id();
            tracing::warn!(request_id, %error, "an export could not be completed");
        })?,
    };
    Ok((!part.is_empty()).then_some((part, (None, file))))
}

impl ExportFile {
    /// Reads and writes the next customers. The part is empty at the end of the file.
    async fn next_part(&mut self) -> Result<Vec<u8>, Error> {
        let customers = self.export.next().await?;
        self.writer.write(customers).map_err(|error| match error {
            FileError::MoreAddresses => Error::unavailable(error.to_string()),
            error => Error::internal(error),
        })
    }
}

fn respond(format: ExportFormat, body: Body) -> Response {
    let (content_type, disposition) = match format {
        ExportFormat::Csv => {
            ("text/csv; charset=utf-8; header=present", "attachment; filename=\"customers.csv\"")
        }
        ExportFormat::Ndjson => ("application/x-ndjson", "attachment; filename=\"customers.ndjson\""),
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static(disposition)),
    ];
    let mut response = NotStored((headers, body)).into_response();
    response.extensions_mut().insert(Streamed);
    response
}

impl From<ExportFormat> for Format {
    fn from(format: ExportFormat) -> Self {
        match format {
            ExportFormat::Csv => Self::Csv(CsvFormat::with_delimiter(b',')),
            ExportFormat::Ndjson => Self::Ndjson,
        }
    }
}
