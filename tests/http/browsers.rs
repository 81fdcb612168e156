//! What browsers are told: security headers, and CORS.

use std::sync::Arc;

use reqwest::Method;
use tripswitch::http::{Limits, Web, Wire};
use tripswitch::ids::SeededIds;

use crate::support::world::{World, at};
use crate::support::{Reply, Server, Setup};

const APP: &str = "https://app.example.com";

async fn shared() -> World {
    let origins = Arc::from([APP, "http://localhost:3000"].map(|origin| origin.parse().expect("an origin")));
    let web = Web { origins, ..Web::default() };
    let wire = Wire { web, ..Wire::new(Limits::default(), Arc::new(SeededIds::new(3))) };
    World::of(Server::start(Setup { wire, ..Setup::default() }).await).await
}

fn protected(reply: &Reply, cache: &str) {
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
    assert_eq!(reply.header("referrer-policy"), "no-referrer");
    assert_eq!(reply.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
    assert_eq!(reply.header("cache-control"), cache);
    assert_eq!(reply.header("strict-transport-security"), "", "not without TLS");
}

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let world = World::start().await;
    let cases = [
        (Method::GET, at("csat-config"), "no-store"),
        (Method::GET, at("quality/gate"), "no-cache"),
        (Method::PUT, at("csat-config"), "no-store"),
        (Method::GET, "/nothing".to_owned(), "no-store"),
    ];
    for (method, path, cache) in cases {
        for key in [world.key.as_str(), ""] {
            let reply = world.server.ask(method.clone(), &path, key).send().await;
            let cache = if key.is_empty() { "no-store" } else { cache };
            protected(&reply, cache);
            assert_eq!(reply.header("cross-origin-resource-policy"), "same-origin");
            assert_eq!(reply.header("access-control-allow-origin"), "", "CORS is off");
        }
    }
    let etag = world.server.get(&at("quality/gate"), &world.key).await.header("etag").to_owned();
    let ask = world.server.ask(Method::GET, &at("quality/gate"), &world.key).header("if-none-match", &etag);
    let unchanged = ask.send().await;
    assert_eq!(unchanged.status.as_u16(), 304);
    protected(&unchanged, "no-cache");
}

#[tokio::test]
async fn a_preflight_tells_known_origins_what_they_may() {
    let world = shared().await;
    let ask = |origin: &str| {
        let ask = world.server.ask(Method::OPTIONS, &at("csat-config"), "").header("origin", origin);
        ask.header("access-control-request-method", "PATCH").header("access-control-request-headers", "authorization")
    };
    for origin in [APP, "http://localhost:3000"] {
        let reply = ask(origin).send().await;
        assert_eq!(reply.status.as_u16(), 200);
        assert_eq!(reply.header("access-control-allow-origin"), origin);
        assert_eq!(reply.header("access-control-allow-methods"), "GET,HEAD,POST,PATCH,DELETE");
        let headers =
            "authorization,content-type,content-encoding,if-none-match,x-request-id,last-event-id,traceparent";
        assert_eq!(reply.header("access-control-allow-headers"), headers);
        assert_eq!(reply.header("access-control-max-age"), "600");
        assert_eq!(reply.header("access-control-allow-credentials"), "");
        assert!(reply.header("vary").contains("origin"), "{reply:?}");
        protected(&reply, "no-store");
    }
    for origin in ["https://app.example.com.evil.example", "http://app.example.com", "null", "https://APP.example.com"]
    {
        let reply = ask(origin).send().await;
        let told: Vec<_> = reply.headers.keys().filter(|name| name.as_str().starts_with("access-control-")).collect();
        assert!(told.is_empty(), "{origin}: {told:?}");
    }
}

#[tokio::test]
async fn answers_and_failures_can_be_read_by_known_origins_alone() {
    let world = shared().await;
    let exposed = "etag,x-request-id,retry-after,x-retention-from";
    let cases = [
        (Method::GET, at("csat-config"), world.key.as_str(), 200),
        (Method::GET, at("csat-config"), "", 401),
        (Method::GET, "/nothing".to_owned(), "", 404),
        (Method::PUT, at("csat-config"), world.key.as_str(), 405),
        (Method::PATCH, at("csat-config"), world.key.as_str(), 415),
    ];
    for (method, path, key, status) in cases {
        let ask = |origin: &str| world.server.ask(method.clone(), &path, key).header("origin", origin);
        let reply = ask(APP).send().await;
        reply.expect(status);
        assert_eq!(reply.header("access-control-allow-origin"), APP, "{status}");
        assert_eq!(reply.header("access-control-expose-headers"), exposed, "{status}");
        assert_eq!(reply.header("cross-origin-resource-policy"), "", "{status}");
        let reply = ask("https://evil.example").send().await;
        reply.expect(status);
        assert_eq!(reply.header("access-control-allow-origin"), "", "{status}");
        assert_eq!(reply.header("access-control-expose-headers"), "", "{status}");
    }
}
