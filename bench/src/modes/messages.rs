//! Conversations message by message: the text is read at the door.

use crate::contender::{Contender, Fallible, Rules};
use crate::ground::Ground;
use crate::load::{Asker, Question};
use crate::measure::{Measure, ingest};
use crate::ours::Ours;
use crate::time::{now, wall};
use crate::workload::conversations::Talk;

/// `measure.shape.facts` counts events.
pub fn run(ground: &Ground, measure: Measure) -> Fallible<()> {
    let Measure { shape, clients } = measure;
    let (_directory, site) = ground.site(shape.workspaces)?;
    let mut ours = Ours::start(&site, Rules::default())?;
    let talk = Talk::new(shape, wall());
    let prepared: Vec<_> = talk.map(|(workspace, events)| ours.prepare_events(workspace, &events)).collect();
    let (disk, idle) = (ours.bytes_on_disk(), ours.resident());
    let ingest = ingest(&ours, &shape, clients, &prepared)?;
    let events = shape.facts as f64;
    println!("{} events of conversations, {clients} clients", shape.facts);
    println!("events/s, durable: {:.0}", events / ingest.took.as_secs_f64());
    println!("batch of 100: p50 {:.2} ms, p99 {:.2} ms", ingest.batches.at(0.5), ingest.batches.at(0.99));
    println!("account health under ingest: p99 {:.2} ms (n {})", ingest.health.at(0.99), ingest.health.len());
    if let Some(gate) = ingest.gate {
        println!("gate under ingest: p99 {:.2} ms (n {})", gate.at(0.99), gate.len());
    }
    let resident = ours.resident();
    drop(ingest.clients);
    let grown = resident.saturating_sub(idle) as f64 / events;
    println!("memory: {} MiB, {grown:.0} bytes an event", resident >> 20);
    println!("bytes on disk per event: {:.0}", ours.bytes_on_disk().saturating_sub(disk) as f64 / events);
    ours.crash()?;
    let began = now();
    ours.restart()?;
    Asker::new(&ours, &shape, 3)?.ask(Question::Health)?;
    println!("back after kill -9: {:.2} s", began.elapsed().as_secs_f64());
    Ok(())
}
