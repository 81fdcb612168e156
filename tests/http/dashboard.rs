//! The page at `/`, and its files (R12.1).

use std::fs;
use std::io::Read;

use flate2::read::GzDecoder;
use reqwest::Method;

use crate::metrics::Watched;
use crate::support::world::World;

const BUILT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/web/dist");

/// The addresses of what lies in `web/dist`, and its bytes.
fn files() -> Vec<(String, Vec<u8>)> {
    let read = |directory: &str| {
        let entries = fs::read_dir(format!("{BUILT}/{directory}")).expect("a directory of web/dist");
        let paths = entries.map(|entry| entry.expect("an entry of it").path()).filter(|path| path.is_file());
        let named = |path: &std::path::Path| path.file_name().expect("a file's name").to_string_lossy().into_owned();
        let read = move |path: std::path::PathBuf| (named(&path), fs::read(&path).expect("a file of it"));
        paths.map(read).map(|(name, bytes)| (format!("/{directory}{name}"), bytes)).collect::<Vec<_>>()
    };
    let address = |path: String| if path == "/index.html" { "/".to_owned() } else { path };
    read("").into_iter().chain(read("assets/")).map(|(path, bytes)| (address(path), bytes)).collect()
}

#[tokio::test]
async fn r12_1_the_page_is_served_to_everybody_under_its_policy() {
    let world = World::start().await;
    for key in ["", world.key.as_str(), "sf_live_v1_wrong"] {
        // The issuer sends people back with a query.
        for path in ["/", "/?code=c&state=s"] {
            let page = world.server.get(path, key).await;
            assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/html; charset=utf-8"));
            let policy = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; \
                          frame-ancestors 'none'; connect-src 'self'";
            assert_eq!(page.header("content-security-policy"), policy);
            assert_eq!((page.header("cache-control"), page.header("vary")), ("no-cache", "accept-encoding"));
            assert_eq!(page.header("set-cookie"), "");
        }
    }
}

#[tokio::test]
async fn r12_1_the_page_loads_nothing_from_elsewhere_and_has_nothing_inline() {
    let world = World::start().await;
    let page = world.server.get("/", "").await.text;
    for part in ["http://", "https://", "\"//", "<style", " style=", "data:"] {
        assert!(!page.contains(part), "{part} in {page}");
    }
    for script in page.split("<script").skip(1) {
        assert!(script.split('>').next().is_some_and(|tag| tag.contains(" src=\"./assets/")), "{script}");
    }
    for (attribute, link) in
        ["src=\"", "href=\""].into_iter().flat_map(|name| page.split(name).skip(1).map(move |rest| (name, rest)))
    {
        let link = link.split('"').next().unwrap_or_default();
        let path =
            link.strip_prefix('.').unwrap_or_else(|| panic!("{attribute}{link}: a proxy may put a prefix before it"));
        assert_eq!(world.server.get(path, "").await.status.as_u16(), 200, "{link}");
    }
}

#[tokio::test]
async fn r12_1_each_file_comes_as_it_is_or_packed() {
    let world = World::start().await;
    for (path, bytes) in files() {
        let ask = |codings: &str| world.server.ask(Method::GET, &path, "").header("accept-encoding", codings).stream();
        for codings in ["identity", "gzip;q=0"] {
            let plain = ask(codings).await;
            assert!(!plain.headers().contains_key("content-encoding"), "{path}");
            assert_eq!(plain.headers()["vary"], "accept-encoding");
            let kept = if path.starts_with("/assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
            assert_eq!(plain.headers()["cache-control"], kept, "{path}");
            assert_eq!(plain.bytes().await.expect("a whole body"), bytes, "{path}");
        }
        // Made once, and then kept.
        for _ in 0..2 {
            let packed = ask("br, gzip;q=0.8").await;
            assert_eq!(packed.headers()["vary"], "accept-encoding");
            let coding = packed.headers().get("content-encoding").cloned();
            let sent = packed.bytes().await.expect("a whole body");
            let Some(coding) = coding else {
                assert_eq!(sent, bytes, "{path} gets no shorter");
                continue;
            };
            let mut text = Vec::new();
            GzDecoder::new(&*sent).read_to_end(&mut text).expect("gzip");
            assert!(coding == "gzip" && sent.len() < bytes.len() && text == bytes, "{path}");
        }
    }
}

#[tokio::test]
async fn r12_1_who_has_the_page_is_not_sent_it_again() {
    let world = World::start().await;
    for path in ["/", "/favicon.svg"] {
        let ask = |codings: &str, tag: &str| {
            let ask = world.server.ask(Method::GET, path, "").header("accept-encoding", codings);
            ask.header("if-none-match", tag).stream()
        };
        let mut tags = Vec::new();
        for codings in ["identity", "gzip"] {
            let first = ask(codings, "\"other\"").await;
            assert_eq!(first.status(), 200);
            let tag = first.headers()["etag"].to_str().expect("a tag in ASCII").to_owned();
            let again = ask(codings, &tag).await;
            assert_eq!(again.status(), 304);
            // A browser puts them in the place of those that it has.
            for name in ["etag", "vary", "cache-control", "content-security-policy"] {
                assert_eq!(again.headers()[name], first.headers()[name], "{name}");
            }
            assert!(again.bytes().await.expect("no body").is_empty());
            let packed = first.headers().contains_key("content-encoding");
            tags.push((packed, tag));
        }
        assert_eq!(tags[0].1 == tags[1].1, tags[0].0 == tags[1].0, "each form has its own: {tags:?}");
    }
}

#[tokio::test]
async fn r12_1_heads_are_answered_without_the_body() {
    let world = World::start().await;
    for (path, bytes) in files() {
        let head = world.server.ask(Method::HEAD, &path, "").send().await;
        assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""), "{path}");
        assert_eq!(head.header("content-length"), bytes.len().to_string(), "{path}");
    }
}

#[tokio::test]
async fn r2_7_what_the_page_does_not_have_fails_in_the_one_form() {
    let world = World::start().await;
    for path in [
        "/assets/nothing.js",
        "/assets/",
        "/assets/..%2findex.html",
        "/assets/%ff",
        "/assets/a/b.js",
        "/index.html",
        "/favicon.ico",
        "/overview",
    ] {
        world.server.get(path, "").await.fails(404, "not_found");
    }
    for path in ["/", "/favicon.svg", "/assets/nothing.js"] {
        let refused = world.server.post_nothing(path, "").await;
        refused.fails(405, "method_not_allowed");
        assert_eq!(refused.header("allow"), "GET,HEAD");
    }
}

#[tokio::test]
async fn r10_10_files_of_the_page_are_counted_under_one_route() {
    let watched = Watched::start().await;
    let assets: Vec<_> =
        files().into_iter().map(|(path, _)| path).filter(|path| path.starts_with("/assets/")).collect();
    for path in &assets {
        watched.world.server.ask(Method::GET, path, "").stream().await;
    }
    watched.world.server.get("/assets/invented.js", "").await.fails(404, "not_found");
    let page = watched.page().await;
    let asked = |status: &str| {
        let labels = [("method", "GET"), ("route", "/assets/{file}"), ("status", status)];
        page.value("tripswitch_http_requests_total", &labels)
    };
    assert_eq!((asked("200"), asked("404")), (assets.len() as f64, 1.0));
}
