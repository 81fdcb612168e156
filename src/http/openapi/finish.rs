//! What holds for the whole document: title, tags, the credential, headers of every answer, and that
//! objects have no other fields than those named.

use std::collections::BTreeMap;

use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::{Tag, TagBuilder};
use utoipa::openapi::{
    Header, HeaderBuilder, InfoBuilder, LicenseBuilder, ObjectBuilder, OpenApi, Ref, RefOr, Response, Schema, Server,
    Type,
};

use super::failures;

/// The name of the one way to say who is asking.
const CREDENTIAL: &str = "credential";
const REQUEST_ID: &str = "X-Request-Id";
/// What routes say of a body that need not be there: the macro calls every body required.
const MAY_BE_LEFT_OUT: &str = "May be left out.";
const JSON: &str = "application/json";
/// JSON as the first media type of a body. They stand in the order of their names, and generated clients send the
/// first one. No media type begins like this.
const JSON_FIRST: &str = "!application/json";

const DESCRIPTION: &str = "\
Scores of AI-support conversations while they happen, the health of every account, and circuit breakers that pause \
the AI for an account before the customer is lost.

- Every answer has `X-Request-Id`, the client's own if that was 1 to 128 characters of `[A-Za-z0-9._-]`.
- Every failure has one form: `error` for people, `code` for programs, `requestId`, and `details` where there is \
something to point at. An address that does not exist is a 404 of this form, a method that it does not have a 405 \
with `Allow`.
- Ids are UUIDs, with or without the prefix of their kind; answers have them bare and in lower case.
- Unknown fields of a body and unknown or repeated query parameters are refused.
- Keys that begin with `sf_test_v1_` see the test side of each workspace, all other credentials the live side.";

const CREDENTIALS: &str = "\
An API key (`sf_live_v1_…`, `sf_test_v1_…`) or a JWT of the configured issuer. Scopes: `quality:read`, \
`quality:write`, `events:write`, `admin`; `server` stands in server keys alone, which are made on the data directory.";

const TAGS: [(&str, &str); 14] = [
    ("Quality", "Scores, statistics and the health of accounts."),
    ("Calibration", "Customers' ratings beside the scores, and profiles fitted to them."),
    (
        "Circuit breakers",
        "Open stops on an account, a workspace, a channel or an intent. A person acknowledges and resolves them.",
    ),
    ("Configuration", "What a workspace side calls low, and when its breakers trip."),
    ("Gate", "What a pipeline asks before the AI answers. From memory."),
    ("Stream", "What happens, as it happens."),
    ("Events", "What happened, as CloudEvents 1.0."),
    ("Webhooks", "Where what happens is sent, signed, in order, and again until it has arrived."),
    ("Ratings", "What customers say themselves, and how they are asked."),
    ("Erasure", "Takes a conversation or a contact out of state, and in time out of every file."),
    ("Administration", "Workspaces and API keys of a tenant; of every tenant with a server key."),
    ("Sign-in", "Whom a credential stands for, and where people get one."),
    ("Documentation", "This document. For everybody."),
    ("Operation", "Snapshots, journal, export and status. Server keys alone."),
];

/// Completes what the routes say.
pub fn finish(mut document: OpenApi) -> OpenApi {
    let license =
        LicenseBuilder::new().name(env!("CARGO_PKG_LICENSE")).identifier(Some(env!("CARGO_PKG_LICENSE"))).build();
    document.info = InfoBuilder::new()
        .title("Tripswitch")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .license(Some(license))
        .build();
    document.servers = Some(vec![Server::new("/")]);
    document.tags = Some(tags());
    let mut referred = BTreeMap::new();
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        complete(operation);
        referred.extend(references(operation));
    }
    failures::share(&mut document, referred);
    let components = document.components.get_or_insert_default();
    components.responses.values_mut().for_each(name_request);
    components.headers.insert(REQUEST_ID.to_owned(), request_id().into());
    let credential = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(CREDENTIALS)).build();
    components.add_security_scheme(CREDENTIAL, SecurityScheme::Http(credential));
    components.schemas.values_mut().for_each(close);
    document
}

/// The document as text: two spaces a level, one newline at the end.
pub fn text(document: &OpenApi) -> String {
    let mut text = document.to_pretty_json().expect("a document is plain data");
    text.push('\n');
    text.replace(JSON_FIRST, JSON)
}

fn tags() -> Vec<Tag> {
    let tag = |(name, description)| TagBuilder::new().name(name).description(Some(description)).build();
    TAGS.into_iter().map(tag).collect()
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, options, head, patch, trace, .. } = item;
    [get, put, post, delete, options, head, patch, trace].into_iter().flatten()
}

fn complete(operation: &mut Operation) {
    let scopes = scopes(operation.security.as_deref().unwrap_or_default());
    if !scopes.is_empty() {
        let names: Vec<_> = scopes.iter().map(|scope| format!("`{scope}`")).collect();
        let needs = format!("Needs the scope {}.", names.join(" or "));
        let said = operation.description.take().filter(|said| !said.is_empty());
        operation.description = Some(said.map_or(needs.clone(), |said| format!("{said}\n\n{needs}")));
        operation.extensions = Some(ExtensionsBuilder::new().add("x-required-scopes", scopes).build());
    }
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        if body.description.as_deref() == Some(MAY_BE_LEFT_OUT) {
            body.required = None;
        }
        body.content = std::mem::take(&mut body.content)
            .into_iter()
            .map(|(name, content)| (if name == JSON { JSON_FIRST.to_owned() } else { name }, content))
            .collect();
    }
    operation.responses.responses.values_mut().for_each(name_request);
}

/// Says that the response has a request id.
fn name_request(response: &mut RefOr<Response>) {
    if let RefOr::T(Response { headers, .. }) = response {
        headers.insert(REQUEST_ID.to_owned(), RefOr::Ref(Ref::new("#/components/headers/X-Request-Id")));
    }
}

/// The shared responses of an operation, by their names, with their status.
fn references(operation: &Operation) -> impl Iterator<Item = (String, u16)> {
    operation.responses.responses.iter().filter_map(|(status, response)| match response {
        RefOr::Ref(reference) => {
            let name = reference.ref_location.rsplit('/').next().unwrap_or_default();
            status.parse().ok().map(|status| (name.to_owned(), status))
        }
        RefOr::T(_) => None,
    })
}

/// Any one of these is enough. For a bearer credential OpenAPI 3.1 has them in the requirement.
fn scopes(requirements: &[SecurityRequirement]) -> Vec<String> {
    let named = |requirement| {
        let scopes = serde_json::to_value(requirement).unwrap_or_default();
        scopes[CREDENTIAL].as_array().cloned().unwrap_or_default()
    };
    let scopes = requirements.iter().flat_map(named);
    scopes.filter_map(|scope| scope.as_str().map(str::to_owned)).collect()
}

fn request_id() -> Header {
    let schema = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[A-Za-z0-9._-]{1,128}$"));
    HeaderBuilder::new().schema(Some(schema)).description(Some("Names this request.")).build()
}

/// Objects have exactly the fields that they name, unless they say otherwise.
fn close(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) => {
            if !object.properties.is_empty() && object.additional_properties.is_none() {
                object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
            }
            object.properties.values_mut().for_each(close);
        }
        RefOr::T(Schema::Array(array)) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                close(items);
            }
        }
        RefOr::T(Schema::OneOf(one_of)) => one_of.items.iter_mut().for_each(close),
        RefOr::T(Schema::AnyOf(any_of)) => any_of.items.iter_mut().for_each(close),
        // Part of an `allOf` knows only its own fields.
        RefOr::T(_) | RefOr::Ref(_) => {}
    }
}
