//! R9.1 seen from the kernel: between a request's arrival and its 202 lie the write of its group and a
//! completed fdatasync that began after it.

use std::fs;

use crate::support::events::{event, import};
use crate::support::process::{Home, can_trace};
use crate::support::random::Random;
use crate::support::trace::{Call, parse};

const REQUESTS: u64 = 60;
const TRACED: &str =
    "trace=read,readv,recvfrom,recvmsg,write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,fdatasync,fsync";

fn marker(number: u64) -> String {
    format!("marker {number:04} of the trace")
}

/// Follows one request through the trace.
fn follow(calls: &[Call], marker: &str) -> Result<(), String> {
    let of = |what: &str, found: Option<&Call>| found.map_or_else(|| Err(format!("{marker}: no {what}")), |_| Ok(()));
    let arrived = calls
        .iter()
        .find(|call| call.is_one_of(&["read", "readv", "recvfrom", "recvmsg"]) && call.text.contains(marker));
    of("arrival", arrived)?;
    let arrived = arrived.map_or(0, |call| call.returned);
    let answer = calls.iter().find(|call| {
        call.is_one_of(&["write", "writev", "sendto", "sendmsg"])
            && call.began > arrived
            && call.text.contains("HTTP/1.1 202")
    });
    of("202", answer)?;
    let answered = answer.map_or(0, |call| call.began);
    let written = calls.iter().find(|call| {
        call.is_one_of(&["pwrite64", "pwritev", "pwritev2", "write", "writev"])
            && call.segment().is_some()
            && call.text.contains(marker)
    });
    of("write of its group", written)?;
    let synced = calls.iter().find(|call| {
        call.is_one_of(&["fdatasync", "fsync"])
            && call.succeeded()
            && written.is_some_and(|written| call.segment() == written.segment() && call.began > written.returned)
            && call.returned < answered
    });
    let late = written.is_none_or(|written| written.began < arrived || written.returned > answered);
    if late { Err(format!("{marker}: its group was not written between its arrival and its 202")) } else { Ok(()) }?;
    of("fdatasync between the write of its group and its 202", synced)
}

/// Sends requests one after the other to a server under strace. `None` where there is no strace.
fn traced(home: &Home) -> Option<Vec<Call>> {
    if !can_trace() {
        return None;
    }
    let trace = home.root().join("trace");
    let wrapper = ["strace", "-f", "-y", "-s", "4096", "-e", TRACED, "-o", trace.to_str().unwrap()];
    let server = home.serve_under(&wrapper);
    let mut client = server.client();
    for number in 0..REQUESTS {
        let conversation = Random::of(5, &[number]).uuid().to_string();
        let mut named = event("trace", &format!("n{number}"), "conversation.created", serde_json::json!({}));
        named["data"] = serde_json::json!({
            "conversationId": conversation, "accountId": conversation, "accountName": marker(number)
        });
        let scored = import("trace", &number.to_string(), &conversation, None, 200);
        client.post(&home.at("events"), &[named, scored].into()).expect(202);
    }
    server.terminate();
    Some(parse(&fs::read_to_string(trace).unwrap()))
}

fn verdicts(calls: &[Call]) -> (usize, Vec<String>) {
    let (kept, broken): (Vec<_>, Vec<_>) =
        (0..REQUESTS).map(|number| follow(calls, &marker(number))).partition(Result::is_ok);
    (kept.len(), broken.into_iter().filter_map(Result::err).collect())
}

#[test]
fn r9_1_no_202_leaves_before_its_fdatasync() {
    let Some(calls) = traced(&Home::new()) else { return };
    let (kept, broken) = verdicts(&calls);
    assert_eq!(broken, [""; 0]);
    assert!(kept >= 50, "{kept}");
}

#[cfg(feature = "faults")]
#[test]
fn r9_1_an_answer_before_the_fdatasync_is_seen_in_the_trace() {
    let mut home = Home::new();
    home.env("TRIPSWITCH_FAULT", "ack-before-sync");
    let Some(calls) = traced(&home) else { return };
    let (kept, broken) = verdicts(&calls);
    assert!(kept == 0 && broken.iter().all(|what| what.contains("no fdatasync")), "{kept}: {broken:#?}");
}

#[test]
fn r9_1_the_reader_of_traces_tells_order_from_disorder() {
    let segment = "7</d/journal/00000000000000000001.segment>";
    let good = [
        "11 recvfrom(9<socket:[1]>, \"POST marker\", 99, 0, NULL, NULL) = 11".to_owned(),
        format!("12 pwrite64({segment}, \"TripsGrp marker\", 512, 512 <unfinished ...>"),
        "11 epoll_wait(3) = 1".to_owned(),
        "12 <... pwrite64 resumed>) = 512".to_owned(),
        format!("12 fdatasync({segment} <unfinished ...>"),
        "12 <... fdatasync resumed>) = 0".to_owned(),
        "11 sendto(9<socket:[1]>, \"HTTP/1.1 202 Accepted\", 30, 0, NULL, 0) = 30".to_owned(),
    ];
    assert_eq!(follow(&parse(&good.join("\n")), "marker"), Ok(()));
    for order in [&[0, 1, 2, 3, 4, 6, 5][..], &[0, 4, 5, 1, 2, 3, 6], &[0, 1, 2, 3, 6, 4, 5], &[0, 1, 2, 3, 6], &[0, 6]]
    {
        let bad: Vec<_> = order.iter().map(|index| good[*index].as_str()).collect();
        assert!(follow(&parse(&bad.join("\n")), "marker").is_err(), "{order:?}");
    }
    let failed =
        good.join("\n").replace("fdatasync resumed>) = 0", "fdatasync resumed>) = -1 EIO (Input/output error)");
    assert!(follow(&parse(&failed), "marker").is_err());
}
