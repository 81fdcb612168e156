//! What a customer says is recorded, once, and may be changed for a day.

use serde_json::{Value, json};
use tripswitch::domain::time::{DAY, HOUR};

use super::{asked, chosen, heading, helped, link_for, open, page, records, send};
use crate::support::world::{ACCOUNT, WORKSPACE, World, conversation, conversation_id, event};

/// What the explanation has of the rating.
async fn rated(world: &World, n: u32) -> Option<Value> {
    let body = world.server.get(&(conversation(n) + "/explanation"), &world.key).await.expect(200);
    let mut signals = body["scoring"]["dimensions"][0]["signals"].as_array().expect("signals").iter();
    signals.find(|signal| signal["signal"] == "rating").cloned()
}

async fn composite(world: &World, n: u32) -> f64 {
    let body = world.server.get(&conversation(n), &world.key).await.expect(200);
    body["compositeScore"].as_f64().expect("a score")
}

#[tokio::test]
async fn r13_2_a_rating_is_recorded_and_scores_the_conversation_anew() {
    let (world, path) = asked().await;
    assert_eq!(rated(&world, 1).await, None);
    let (before, score) = (records(&world).await, composite(&world, 1).await);
    let answer = send(&world, &path, "lang=en&rating=1&comment=It+never+came.").await;
    let text = page(&answer, 200);
    assert_eq!(heading(text), "Thank you!");
    for part in ["Very dissatisfied", "It never came.", "2026-03-26, 10:00 UTC"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(records(&world).await, before + 1);
    assert!(rated(&world, 1).await.is_some());
    assert!(composite(&world, 1).await < score);
}

#[tokio::test]
async fn r13_2_an_answer_can_be_changed_for_a_day_and_not_after() {
    let (world, path) = asked().await;
    page(&send(&world, &path, "rating=2&comment=Slow").await, 200);
    let low = composite(&world, 1).await;
    world.server.clock.advance(DAY - 1);
    let form = open(&world, &path).await;
    let text = page(&form, 200);
    assert_eq!(chosen(text), Some("2"));
    assert!(text.contains("You can change your answer until") && text.contains("2026-03-26T10:00:00.000Z"), "{text}");
    assert_eq!(chosen(page(&open(&world, &format!("{path}?rating=5")).await, 200)), Some("5"), "as the address says");
    let changed = send(&world, &path, "rating=5").await;
    assert!(page(&changed, 200).contains("2026-03-26, 10:00 UTC"), "the day goes by the first answer");
    assert!(composite(&world, 1).await > low);

    world.server.clock.advance(1);
    let (before, score) = (records(&world).await, composite(&world, 1).await);
    assert_eq!(heading(page(&open(&world, &path).await, 409)), "You have already answered");
    for form in ["rating=1", "rating=5", ""] {
        page(&send(&world, &path, form).await, 409);
    }
    assert_eq!((records(&world).await, composite(&world, 1).await), (before, score));
}

#[tokio::test]
async fn r13_2_the_same_again_is_no_further_record() {
    let (world, path) = asked().await;
    page(&send(&world, &path, "rating=4").await, 200);
    let before = records(&world).await;
    for _ in 0..5 {
        assert_eq!(heading(page(&send(&world, &path, "rating=4").await, 200)), "Thank you!");
    }
    assert_eq!(records(&world).await, before);
    let again = link_for(&world, 1).await;
    assert_eq!(chosen(page(&open(&world, &again).await, 200)), Some("4"), "another link for the same end is as good");
}

#[tokio::test]
async fn r13_2_an_answer_can_be_changed_twenty_times() {
    let (world, path) = asked().await;
    let rating = |n: u32| format!("rating={}", n % 2 + 1);
    for n in 0..=20 {
        page(&send(&world, &path, &rating(n)).await, 200);
    }
    let before = records(&world).await;
    page(&send(&world, &path, &rating(21)).await, 409);
    assert_eq!(records(&world).await, before);
}

#[tokio::test]
async fn r13_2_a_link_is_for_one_end_of_a_conversation() {
    let (world, path) = asked().await;
    page(&send(&world, &path, "rating=5").await, 200);
    world.server.clock.advance(HOUR);
    let of = |more: Value| {
        let mut data = json!({"conversationId": conversation_id(1), "accountId": ACCOUNT});
        data.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        data
    };
    let again = event("again", "conversation.status_changed", of(json!({"status": "open"})));
    let message = event("more", "message.received", of(json!({"text": "Quillfeather is broken after all."})));
    let end = event("end", "conversation.resolved", of(json!({"resolution": "human_resolved"})));
    world.send(WORKSPACE, &world.key, &[again, message]).await;
    let early = link_for(&world, 1).await;
    world.send(WORKSPACE, &world.key, &[end]).await;
    let before = records(&world).await;
    for form in ["rating=1", "rating=5"] {
        let refused = send(&world, &path, form).await;
        assert_eq!(heading(page(&refused, 410)), "There is a newer link");
    }
    page(&open(&world, &path).await, 410);
    assert_eq!(records(&world).await, before);
    for newer in [early, link_for(&world, 1).await] {
        page(&send(&world, &newer, "rating=2").await, 200);
    }
}

#[tokio::test]
async fn r13_2_a_restart_changes_nothing_for_a_customer() {
    let (world, path) = asked().await;
    page(&send(&world, &path, "rating=3&comment=So+so").await, 200);
    let world = world.restarted().await;
    assert_eq!(chosen(page(&open(&world, &path).await, 200)), Some("3"));
    page(&send(&world, &path, "rating=4").await, 200);
    world.server.clock.advance(DAY);
    page(&send(&world, &path, "rating=5").await, 409);
}

#[tokio::test]
async fn r13_2_each_conversation_has_its_own() {
    let (world, first) = asked().await;
    world.send(WORKSPACE, &world.key, &helped(2)).await;
    let second = link_for(&world, 2).await;
    page(&send(&world, &first, "rating=5").await, 200);
    assert_eq!(chosen(page(&open(&world, &second).await, 200)), None);
    assert_eq!((rated(&world, 1).await.is_some(), rated(&world, 2).await), (true, None));
}
