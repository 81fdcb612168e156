//! `/api/openapi.json` and the page at `/docs` (R2.10).

use reqwest::Method;
use reqwest::redirect::Policy;
use tripswitch::http::openapi;

use crate::support::world::World;

#[tokio::test]
async fn r2_10_the_document_is_served_to_everybody() {
    let world = World::start().await;
    for key in ["", world.key.as_str(), "sf_live_v1_wrong"] {
        let reply = world.server.get("/api/openapi.json", key).await;
        reply.expect(200);
        assert_eq!(reply.text, openapi::text());
    }
    let tag = world.server.get("/api/openapi.json", "").await.header("etag").to_owned();
    let ask = |tag: &str| world.server.ask(Method::GET, "/api/openapi.json", "").header("if-none-match", tag);
    let known = ask(&tag).send().await;
    assert_eq!((known.status.as_u16(), known.text.as_str(), known.header("etag")), (304, "", tag.as_str()));
    ask("\"other\"").send().await.expect(200);
}

#[tokio::test]
async fn r2_9_the_document_takes_no_parameters() {
    let world = World::start().await;
    let reply = world.server.get("/api/openapi.json?pretty=1", "").await;
    assert_eq!(reply.fails(400, "invalid_request").pointers(), ["/pretty"]);
    world.server.post_nothing("/api/openapi.json", "").await.fails(405, "method_not_allowed");
}

/// Addresses of other hosts in a text: where something can be loaded from.
fn foreign(text: &str) -> Vec<&str> {
    let starts = text.match_indices("http://").chain(text.match_indices("https://")).chain(text.match_indices("\"//"));
    starts.map(|(at, _)| &text[at..text.len().min(at + 60)]).collect()
}

#[tokio::test]
async fn r2_10_the_page_loads_nothing_from_another_host() {
    let world = World::start().await;
    let page = world.server.get("/docs/", "").await;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/html"));
    let policy = page.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"),
        "{policy}"
    );
    assert_eq!(foreign(&page.text), [""; 0]);
    let inline = page.text.split("<script").skip(1).filter(|script| !script.trim_start().starts_with("src=\"./"));
    assert_eq!(inline.count(), 0, "no script stands in the page itself: {}", page.text);

    let links =
        page.text.split(['"']).filter(|text| text.ends_with(".js") || text.ends_with(".css") || text.ends_with(".png"));
    let mut files = 0;
    for link in links {
        let file = world.server.get_bytes(&format!("/docs/{}", link.trim_start_matches("./"))).await;
        assert!(file.0 == 200 && !file.1.is_empty(), "{link}");
        files += 1;
    }
    assert_eq!(files, 7, "{}", page.text);
    let start = world.server.get("/docs/swagger-initializer.js", "").await;
    assert_eq!(foreign(&start.text), [""; 0]);
    assert!(start.text.contains(r#""url": "../api/openapi.json""#), "{}", start.text);
    // Else the page shows the document to a validator on another host.
    assert!(start.text.contains(r#""validatorUrl": "none""#), "{}", start.text);
    let styles =
        world.server.get("/docs/swagger-ui.css", "").await.text + &world.server.get("/docs/index.css", "").await.text;
    let loads: Vec<_> =
        styles.split("url(").skip(1).filter(|url| !url.trim_start_matches(['"', '\'']).starts_with("data:")).collect();
    assert!(loads.is_empty() && !styles.contains("@import"), "{loads:?}");
}

#[tokio::test]
async fn r2_7_failures_below_the_page_have_the_one_form() {
    let world = World::start().await;
    for path in [
        "/docs/nothing.js",
        "/docs/a/b",
        "/docs/..%2fCargo.toml",
        "/docs/%ff",
        "/docs/index.html/",
        "/docs/docs/index.html",
    ] {
        world.server.get(path, "").await.fails(404, "not_found");
    }
    for path in ["/docs", "/docs/", "/docs/index.html"] {
        world.server.post_nothing(path, "").await.fails(405, "method_not_allowed");
    }
}

#[tokio::test]
async fn r2_10_the_address_without_a_slash_leads_to_the_page() {
    let world = World::start().await;
    let client = tripswitch::outgoing::client().no_proxy().redirect(Policy::none()).build().expect("a plain client");
    let reply = client.get(format!("http://{}/docs", world.server.address)).send().await.expect("the server answers");
    assert_eq!((reply.status().as_u16(), reply.headers()["location"].to_str().unwrap()), (308, "docs/"));
    world.server.get("/docs", "").await.text.contains("swagger-ui").then_some(()).expect("the page");
}
