//! What is asked of a large workspace: lists, overview, series, backtest; and what they cost the gate under full load.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::contender::{Contender, Fallible, Rules};
use crate::ground::Ground;
use crate::load::{Asker, Question, Times, send};
use crate::measure::Measure;
use crate::ours::{OurClient, Ours};
use crate::random::Random;
use crate::time::{DAY, now, rfc3339, wall};
use crate::workload::{BATCH, Batch, Fact, Shape, workspace_id};

/// Batches that are made and sent at a time, so that memory stays bounded.
const SLICE: usize = 5_000;
/// How long the gate is probed under each load.
const SPAN: Duration = Duration::from_secs(15);

/// With `hold` nothing is asked here: others may, until standard input ends.
pub fn run(ground: &Ground, measure: Measure, hold: bool) -> Fallible<()> {
    let Measure { shape, clients } = measure;
    let shape = Shape { workspaces: 1, ..shape };
    let (_directory, site) = ground.site(1)?;
    let ours = Ours::start(&site, Rules::default())?;
    let (empty, at) = (ours.resident(), wall());
    let mut random = Random::new(shape.seed);
    let mut next = 0;
    while next < shape.facts {
        let end = shape.facts.min(next + SLICE * BATCH);
        let slice: Vec<_> = (next..end)
            .step_by(BATCH)
            .map(|first| {
                let facts = (first..end.min(first + BATCH)).map(|n| fact(&shape, at, n, &mut random)).collect();
                ours.prepare(&Batch { workspace: 0, facts })
            })
            .collect();
        send(&ours, clients, &slice)?;
        next = end;
    }
    println!("{} facts over a year, {} accounts", shape.facts, shape.accounts);
    println!("memory: {} MiB, {} before the first", ours.resident() >> 20, empty >> 20);
    if hold {
        println!("http://{} {} {} {}", ours.address(), workspace_id(0), ours.key(), ours.admin());
        std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
        return Ok(());
    }
    questions(&ours, at)?;
    backtests(&ours)?;
    pages(&ours, shape.accounts, |pages| pages < 1_000)?;
    table(&ours, at - DAY * 365 / 10)?;
    under_load(&ours, &shape, clients, at)
}

/// The n-th score: one account after the other, a fifth of them low, spread over the year before `at`.
fn fact(shape: &Shape, at: i64, n: usize, random: &mut Random) -> Fact {
    let low = random.chance(20);
    let mut dimension = || (if low { random.range(120, 290) } else { random.range(310, 490) }) as u16;
    let dimensions = [dimension(), dimension(), dimension()];
    Fact {
        number: n as u32,
        account: (n % shape.accounts.max(1)) as u32,
        at: at - 365 * DAY + (365 * DAY - 60_000) / shape.facts.max(1) as i64 * n as i64,
        dimensions,
        resolved: !low,
        confidence: random.between(20, 95) as u16,
        signals: random.between(1, 12) as u16,
    }
}

fn path(rest: &str) -> String {
    format!("/api/workspaces/{}/{rest}", workspace_id(0))
}

fn get(client: &mut OurClient, path: &str) -> Fallible<Value> {
    match client.exchange("GET", path, "")? {
        (200, answer) => Ok(answer),
        (status, answer) => Err(format!("GET {path}: {status} {answer}").into()),
    }
}

/// Each question many times, alone.
fn questions(ours: &Ours, at: i64) -> Fallible<()> {
    let year = format!("from={}&to={}", rfc3339(at - 365 * DAY), rfc3339(at));
    let asked = [
        ("accounts by risk, first page", "accounts".to_owned(), 300),
        ("accounts, high alone", "accounts?risk=high".to_owned(), 300),
        ("accounts by name", "accounts?sort=name".to_owned(), 5),
        ("conversations, newest", "conversations".to_owned(), 300),
        ("conversations, low ones", "conversations?low=true".to_owned(), 300),
        ("conversations, lowest", "conversations?sort=composite".to_owned(), 3),
        ("overview of 30 days", "quality/overview".to_owned(), 300),
        ("overview of the year", format!("quality/overview?{year}"), 300),
        ("overview of the year by handler", format!("quality/overview?groupBy=handler&{year}"), 100),
        ("the year by day in a zone", format!("quality/timeseries?bucket=day&timeZone=Europe/Copenhagen&{year}"), 100),
    ];
    let mut client = ours.connect()?;
    for (what, rest, times) in asked {
        let path = path(&rest);
        let began = now();
        get(&mut client, &path)?;
        let first = began.elapsed();
        let took = (0..times).map(|_| {
            let began = now();
            get(&mut client, &path).map(|_| began.elapsed())
        });
        let times = Times::new(took.collect::<Fallible<_>>()?);
        println!(
            "{what}: first {:.2} ms, then p50 {:.2} ms, p99 {:.2} ms",
            first.as_secs_f64() * 1e3,
            times.at(0.5),
            times.at(0.99)
        );
    }
    Ok(())
}

/// A backtest from the question to the result.
fn backtest(client: &mut OurClient, settings: &Value) -> Fallible<(Duration, Value)> {
    let began = now();
    let mut answer =
        match client.exchange("POST", &path("quality/backtest"), &json!({"settings": settings}).to_string())? {
            (200 | 202, answer) => answer,
            (status, answer) => return Err(format!("backtest: {status} {answer}").into()),
        };
    while answer.get("whatIf").is_none() {
        let id = answer["id"].as_str().ok_or_else(|| format!("a backtest without id: {answer}"))?.to_owned();
        std::thread::sleep(Duration::from_millis(20));
        answer = get(client, &path(&format!("quality/backtest/{id}")))?;
        if let Some(result) = answer.get("result").filter(|result| !result.is_null()) {
            answer = result.clone();
        }
    }
    Ok((began.elapsed(), answer))
}

fn backtests(ours: &Ours) -> Fallible<()> {
    let mut client = ours.connect()?;
    for settings in [
        json!({"circuitBreakerCount": 2, "circuitBreakerWindowHours": 168}),
        json!({"circuitBreakerCount": 1, "thresholdLowComposite": 3.5}),
        json!({"compositeWeights": [0.6, 0.2, 0.2]}),
    ] {
        let before = ours.resident();
        let (took, result) = backtest(&mut client, &settings)?;
        println!(
            "backtest {settings}: {:.2} s; {} tripped, {} would have; {} MiB more afterwards, peak {} MiB",
            took.as_secs_f64(),
            result["asIs"]["total"],
            result["whatIf"]["total"],
            ours.resident().saturating_sub(before) >> 20,
            ours.peak() >> 20
        );
    }
    Ok(())
}

/// Pages through accounts as long as `goes_on` after so many pages; every account once.
fn pages(ours: &Ours, accounts: usize, goes_on: impl Fn(usize) -> bool) -> Fallible<()> {
    let mut client = ours.connect()?;
    let (mut seen, mut times, mut cursor) = (HashSet::new(), Vec::new(), String::new());
    while goes_on(times.len()) {
        let began = now();
        let page = get(&mut client, &path(&format!("accounts?limit=100{cursor}")))?;
        times.push(began.elapsed());
        for row in page["data"].as_array().into_iter().flatten() {
            let id = row["accountId"].as_str().unwrap_or_default().to_owned();
            if !seen.insert(id) {
                return Err(format!("an account twice: {row}").into());
            }
        }
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None if seen.len() == accounts => break,
            None => return Err(format!("{} of {accounts} accounts", seen.len()).into()),
        }
    }
    let (pages, times) = (times.len(), Times::new(times));
    println!(
        "{pages} pages of 100 accounts: p50 {:.2} ms, p99 {:.2} ms, longest {:.2} ms",
        times.at(0.5),
        times.at(0.99),
        times.at(1.0)
    );
    Ok(())
}

/// All conversations since then as CSV.
fn table(ours: &Ours, since: i64) -> Fallible<()> {
    let before = ours.peak();
    let mut connection = TcpStream::connect(ours.address())?;
    write!(
        connection,
        "GET {} HTTP/1.0\r\nhost: x\r\naccept: text/csv\r\nauthorization: Bearer {}\r\n\r\n",
        path(&format!("conversations?from={}", rfc3339(since))),
        ours.key()
    )?;
    let began = now();
    let (mut reader, mut head) = (BufReader::with_capacity(1 << 16, connection), String::new());
    while reader.read_line(&mut head)? > 0 && !head.ends_with("\r\n\r\n") {}
    if !head.starts_with("HTTP/1.0 200") && !head.starts_with("HTTP/1.1 200") {
        return Err(head.into());
    }
    let (mut lines, mut bytes, mut buffer) = (0_usize, 0_usize, vec![0; 1 << 16]);
    loop {
        let read = reader.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        bytes += read;
        lines += buffer[..read].iter().filter(|byte| **byte == b'\n').count();
    }
    let rows = lines.saturating_sub(1);
    println!(
        "{rows} conversations as CSV: {:.0} rows/s, {} MiB, {} MiB of memory more than there ever was",
        rows as f64 / began.elapsed().as_secs_f64(),
        bytes >> 20,
        ours.peak().saturating_sub(before) >> 20
    );
    Ok(())
}

/// The gate under full ingest: alone, and while accounts are paged through and backtests run.
fn under_load(ours: &Ours, shape: &Shape, clients: usize, at: i64) -> Fallible<()> {
    let mut random = Random::new(shape.seed + 1);
    let load: Vec<_> = (0..SLICE)
        .map(|n| {
            let number = |k: usize| shape.facts + n * BATCH + k;
            let facts = (0..BATCH).map(|k| Fact { at, ..fact(shape, at, number(k), &mut random) }).collect();
            ours.prepare(&Batch { workspace: 0, facts })
        })
        .collect();
    for asking in [false, true, false, true] {
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| -> Fallible<()> {
            let (stop, load) = (&stop, &load);
            let flood = |n: usize| {
                move || -> Fallible<usize> {
                    let (mut client, mut batches) = (ours.connect()?, 0);
                    for batch in load.iter().cycle().skip(n * load.len() / clients) {
                        if stop.load(Ordering::Relaxed) {
                            break;
                        }
                        client.flood(batch)?;
                        batches += 1;
                    }
                    Ok(batches)
                }
            };
            let flooding: Vec<_> = (0..clients).map(|n| scope.spawn(flood(n))).collect();
            let others = asking.then(|| {
                let paging = scope.spawn(move || -> Fallible<()> {
                    while !stop.load(Ordering::Relaxed) {
                        pages(ours, shape.accounts, |_| !stop.load(Ordering::Relaxed))?;
                    }
                    Ok(())
                });
                let testing = scope.spawn(move || -> Fallible<usize> {
                    let (mut client, mut times) = (ours.connect()?, 0);
                    while !stop.load(Ordering::Relaxed) {
                        backtest(&mut client, &json!({"circuitBreakerCount": 2}))?;
                        times += 1;
                    }
                    Ok(times)
                });
                (paging, testing)
            });
            let gate = Asker::new(ours, shape, 7)?;
            let probe = scope.spawn(move || gate.probe(Question::Gate, stop));
            let began = now();
            std::thread::sleep(SPAN);
            stop.store(true, Ordering::Relaxed);
            let took = began.elapsed();
            let times = probe.join().map_err(|_| "the probe panicked")??;
            let batches = flooding.into_iter().map(|thread| thread.join().map_err(|_| "a client panicked")?);
            let batches: usize = batches.sum::<Fallible<usize>>()?;
            let tests = match others {
                Some((paging, testing)) => {
                    paging.join().map_err(|_| "a reader panicked")??;
                    testing.join().map_err(|_| "a tester panicked")??
                }
                None => 0,
            };
            println!(
                "asking: {asking}: gate p50 {:.2} ms, p99 {:.2} ms of {}; {:.0} facts/s; {tests} backtests",
                times.at(0.5),
                times.at(0.99),
                times.len(),
                (batches * BATCH) as f64 / took.as_secs_f64()
            );
            Ok(())
        })?;
    }
    Ok(())
}
