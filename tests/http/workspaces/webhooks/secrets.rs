//! Secrets: rotated, tried out, and not to be found in any file.

use super::*;
use crate::support::world::{ACCOUNT, low_score};
use crate::support::{NOW, Server, Setup, witness};

#[tokio::test]
async fn r8_3_after_a_rotation_both_secrets_sign_until_the_grace_is_over() {
    let hooked = Hooked::start().await;
    let mut receiver = Receiver::start().await;
    let made = hooked.make(&receiver.url, &["conversation.scored"]).await;
    let old = made["secret"].as_str().expect("a secret");
    let path = format!("{}/rotate-secret", path_of(&made));
    let rotated = hooked.post(&path, &json!({"graceHours": 1}), 200).await;
    let new = rotated["secret"].as_str().expect("a secret");
    assert_ne!(old, new);
    hooked.world.send(WORKSPACE, &hooked.world.key, &[low_score(1, ACCOUNT)]).await;
    let message = receiver.next().await;
    assert_eq!(message.header("webhook-signature").split(' ').count(), 2);
    assert!(message.is_signed_with(old) && message.is_signed_with(new));
    hooked.world.server.clock.advance(3_600_000);
    hooked.world.send(WORKSPACE, &hooked.world.key, &[low_score(2, ACCOUNT)]).await;
    let message = receiver.next().await;
    assert!(!message.is_signed_with(old) && message.is_signed_with(new));
    let reply = hooked.world.server.post(&at(&path), &hooked.admin, &json!({"graceHours": 169})).await;
    assert_eq!(reply.fails(400, "invalid_request").pointers(), ["/graceHours"]);
    hooked.world.server.post_nothing(&at(&path), &hooked.admin).await.expect(200);
}

#[tokio::test]
async fn r8_3_a_test_sends_one_signed_example_and_tells_what_came_of_it() {
    let hooked = Hooked::start().await;
    let mut receiver = Receiver::start().await;
    let made = hooked.make(&receiver.url, &["breaker.triggered", "breaker.resolved"]).await;
    let path = format!("{}/test", path_of(&made));
    let tried = hooked.post(&path, &json!({}), 200).await;
    let message = receiver.next().await;
    assert!(message.is_signed_with(made["secret"].as_str().expect("a secret")));
    assert_eq!(message.body()["type"], "breaker.triggered");
    assert_eq!(
        tried,
        json!({"type": "breaker.triggered", "messageId": message.header("webhook-id"),
            "attempt": {"at": "2026-03-25T10:00:00.000Z", "status": 200, "error": null, "milliseconds": 0},
            "excerpt": "the receiver's word"})
    );
    receiver.answers(500);
    let tried = hooked.world.server.post_nothing(&at(&path), &hooked.admin).await.expect(200);
    assert_eq!((&tried["attempt"]["status"], &tried["attempt"]["error"]), (&json!(500), &json!("status")));
    let deliveries = hooked.get(&format!("{}/deliveries", path_of(&made))).await;
    assert_eq!(deliveries, json!({"data": []}), "a test is no delivery");
}

#[tokio::test]
async fn r8_3_under_another_secret_an_endpoint_is_disabled_and_can_be_made_anew() {
    let hooked = Hooked::start().await;
    let mut receiver = Receiver::start().await;
    let made = hooked.make(&receiver.url, &["conversation.scored"]).await;
    let Hooked { world, admin } = hooked;
    let World { server, key, tenant_key } = world;
    let (log, now, engine) = (server.log.clone(), NOW, server.engine.clone());
    server.stop().await;
    engine.shutdown().await;
    let setup = Setup { log, now, secret: Some([9; 32]), ..Setup::default() };
    let world = World { server: Server::start(setup).await, key, tenant_key };
    let hooked = Hooked { world, admin };

    let path = path_of(&made);
    let lost = hooked.get(&path).await;
    assert_eq!((&lost["url"], &lost["state"], &lost["enabled"]), (&json!(null), &json!("disabled"), &json!(false)));
    assert!(lost["disabledReason"].as_str().expect("a reason").contains("another secret"), "{lost}");
    let server = &hooked.world.server;
    let reply = server.patch(&at(&path), &hooked.admin, &json!({"enabled": true})).await;
    assert_eq!(reply.fails(400, "invalid_request").pointers(), ["/url"]);
    for action in ["test", "rotate-secret"] {
        server.post_nothing(&at(&format!("{path}/{action}")), &hooked.admin).await.fails(409, "webhook_disabled");
    }
    let back = server.patch(&at(&path), &hooked.admin, &json!({"url": receiver.url})).await.expect(200);
    assert_eq!((&back["state"], &back["types"]), (&json!("active"), &json!(["conversation.scored"])));
    let secret = hooked.post(&format!("{path}/rotate-secret"), &json!({"graceHours": 0}), 200).await["secret"].clone();
    hooked.world.send(WORKSPACE, &hooked.world.key, &[low_score(5, ACCOUNT)]).await;
    assert!(receiver.next().await.is_signed_with(secret.as_str().expect("a secret")));
}

#[tokio::test]
async fn r8_3_neither_journal_nor_export_shows_where_messages_go() {
    let hooked = Hooked::start().await;
    let made = hooked.make("http://127.0.0.1:9/Quillfeather", &["breaker.triggered"]).await;
    let server = &hooked.world.server;
    let operator = hooked.world.server_key().await;
    let export = server.get("/api/admin/export", &operator).await;
    assert_eq!(export.status.as_u16(), 200);
    assert!(export.text.contains(made["id"].as_str().expect("an id")), "the export has it");
    let (secret, journal) = (made["secret"].as_str().expect("a secret"), witness::bytes_of(&server.log));
    for hidden in ["Quillfeather", "127.0.0.1:9", secret, &secret[6..]] {
        assert!(!export.text.contains(hidden), "{hidden}");
        assert!(!journal.windows(hidden.len()).any(|part| part == hidden.as_bytes()), "{hidden}");
    }
}
