//! `/s/{token}/opt-out`: no more mail.

use reqwest::Method;
use serde_json::json;
use tripswitch::domain::event::{Body, EventRecord, Identity};
use tripswitch::domain::follow_up::Address;
use tripswitch::domain::ids::{Side, WorkspaceKey};
use tripswitch::domain::life::ContactMark;
use tripswitch::domain::record::Record;
use tripswitch::domain::time::DAY;

use super::{asked, heading, link_for, open, page, records, send};
use crate::support::world::{WORKSPACE, World, at, conversation_id, id_of};

/// A conversation of a customer who is to be asked by mail, and the path that stops it.
async fn known() -> (World, String) {
    let world = World::start().await;
    let patch = json!({"emailFollowupEnabled": true});
    world.server.patch(&at("csat-config"), &world.key, &patch).await.expect(200);
    let address = Address { mark: ContactMark::unkeyed("anna@example.com"), sealed: [7; 40].into() };
    let created = EventRecord {
        identity: Identity { key: [1; 12], content: 1 },
        time: None,
        conversation: Some(id_of(&conversation_id(1))),
        account: None,
        account_name: None,
        contact: None,
        channel: None,
        intent: None,
        body: Body::ConversationCreated,
        address: Some(address),
    };
    let key = WorkspaceKey { id: id_of(WORKSPACE), side: Side::Live };
    world.server.engine.note(key, Record::Events(vec![created])).await.expect("the engine runs");
    let path = link_for(&world, 1).await;
    (world, format!("{path}/opt-out"))
}

#[tokio::test]
async fn r13_2_mail_is_stopped_by_a_post_alone() {
    let (world, path) = known().await;
    let before = world.fingerprint().await;
    let asks = open(&world, &path).await;
    let text = page(&asks, 200);
    assert_eq!(heading(text), "No more questions by e-mail?");
    assert!(text.contains("<form method=\"post\">") && text.contains("Support of one"), "{text}");
    assert_eq!(world.fingerprint().await, before);

    assert_eq!(heading(page(&send(&world, &path, "").await, 200)), "Done");
    assert!(records(&world).await > before.1);
    let after = records(&world).await;
    for _ in 0..3 {
        assert_eq!(heading(page(&send(&world, &path, "").await, 200)), "Done");
    }
    assert_eq!(records(&world).await, after, "once is enough");
}

#[tokio::test]
async fn r13_2_mail_programs_stop_it_with_one_click() {
    for (kind, body) in [
        ("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"),
        (
            "multipart/form-data; boundary=x",
            "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--",
        ),
        ("text/plain", "\u{ff}"),
    ] {
        let (world, path) = known().await;
        let ask = world.server.ask(Method::POST, &path, "").header("content-type", kind);
        assert_eq!(heading(page(&ask.bytes(body).send().await, 200)), "Done", "{kind}");
    }
    let (world, path) = known().await;
    let nothing = world.server.ask(Method::POST, &path, "").send().await;
    assert_eq!(heading(page(&nothing, 200)), "Done");
    let large = world.server.ask(Method::POST, &path, "").bytes("x".repeat((32 << 10) + 1)).send().await;
    page(&large, 413);
}

#[tokio::test]
async fn r13_2_mail_is_stopped_through_a_link_that_has_expired_or_was_used() {
    let (world, path) = known().await;
    world.server.clock.advance(15 * DAY);
    page(&open(&world, path.trim_end_matches("/opt-out")).await, 410);
    page(&open(&world, &path).await, 200);
    assert_eq!(heading(page(&send(&world, &path, "lang=en").await, 200)), "Done");
}

#[tokio::test]
async fn r13_2_without_an_address_there_is_nothing_to_stop() {
    let (world, path) = asked().await;
    let reply = send(&world, &format!("{path}/opt-out?lang=de"), "List-Unsubscribe=One-Click").await;
    assert_eq!(heading(page(&reply, 200)), "Es gibt nichts zu beenden");
}
