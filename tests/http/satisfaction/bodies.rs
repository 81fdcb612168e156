//! Bodies as no browser sends them, and as all do.

use std::time::Duration;

use reqwest::Method;
use tripswitch::http::Limits;

use super::{FORM, asked, chosen, heading, helped, link_for, open, page, records, send};
use crate::support::raw::Raw;
use crate::support::world::{WORKSPACE, World};

#[tokio::test]
async fn r13_2_a_form_without_an_answer_is_shown_again_with_what_it_had() {
    let (world, path) = asked().await;
    let before = records(&world).await;
    for form in ["", "comment=Kind+%26+quick", "rating=&comment=Kind+%26+quick", "rating=6&comment=Kind+%26+quick"] {
        let reply = send(&world, &path, form).await;
        let text = page(&reply, 400);
        assert!(text.contains("Please choose one of the five answers.") && chosen(text).is_none(), "{text}");
        assert_eq!(text.contains(">\nKind &#38; quick</textarea>"), form.contains("Kind"), "{text}");
    }
    assert_eq!(records(&world).await, before);
}

#[tokio::test]
async fn r13_2_a_comment_has_at_most_2000_characters() {
    let (world, path) = asked().await;
    let before = records(&world).await;
    let longer = send(&world, &path, &format!("rating=4&comment={}", "%C3%B8".repeat(2_001))).await;
    let text = page(&longer, 400);
    assert!(text.contains("Your comment is too long.") && text.contains(&"ø".repeat(2_001)), "nothing is lost");
    assert_eq!(chosen(text), Some("4"));
    assert_eq!(records(&world).await, before);
    let longest = send(&world, &path, &format!("rating=4&comment={}", "%F0%9F%98%80".repeat(2_000))).await;
    page(&longest, 200);
    assert_eq!(records(&world).await, before + 1);
}

#[tokio::test]
async fn r13_2_what_cannot_be_read_is_told_as_a_page_and_recorded_as_nothing() {
    let (world, path) = asked().await;
    let before = world.fingerprint().await;
    for broken in ["rating=%", "rating=4&rating=5", "rating=4&comment=%FF%FE", "rating=4&stars=5", "rating%zz=4"] {
        assert_eq!(heading(page(&send(&world, &path, broken).await, 400)), "That did not work", "{broken}");
    }
    let ask = || world.server.ask(Method::POST, &path, "");
    for (kind, status) in [
        ("application/json", 415),
        ("multipart/form-data; boundary=x", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded; charset=iso-8859-1", 415),
        ("application/x-www-form-urlencodedx", 415),
        ("", 415),
    ] {
        let reply = ask().header("content-type", kind).bytes("rating=4").send().await;
        assert_eq!(heading(page(&reply, status)), "That did not work", "{kind}");
    }
    page(&ask().bytes("rating=4").send().await, 415);
    page(&ask().header("content-type", FORM).header("content-encoding", "gzip").bytes("x").send().await, 415);
    page(&ask().header("content-type", FORM).bytes("x".repeat((32 << 10) + 1)).send().await, 413);
    page(&ask().header("content-type", FORM).bytes(vec![0xff; 100]).send().await, 400);
    assert_eq!(world.fingerprint().await, before);
}

#[tokio::test]
async fn r13_2_other_spellings_of_a_form_are_taken() {
    let (world, path) = asked().await;
    let kind = "Application/X-WWW-Form-URLEncoded; Charset=\"UTF-8\"";
    let body = "lang=en&rating=%34&comment=%E2%9C%93+Gr%C3%BC%C3%9Fe%0D%0Afra+K%C3%B8benhavn";
    let reply = world.server.ask(Method::POST, &path, "").header("content-type", kind).bytes(body).send().await;
    let text = page(&reply, 200);
    assert!(text.contains("<dd>Satisfied</dd>") && text.contains("✓ Grüße\nfra København</dd>"), "{text}");
    assert_eq!(chosen(page(&open(&world, &path).await, 200)), Some("4"));
}

#[tokio::test]
async fn r13_2_what_is_no_whole_request_is_told_as_a_page_too() {
    let world = World::start_with(Limits { body_timeout: Duration::from_millis(50), ..Limits::default() }).await;
    world.send(WORKSPACE, &world.key, &helped(1)).await;
    let path = link_for(&world, 1).await;
    let head = format!("POST {path} HTTP/1.1\r\naccept-language: da\r\ncontent-type: {FORM}\r\n");
    for (rest, status) in
        [("host: x\r\ncontent-length: 9\r\n\r\nrating", 408), ("content-length: 8\r\n\r\nrating=4", 400)]
    {
        let mut raw = Raw::connect(world.server.address).await;
        raw.send(format!("{head}{rest}")).await;
        let answer = raw.next().await.expect("an answer");
        assert_eq!(answer.status, status, "{}", answer.body);
        assert!(answer.body.contains("<h1>Det lykkedes ikke</h1>"), "{}", answer.body);
    }
}
