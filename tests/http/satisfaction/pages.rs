//! How the pages look to whom.

use reqwest::Method;
use tripswitch::domain::ids::Id;
use tripswitch::domain::system::{Permission, SystemRecord};

use super::{asked, chosen, heading, helped, open, page, path_of, send};
use crate::support::world::{BOUND, Holder, World, conversation_id};

#[tokio::test]
async fn r13_2_the_page_speaks_the_customers_language() {
    let (world, path) = asked().await;
    let questions = [
        ("en", "How satisfied are you with the help you received?"),
        ("da", "Hvor tilfreds er du med den hjælp, du fik?"),
        ("de", "Wie zufrieden sind Sie mit der Hilfe, die Sie erhalten haben?"),
        ("es", "¿Está satisfecho con la ayuda que ha recibido?"),
        ("fr", "Êtes-vous satisfait de l’aide que vous avez reçue ?"),
    ];
    for (code, question) in questions {
        let wants = |wanted: &str, query: &str| {
            world.server.ask(Method::GET, &format!("{path}{query}"), "").header("accept-language", wanted).send()
        };
        let of_browser = wants(&format!("sv, {code}-XX;q=0.9, en;q=0.5"), "").await;
        let of_address = wants("pl", &format!("?lang={}", code.to_uppercase())).await;
        for reply in [of_browser, of_address] {
            let text = page(&reply, 200);
            assert!(text.contains(&format!("<html lang=\"{code}\">")), "{text}");
            assert_eq!(heading(text), question);
            assert_eq!(text.matches(question).count(), 2, "heading and title");
        }
        let sent = send(&world, &path, &format!("lang={code}")).await;
        assert!(page(&sent, 400).contains(&format!("<html lang=\"{code}\">")), "of the form");
        let forged = wants(&format!("{code};q=0.1"), "/x").await;
        assert!(page(&forged, 404).contains(&format!("<html lang=\"{code}\">")), "failures, too");
    }
    for query in ["?lang=xx", "?lang=", "?lang=%FF", "?lang=da%00"] {
        assert!(page(&open(&world, &format!("{path}{query}")).await, 200).contains("<html lang=\"en\">"), "{query}");
    }
}

#[tokio::test]
async fn r13_2_a_refusal_is_told_in_the_language_of_the_form() {
    let (world, path) = asked().await;
    world.server.clock.advance(15 * 86_400_000);
    let refused = send(&world, &path, "lang=fr&rating=4").await;
    assert_eq!(heading(page(&refused, 410)), "Ce lien a expiré");
}

#[tokio::test]
async fn r13_2_an_address_makes_a_choice_and_nothing_more() {
    let (world, path) = asked().await;
    for rating in ["1", "2", "3", "4", "5"] {
        let reply = open(&world, &format!("{path}?rating={rating}")).await;
        assert_eq!(chosen(page(&reply, 200)), Some(rating));
        assert!(reply.text.contains(&format!("?lang=da&amp;rating={rating}")), "it stays in another language");
    }
    for other in ["0", "6", "", "5.0", "5%0A", "five"] {
        assert_eq!(chosen(page(&open(&world, &format!("{path}?rating={other}")).await, 200)), None, "{other}");
    }
}

#[tokio::test]
async fn r13_2_a_page_says_whose_it_is_and_nothing_of_the_conversation() {
    let world = World::start().await;
    let (id, name) = (Id(0x77), "<b>Søn & Co</b> \"it's\" {{7*7}}");
    let record = SystemRecord::WorkspaceCreated { id, name: name.into(), tenant: "one".into(), actor: "test".into() };
    world.server.engine.system(record).await.expect("the engine runs").expect("a fresh id");
    let scopes = [Permission::EventsWrite, Permission::QualityWrite];
    let (key, _) = world.make_key(Holder { workspace: None, ..BOUND }, &scopes).await;
    world.send(&id.to_string(), &key, &helped(1)).await;
    let maker = format!("/api/conversations/{}/satisfaction-link?workspaceId={id}", conversation_id(1));
    let path = path_of(&world.server.post_nothing(&maker, &key).await.expect(201));
    for reply in [
        open(&world, &path).await,
        open(&world, &format!("{path}/opt-out")).await,
        send(&world, &path, "rating=3&comment=%3C%2Ftextarea%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E").await,
        send(&world, &path, "comment=%3C%2Ftextarea%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E").await,
        open(&world, &path).await,
    ] {
        let text = page(&reply, reply.status.as_u16());
        assert!(text.contains("Søn &#38; Co") && !text.contains("<b>"), "{text}");
        let shown = text.split_once("</style>").expect("a style").1;
        for told in [conversation_id(1), id.to_string(), "Quillfeather".to_owned()] {
            assert!(!shown.contains(&told), "{told}: {shown}");
        }
    }
}
