//! The page at `/` (R12.1): what `web/` was built to (`web/dist`), out of the binary. It loads nothing from another
//! host, and its policy forbids that too.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{LazyLock, OnceLock};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::{Embed, EmbeddedFile};

use super::App;
use super::assets::Asset;
use super::error::ApiError;
use super::etag::tagged;
use super::weight::weight;

#[derive(Embed)]
#[folder = "web/dist"]
struct Dist;

/// What follows is where the page may connect to.
const POLICY: &str = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'; connect-src 'self'";

const PAGE: &str = "index.html";
/// Names of files in here change with their content.
const HASHED: &str = "assets/";

/// The page and its files.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/", get(page))
        .route("/favicon.svg", get(named))
        .route("/licenses.txt", get(named))
        .route("/assets/{file}", get(named))
}

async fn page(State(app): State<App>, headers: HeaderMap) -> Result<Response, ApiError> {
    let policy = match &app.web.sign_in {
        Some(sign_in) => format!("{POLICY} {}", sign_in.origin).parse().map_err(|_| ApiError::internal())?,
        None => HeaderValue::from_static(POLICY),
    };
    let mut response = answer(PAGE, &headers).await?;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

/// The file that has the name of the address.
async fn named(uri: Uri, headers: HeaderMap) -> Result<Response, ApiError> {
    answer(uri.path().strip_prefix('/').unwrap_or_default(), &headers).await
}

/// A file; 404 for any other name.
async fn answer(name: &str, headers: &HeaderMap) -> Result<Response, ApiError> {
    let file = FILES.get(name).ok_or_else(ApiError::not_found)?;
    let packed = if takes_gzip(headers) { file.packed().await } else { None };
    let (bytes, form) = packed.map_or((file.bytes, ""), |packed| (packed, "-gzip"));
    let (content_type, gzipped) = (file.media_type.to_owned(), packed.is_some());
    // Another form is another thing to have already.
    let tag = format!("\"{}{form}\"", file.hash);
    let mut response = tagged(headers, &tag, || Asset { bytes: bytes.into(), content_type, gzipped }.into_response())?;
    let headers = response.headers_mut();
    // A browser takes the headers of a 304 for those of what it has, so they are the same.
    headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
    let kept = if name.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    Ok(response)
}

/// By their names. None of them is looked for on a disk.
static FILES: LazyLock<BTreeMap<String, File>> = LazyLock::new(|| {
    let embedded = Dist::iter().filter_map(|name| Some((name.to_string(), File::new(&name, Dist::get(&name)?)?)));
    embedded.collect()
});

struct File {
    bytes: &'static [u8],
    media_type: &'static str,
    /// Of the bytes.
    hash: String,
    /// Made when it is asked for first; none where it is no shorter.
    packed: OnceLock<Option<Vec<u8>>>,
}

impl File {
    fn new(name: &str, embedded: EmbeddedFile) -> Option<Self> {
        let hash = embedded.metadata.sha256_hash()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        // What is in the binary is borrowed from there.
        let std::borrow::Cow::Borrowed(bytes) = embedded.data else { return None };
        Some(Self { bytes, media_type: media_type(name), hash, packed: OnceLock::new() })
    }

    /// With gzip. Making that takes milliseconds: not on a thread that answers.
    async fn packed(&'static self) -> Option<&'static [u8]> {
        let made = match self.packed.get() {
            Some(made) => made,
            None => tokio::task::spawn_blocking(|| self.packed.get_or_init(|| gzip(self.bytes))).await.ok()?,
        };
        made.as_deref()
    }
}

fn gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish()).ok()?;
    (written.len() < bytes.len()).then_some(written)
}

/// Browsers are told to guess nothing.
fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("txt") => "text/plain; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some(_) | None => "application/octet-stream",
    }
}

/// Whether `Accept-Encoding` wants gzip, and not rather what is not packed (RFC 9110, 12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let sent = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let (mut gzip, mut any, mut plain) = (None, None, None);
    for coding in sent.flat_map(|value| value.split(',')) {
        let mut parts = coding.split(';').map(str::trim);
        let named = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => &mut gzip,
            "*" => &mut any,
            "identity" => &mut plain,
            _ => continue,
        };
        *named = Some(weight(parts));
    }
    gzip.or(any).is_some_and(|gzip| gzip > 0 && plain.is_none_or(|plain| gzip >= plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r12_1_gzip_goes_to_who_wants_it() {
        let takes = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
            }
            takes_gzip(&headers)
        };
        for values in [
            &["gzip"][..],
            &["gzip, deflate, br, zstd"],
            &["br", "GZIP"],
            &["x-gzip;q=0.1"],
            &["*"],
            &["br;q=1.0, gzip ; Q=0.8, *;q=0"],
            &["identity;q=0.5, gzip"],
            &["gzip;q=much"],
        ] {
            assert!(takes(values), "{values:?}");
        }
        for values in [
            &[][..],
            &[""],
            &["br, deflate"],
            &["identity"],
            &["gzip;q=0"],
            &["gzip;q=0.000, *"],
            &["*;q=0"],
            &["gzip;q=0.4, identity;q=0.5"],
            &["gzipped"],
        ] {
            assert!(!takes(values), "{values:?}");
        }
    }

    #[test]
    fn r12_1_browsers_are_told_what_each_file_is() {
        assert!(FILES.contains_key(PAGE) && FILES.contains_key("favicon.svg"));
        for (name, file) in &*FILES {
            assert_ne!(file.media_type, "application/octet-stream", "{name}");
        }
    }

    #[test]
    fn r12_1_what_gets_no_shorter_is_not_packed() {
        assert_eq!(gzip(b"abc"), None);
        assert!(gzip(&[b'a'; 1_000]).is_some_and(|packed| packed.len() < 50));
    }
}
