//! Programs that look at mail open every link before the customer does. They must not rate.

use regex::Regex;
use reqwest::{Method, Url};

use super::{asked, chosen, heading, open, page, records, send};
use crate::support::PUBLIC_URL;
use crate::support::world::World;

/// Where the links of a page lead.
fn links(path: &str, text: &str) -> Vec<String> {
    let base = Url::parse(&format!("https://x{path}")).expect("an address");
    let hrefs = Regex::new("href=\"([^\"]*)\"").expect("a pattern");
    let found = hrefs.captures_iter(text).map(|found| found[1].replace("&amp;", "&"));
    let joined = found.map(|href| base.join(&href).expect("a relative address"));
    joined.map(|url| url.as_str().strip_prefix("https://x").expect("of this server").to_owned()).collect()
}

/// GET and HEAD of everything that can be reached from `path`; how many addresses that were.
async fn scan(world: &World, path: &str) -> usize {
    let (mut waiting, mut seen) = (vec![path.to_owned()], Vec::new());
    while let Some(path) = waiting.pop() {
        let head = world.server.ask(Method::HEAD, &path, "").send().await;
        let got = open(world, &path).await;
        let text = page(&got, 200);
        assert_eq!((head.status, head.text.as_str()), (got.status, ""), "{path}");
        assert_eq!(head.header("content-length"), text.len().to_string(), "{path}");
        assert_eq!(head.header("content-security-policy"), got.header("content-security-policy"));
        let new: Vec<_> = links(&path, text).into_iter().filter(|link| !seen.contains(link)).collect();
        seen.extend(new.iter().cloned());
        waiting.extend(new);
    }
    seen.len()
}

#[tokio::test]
async fn r13_2_whoever_only_looks_records_nothing() {
    let (world, path) = asked().await;
    let before = world.fingerprint().await;
    // As mail has it: the address, one for each answer, and the way out.
    let queries = ["", "?rating=1", "?rating=5&lang=de", "?rating=3&comment=x&confirm=1&utm_source=mail", "?%", "?=&&"];
    let mut seen = 0;
    for query in queries {
        seen += scan(&world, &format!("{path}{query}")).await;
        seen += scan(&world, &format!("{path}/opt-out{query}")).await;
    }
    assert!(seen > 50, "{seen}");
    assert_eq!(world.fingerprint().await, before, "not even a record");

    let rated = send(&world, &path, "rating=4").await;
    assert_eq!(heading(page(&rated, 200)), "Thank you!");
    let after = records(&world).await;
    scan(&world, &path).await;
    assert_eq!(records(&world).await, after);
    assert_eq!(chosen(page(&open(&world, &path).await, 200)), Some("4"));
}

#[tokio::test]
async fn r13_2_only_what_stands_in_the_form_counts() {
    let (world, path) = asked().await;
    let before = records(&world).await;
    page(&send(&world, &format!("{path}?rating=5"), "comment=x").await, 400);
    assert_eq!(records(&world).await, before, "the query is no answer");
    let rated = send(&world, &format!("{path}?rating=5"), "rating=2").await;
    assert!(page(&rated, 200).contains("<dd>Dissatisfied</dd>"));
    assert!(PUBLIC_URL.ends_with("/support") && !rated.text.contains("/support"), "every address is relative");
}
