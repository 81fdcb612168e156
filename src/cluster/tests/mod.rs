//! Members on a real server.

mod kept;
mod shelf;
mod support;

use std::sync::atomic::Ordering::SeqCst;

use super::*;
use crate::background::Stop;
use crate::clock::Clock;
use support::{LEASE, PARTITIONS, on_a_server, options};

const SOME: Partition = Partition(3);

#[test]
fn whoever_joins_gets_its_share_and_what_a_dead_node_had_is_taken_by_others() {
    on_a_server(|cluster| async move {
        let a = cluster.join("a").await;
        cluster.until_shared(&[&a]).await;
        let b = cluster.join("b").await;
        cluster.until_shared(&[&a, &b]).await;
        let c = cluster.join("c").await;
        cluster.until_shared(&[&a, &b, &c]).await;
        // A busy machine may have cost a lease. Without that nothing moves but what is above a share.
        let counts = [&a, &b].map(|node| node.member.counts());
        assert!(counts.map(|counts| counts.releases) == [6, 1] || counts.iter().any(|counts| counts.losses > 0));
        b.crash().await;
        cluster.until_shared(&[&a, &c]).await;
        a.leave().await;
        cluster.until_shared(&[&c]).await;
        let all_ready = |seen: &Overview| seen.nodes.len() == 1 && seen.partitions.iter().all(|part| part.ready);
        cluster.until("everybody can see it", || all_ready(&c.member.overview())).await;
        let status = overview(&cluster.jetstream, "test").await.unwrap().unwrap();
        assert_eq!(status.nodes.iter().map(|node| (&*node.name, node.partitions)).collect::<Vec<_>>(), [("c", 9)]);
        assert!(status.partitions.iter().all(|part| part.epoch > 0));
        c.leave().await;
        let empty = overview(&cluster.jetstream, "test").await.unwrap().unwrap();
        assert!(empty.nodes.is_empty() && empty.partitions.iter().all(|part| part.node.is_none()));
    });
}

#[test]
fn a_node_that_leaves_gives_everything_back_in_order() {
    on_a_server(|cluster| async move {
        let a = cluster.join("a").await;
        cluster.until_shared(&[&a]).await;
        let (host, member) = (a.host.clone(), a.member.clone());
        a.leave().await;
        let Counts { takes, releases, losses, .. } = member.counts();
        assert_eq!((host.released.load(SeqCst), host.lost.load(SeqCst)), (releases, losses));
        assert!(releases > 0 && releases + losses == takes, "{releases} and {losses} of {takes}");
        assert_eq!(cluster.recorder.served().len(), 0);
        assert!(!member.node_lease().holds());
        // Its name is free at once.
        let again = cluster.join("a").await;
        cluster.until_shared(&[&again]).await;
    });
}

#[test]
fn a_drained_node_has_nothing_until_it_may_again() {
    on_a_server(|cluster| async move {
        let a = cluster.join("a").await;
        let b = cluster.join("b").await;
        cluster.until_shared(&[&a, &b]).await;
        assert!(drain(&cluster.jetstream, "test", "a", true).await.unwrap());
        cluster.until_shared(&[&b]).await;
        cluster.until("it sees so itself", || a.places() == [0, 9, 0]).await;
        assert!(a.host.released.load(SeqCst) > 0);
        let status = overview(&cluster.jetstream, "test").await.unwrap().unwrap();
        let draining: Vec<_> = status.nodes.iter().map(|node| (&*node.name, node.draining)).collect();
        assert_eq!(draining, [("a", true), ("b", false)]);
        assert!(drain(&cluster.jetstream, "test", "a", false).await.unwrap());
        cluster.until_shared(&[&a, &b]).await;
        assert!(drain(&cluster.jetstream, "test", "no name", true).await.is_err());
        assert!(!drain(&cluster.jetstream, "none", "a", true).await.unwrap());
        assert_eq!(overview(&cluster.jetstream, "none").await.unwrap(), None);
    });
}

#[test]
fn a_node_that_does_not_fit_is_refused_with_the_reason() {
    on_a_server(|cluster| async move {
        let a = cluster.join("a").await;
        let refused = async |options| cluster.join_as(options, |_| {}).await.err().unwrap().to_string();
        let in_use = refused(options("a")).await;
        assert!(in_use.contains("another process is in this cluster as \"a\", at http://a"), "{in_use}");
        let other = MemberOptions { secret: [8; 8], ..options("b") };
        assert!(refused(other).await.contains("not the cluster's"));
        let other = MemberOptions { partitions: 9, ..options("b") };
        assert!(refused(other).await.contains("made with 8 partitions, and this node is set to 9"));
        assert!(refused(options("b c")).await.contains("cannot be called"));
        let other = MemberOptions { lease: LEASE / 10, ..options("b") };
        assert!(refused(other).await.contains("at least one second"));
        assert!(a.member.node_lease().holds());
        // After a crash a name is waited for.
        a.crash().await;
        let again = cluster.join("a").await;
        cluster.until_shared(&[&again]).await;
    });
}

#[test]
fn what_one_node_cannot_serve_another_takes() {
    on_a_server(|cluster| async move {
        let refuse = |host: &support::RecordingHost| {
            host.refused.lock().insert(SOME);
        };
        let a = cluster.join_as(options("a"), refuse).await.unwrap();
        cluster.until("everything but one", || a.places() == [8, 0, 1]).await;
        cluster.until("a failure", || a.member.counts().failed_takes > 0).await;
        let b = cluster.join("b").await;
        cluster.until("it is taken", || cluster.recorder.server_of(SOME).as_deref() == Some("b")).await;
        cluster.until("it is seen", || b.member.place(SOME) == Place::Here).await;
        // A unit that gives up loses its partition, which another takes, or the same one after a while.
        let lease = cluster.recorder.lease(SOME);
        b.member.gave_up(SOME);
        assert!(!lease.holds() && b.member.place(SOME) == Place::Moving);
        cluster.until("it is taken again", || cluster.recorder.lease(SOME).holds()).await;
        assert!(b.host.lost.load(SeqCst) >= 1);
        assert_eq!(b.host.lost.load(SeqCst), b.member.counts().losses);
    });
}

#[test]
fn a_lease_is_renewed_while_its_partition_is_taken() {
    on_a_server(|cluster| async move {
        let told = Stop::new();
        let slow = |host: &support::RecordingHost| {
            host.slow.lock().insert(SOME, told.clone());
        };
        let a = cluster.join_as(options("a"), slow).await.unwrap();
        cluster.until("it is claimed", || cluster.recorder.server_of(SOME).is_some()).await;
        let lease = cluster.recorder.lease(SOME);
        let begun = lease.seen();
        cluster.until("a whole lease has passed", || lease.seen() > begun + LEASE).await;
        assert!(lease.holds() && a.member.place(SOME) == Place::Moving);
        cluster.until("the others are served", || a.places() == [8, 0, 1]).await;
        told.cancel();
        cluster.until_shared(&[&a]).await;
    });
}

#[test]
fn whatever_else_is_slow_the_system_s_partition_is_taken_and_a_stop_waits_for_nothing() {
    on_a_server(|cluster| async move {
        let told = Stop::new();
        let slow = |host: &support::RecordingHost| {
            let others = Partition::all(PARTITIONS).skip(1).map(|partition| (partition, told.clone()));
            host.slow.lock().extend(others);
        };
        let a = cluster.join_as(options("a"), slow).await.unwrap();
        cluster.until("the system's partition is served", || a.member.place(Partition::SYSTEM) == Place::Here).await;
        cluster.until("some others are claimed", || cluster.recorder.served().values().sum::<usize>() == 5).await;
        let (member, host) = (a.member.clone(), a.host.clone());
        a.leave().await;
        assert!(member.counts().takes >= 1, "the system's");
        assert!(host.released.load(SeqCst) <= member.counts().takes, "of the others none was served");
        assert_eq!(cluster.recorder.served().len(), 0);
    });
}

#[test]
fn a_process_that_was_stopped_holds_nothing_when_it_goes_on_and_then_claims_again() {
    on_a_server(|cluster| async move {
        let a = cluster.join("a").await;
        let b = cluster.join("b").await;
        cluster.until_shared(&[&a, &b]).await;
        let own = Partition::all(PARTITIONS).find(|partition| a.member.place(*partition) == Place::Here).unwrap();
        let (lease, taken) = (cluster.recorder.lease(own), u64::try_from(a.places()[0]).unwrap());
        a.clock.jump(20);
        assert!(!lease.holds() && !a.member.node_lease().holds(), "before any task has run");
        assert_eq!(a.places()[0], 0);
        cluster.until("the loss is carried out", || a.host.lost.load(SeqCst) >= taken).await;
        assert!(lease.ended().is_cancelled());
        cluster.until_shared(&[&a, &b]).await;
        assert!(a.member.node_lease().holds() && a.member.seen(own).unwrap() <= a.clock.elapsed());
    });
}

#[test]
fn without_its_server_a_node_loses_everything_and_has_it_again_when_the_server_is_back() {
    on_a_server(|cluster| async move {
        let a = cluster.join("a").await;
        cluster.until_shared(&[&a]).await;
        let leases: Vec<_> = Partition::all(PARTITIONS).map(|partition| cluster.recorder.lease(partition)).collect();
        cluster.server.lock().kill();
        for lease in leases {
            lease.ended().cancelled().await;
            assert!(!lease.holds());
        }
        a.member.node_lease().ended().cancelled().await;
        assert_eq!(a.places()[0], 0);
        // A thread of its own, since the server waits on the runtime until it can be reached.
        std::thread::scope(|threads| threads.spawn(|| cluster.server.lock().run()).join().unwrap());
        cluster.until_shared(&[&a]).await;
        assert!(a.member.counts().losses >= 9);
    });
}
