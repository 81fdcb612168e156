//! `/api/sign-in`, and what the page may connect to (R2.13b, R12.1).

use std::sync::Arc;

use serde_json::json;
use tripswitch::http::{Limits, SignIn, Web, Wire};
use tripswitch::ids::SeededIds;

use crate::support::world::World;
use crate::support::{Server, Setup};

/// A server on whose page people sign in at an issuer.
async fn with_issuer() -> World {
    let sign_in = SignIn {
        issuer: "https://acme.kinde.com/x".into(),
        origin: "https://acme.kinde.com".into(),
        client_id: "0f3c8a".into(),
        audience: Some("https://api".into()),
    };
    let web = Web { sign_in: Some(Arc::new(sign_in)), ..Web::default() };
    let wire = Wire { web, ..Wire::new(Limits::default(), Arc::new(SeededIds::new(3))) };
    World::of(Server::start(Setup { wire, ..Setup::default() }).await).await
}

#[tokio::test]
async fn r2_13b_everybody_is_told_where_people_sign_in() {
    let world = with_issuer().await;
    let expected = json!({"issuer": "https://acme.kinde.com/x", "clientId": "0f3c8a", "audience": "https://api"});
    for key in ["", world.key.as_str(), "sf_live_v1_wrong"] {
        assert_eq!(world.server.get("/api/sign-in", key).await.expect(200), expected);
    }
    let nowhere = json!({"issuer": null, "clientId": null, "audience": null});
    assert_eq!(World::start().await.server.get("/api/sign-in", "").await.expect(200), nowhere);
    assert_eq!(world.server.get("/api/sign-in?x=1", "").await.fails(400, "invalid_request").pointers(), ["/x"]);
}

#[tokio::test]
async fn r12_1_the_page_may_connect_to_the_issuer_and_nowhere_else() {
    let policy =
        |world: World| async move { world.server.get("/", "").await.header("content-security-policy").to_owned() };
    let connects = |policy: &str| policy.split("connect-src ").nth(1).map(str::to_owned);
    assert_eq!(connects(&policy(with_issuer().await).await).as_deref(), Some("'self' https://acme.kinde.com"));
    assert_eq!(connects(&policy(World::start().await).await).as_deref(), Some("'self'"));
}
