//! Links that are not good, and what is no link.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reqwest::Method;
use tripswitch::clock::Clock;
use tripswitch::domain::system::Permission;
use tripswitch::domain::time::DAY;
use tripswitch::journal::memory::Injected;

use super::{asked, heading, open, page, records, send};
use crate::support::world::{BOUND, Holder, WORKSPACE, at, conversation_id};
use crate::support::{Server, Setup};

#[tokio::test]
async fn r13_2_a_forged_link_is_404_whatever_is_asked_of_it() {
    let (world, path) = asked().await;
    let before = world.fingerprint().await;
    let mut draw = StdRng::seed_from_u64(7);
    let token = path.strip_prefix("/s/").expect("a link").as_bytes();
    for _ in 0..200 {
        let mut forged = token.to_vec();
        match draw.random_range(0..4) {
            0 => drop(forged.remove(draw.random_range(0..80))),
            1 => forged.insert(draw.random_range(0..80), b'A'),
            2 => forged.truncate(draw.random_range(0..80)),
            _ => forged.rotate_left(draw.random_range(1..80)),
        }
        let forged = format!("/s/{}", String::from_utf8(forged).expect("ASCII"));
        if forged == path || forged == "/s/" {
            continue;
        }
        page(&open(&world, &forged).await, 404);
        page(&send(&world, &forged, "rating=5").await, 404);
        page(&open(&world, &format!("{forged}/opt-out")).await, 404);
        page(&send(&world, &format!("{forged}/opt-out"), "").await, 404);
    }
    for strange in ["/s/%00", "/s/%FF", "/s/..%2f..", "/s/", "/s/x/y", "/s/x/opt-out/z", &format!("{path}/")] {
        assert_eq!(heading(page(&open(&world, strange).await, 404)), "This link does not work", "{strange}");
    }
    assert_eq!(world.fingerprint().await, before);
}

#[tokio::test]
async fn r13_2_an_expired_link_is_410() {
    let (world, path) = asked().await;
    world.server.clock.advance(14 * DAY - 1);
    page(&open(&world, &path).await, 200);
    world.server.clock.advance(1);
    let before = records(&world).await;
    assert_eq!(heading(page(&open(&world, &path).await, 410)), "This link has expired");
    page(&send(&world, &path, "rating=5").await, 410);
    assert_eq!(records(&world).await, before);
}

#[tokio::test]
async fn r13_2_a_link_of_what_was_erased_or_deleted_is_404() {
    let (world, path) = asked().await;
    let admin = world.admin_key().await;
    let erase = at(&format!("conversations/{}", conversation_id(1)));
    world.server.ask(Method::DELETE, &erase, &admin).send().await.expect(200);
    world.server.clock.advance(20 * DAY);
    page(&open(&world, &path).await, 404);
    page(&send(&world, &path, "rating=5").await, 404);

    let (world, path) = asked().await;
    let (admin, _) = world.make_key(Holder { workspace: None, ..BOUND }, &[Permission::Admin]).await;
    let delete = format!("/api/admin/workspaces/{WORKSPACE}?force=true");
    world.server.ask(Method::DELETE, &delete, &admin).send().await.expect(200);
    page(&open(&world, &path).await, 404);
    page(&send(&world, &path, "rating=5").await, 404);
    page(&send(&world, &format!("{path}/opt-out"), "").await, 404);
}

#[tokio::test]
async fn r13_2_a_link_of_another_servers_is_404() {
    let (world, path) = asked().await;
    let (log, now) = (world.server.log.clone(), world.server.clock.now());
    let engine = world.server.engine.clone();
    world.server.stop().await;
    engine.shutdown().await;
    let server = Server::start(Setup { log, now, secret: Some([9; 32]), ..Setup::default() }).await;
    page(&server.get(&path, "").await, 404);
}

#[tokio::test]
async fn r13_2_other_methods_are_a_page_that_says_which_there_are() {
    let (world, path) = asked().await;
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        for path in [path.clone(), format!("{path}/opt-out")] {
            let reply = world.server.ask(method.clone(), &path, "").send().await;
            page(&reply, 405);
            assert_eq!(reply.header("allow"), "GET,HEAD,POST");
        }
    }
    let options = world.server.ask(Method::OPTIONS, &path, "").send().await;
    page(&options, 405);
}

#[tokio::test]
async fn r13_2_while_nothing_can_be_written_the_customer_is_asked_to_come_back() {
    let (world, path) = asked().await;
    let before = records(&world).await;
    world.server.log.answer(Some(Injected::Full));
    page(&open(&world, &path).await, 200);
    assert_eq!(heading(page(&send(&world, &path, "rating=5").await, 507)), "Please try again");
    world.server.log.answer(None);
    assert_eq!(records(&world).await, before);
    page(&send(&world, &path, "rating=5").await, 200);

    world.server.engine.clone().shutdown().await;
    let away = open(&world, &path).await;
    assert_eq!(heading(page(&away, 503)), "Please try again");
    page(&send(&world, &path, "lang=da&rating=4").await, 503);
}
