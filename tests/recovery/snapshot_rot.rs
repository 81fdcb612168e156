//! R9.4: what a start does with damaged snapshots: it passes over them, says so, and gets the same state from an
//! older one and more of the journal.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use tripswitch::recovery::{Progress, Recovered, RecoveryError, recover};
use tripswitch::storage::{ReadOnly, snapshots, snapshots_in};

use crate::load::{Worker, answers, load, workers};
use crate::support::answers::{Answers, differences};
use crate::support::from_env;
use crate::support::journal::{overwrite, segments};
use crate::support::neighbour::Neighbour;
use crate::support::process::{Home, NO_SPAWN, SERVE, told, wait_until};
use crate::support::random::Random;
use crate::support::twin::{Kept, Whole, directory, files_below, numbers};

const FLIPS: u64 = 200;
/// How many of these are tried with the program itself.
const STARTS: u64 = 4;
/// The newest snapshot of [`written`].
const NEWEST: u64 = 2;

/// A data directory with two snapshots and a journal behind them.
struct Written {
    home: Home,
    workers: Vec<Worker>,
    /// What a server answered at the end.
    answers: Answers,
    /// The state of the twin.
    whole: Whole,
}

fn written() -> Written {
    let home = Home::new();
    let (mut workers, neighbour, kept) = (workers(61), Neighbour::new(&home), Kept::beside(&home));
    for number in 1..=NEWEST {
        let server = home.serve();
        neighbour.write(&server, [number].into_iter());
        let server = load(&mut workers, &home, server, 60, Some).unwrap();
        assert_eq!(server.terminate().code(), Some(0));
    }
    let server = load(&mut workers, &home, home.serve(), 60, Some).unwrap();
    let answers = answers(&workers, &home, &server);
    server.kill();
    assert_eq!(kept.compare(&home.data()).map(|number| number.0), Some(NEWEST));
    let whole = kept.whole();
    Written { home, workers, answers, whole }
}

/// As a start does it, damaged snapshots are set aside.
fn recovered(data: &Path) -> Result<Recovered, RecoveryError> {
    let _no_child = NO_SPAWN.read();
    let ReadOnly { journal, .. } = ReadOnly::open(data).unwrap();
    recover(&*journal, &*snapshots(&snapshots_in(data)).unwrap(), &Progress::default())
}

/// Snapshot `number` is passed over, and everything is as it was; answers where it is kept.
fn passed_over(data: &Path, number: u64, whole: &Whole, what: &str) -> PathBuf {
    let recovered = recovered(data).unwrap_or_else(|error| panic!("{what}: {error}"));
    let base = recovered.snapshot.as_ref().map(|manifest| manifest.number.0);
    assert_eq!(base, Some(number - 1), "{what}");
    let [passed] = &recovered.passed_over[..] else { panic!("{what}: {:?}", recovered.passed_over) };
    assert_eq!(passed.number.0, number, "{what}: {passed:?}");
    let aside = passed.moved_to.clone().unwrap();
    assert!(aside.is_dir() && aside.to_str().unwrap().contains(".bad"), "{what}: {}", aside.display());
    assert_eq!(&Whole::of(recovered), whole, "{what}");
    aside
}

/// A byte of the snapshot's files; every fourth time of any file, whatever its size.
fn pick(files: &[(PathBuf, u64)], random: &mut Random) -> (PathBuf, u64) {
    if random.below(4) == 0 {
        let (path, length) = &files[usize::try_from(random.below(files.len() as u64)).unwrap()];
        return (path.clone(), random.below(*length));
    }
    let mut left = random.below(files.iter().map(|(_, length)| length).sum());
    for (path, length) in files {
        if left < *length {
            return (path.clone(), left);
        }
        left -= length;
    }
    unreachable!("it lies below the sum of all")
}

#[test]
fn r9_4_random_flipped_bits_in_the_newest_snapshot_are_passed_over_for_the_older_one_and_the_journal() {
    let seed = from_env("TRIPSWITCH_SEED", 1);
    let Written { home, workers, answers: before, whole } = written();
    let (data, newest) = (home.data(), directory(&home.data(), NEWEST));
    let with_length = |path: PathBuf| (path.clone(), fs::metadata(path).unwrap().len());
    let files: Vec<_> = files_below(&newest).into_iter().map(with_length).filter(|(_, length)| *length > 0).collect();
    assert!(files.iter().any(|(path, _)| path.ends_with("manifest.json")) && files.len() >= 3, "{files:?}");
    let mut random = Random::of(seed, &[62]);
    for flip in 0..FLIPS {
        let ((path, at), bit) = (pick(&files, &mut random), random.below(8));
        let what = format!("TRIPSWITCH_SEED={seed}, flip {flip}: bit {bit} of byte {at} of {}", path.display());
        let byte = fs::read(&path).unwrap()[usize::try_from(at).unwrap()];
        overwrite(&path, at, &[byte ^ 1 << bit]);
        let aside = if flip >= FLIPS - STARTS {
            let server = home.serve();
            assert_eq!(differences(&before, &answers(&workers, &home, &server)), [""; 0], "{what}");
            server.kill();
            let log = fs::read_to_string(home.log()).unwrap();
            assert!(log.contains("a snapshot is damaged and was passed over"), "{what}: {log}");
            assert_eq!(numbers(&data), [NEWEST - 1], "{what}");
            newest.with_extension("bad")
        } else {
            passed_over(&data, NEWEST, &whole, &what)
        };
        fs::rename(&aside, &newest).unwrap_or_else(|error| panic!("{what}: {}: {error}", aside.display()));
        overwrite(&path, at, &[byte]);
    }
    let recovered = recovered(&data).unwrap();
    assert!(recovered.passed_over.is_empty(), "every bit is back: {:?}", recovered.passed_over);
}

/// Damages a snapshot.
type Damage = fn(&Path);

const DAMAGES: [(&str, Damage); 6] = [
    ("a leftover snap.*.generating", |snapshot| {
        fs::write(snapshot.join("part-0001/snap.00000000000000FF.generating"), "half").unwrap();
    }),
    ("a missing part", |snapshot| fs::remove_dir_all(snapshot.join("part-0001")).unwrap()),
    ("a missing file", |snapshot| fs::remove_file(snapshot.join("part-0001/db")).unwrap()),
    ("a missing manifest", |snapshot| fs::remove_file(snapshot.join("manifest.json")).unwrap()),
    ("a file too many", |snapshot| fs::write(snapshot.join("part-0001/more"), "").unwrap()),
    ("an empty directory", |snapshot| {
        fs::remove_dir_all(snapshot).unwrap();
        fs::create_dir(snapshot).unwrap();
    }),
];

#[test]
fn r9_4_leftovers_of_sled_missing_and_cut_files_and_an_empty_directory_are_passed_over() {
    let Written { home, whole, .. } = written();
    let pristine = home.root().join("pristine");
    copy(&directory(&home.data(), NEWEST), &pristine);
    let newest = directory(&home.data(), NEWEST);
    let undo = |aside: &Path| {
        fs::remove_dir_all(aside).unwrap();
        copy(&pristine, &newest);
    };
    for (what, damage) in DAMAGES {
        damage(&newest);
        undo(&passed_over(&home.data(), NEWEST, &whole, what));
    }
    for file in files_below(&pristine).into_iter().filter(|file| fs::metadata(file).unwrap().len() > 1) {
        let file = newest.join(file.strip_prefix(&pristine).unwrap());
        cut(&file);
        undo(&passed_over(&home.data(), NEWEST, &whole, &format!("{} is a byte short", file.display())));
    }
    fs::create_dir(directory(&home.data(), NEWEST + 1)).unwrap();
    passed_over(&home.data(), NEWEST + 1, &whole, "an empty directory with the next number");
}

#[test]
fn r9_4_a_snapshot_of_another_journal_stops_the_start_and_is_not_set_aside() {
    let Written { home, .. } = written();
    let manifest = directory(&home.data(), NEWEST).join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    let line = text.lines().next().unwrap();
    let journal = line.split_once("\"journal\":\"").unwrap().1.split_once('"').unwrap().0;
    let forged = line.replace(journal, &journal.chars().rev().collect::<String>());
    fs::write(&manifest, text.replace(line, &forged).replace(&hash(line), &hash(&forged))).unwrap();
    let start = home.run(&SERVE);
    assert_eq!(start.status.code(), Some(65), "{}", told(&start));
    assert!(told(&start).contains(&format!("snapshot {NEWEST} belongs to journal")), "{}", told(&start));
    assert!(manifest.exists(), "whoever has mixed up two data directories can put it right");
    fs::write(&manifest, text).unwrap();
    drop(home.serve());
}

fn hash(line: &str) -> String {
    blake3::hash(line.as_bytes()).to_hex().to_string()
}

/// Cuts off the last byte that is not zero: sled's log may end in any number of zeroes.
fn cut(path: &Path) {
    let last = fs::read(path).unwrap().iter().rposition(|byte| *byte != 0).unwrap();
    File::options().write(true).open(path).unwrap().set_len(last as u64).unwrap();
}

fn copy(from: &Path, to: &Path) {
    for file in files_below(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(file, target).unwrap();
    }
}

/// What happens to the only snapshot, whose part of the journal has been removed already.
const LOSSES: [(&str, Damage); 2] = [
    ("removed", |snapshots| fs::remove_dir_all(snapshots).unwrap()),
    ("damaged", |snapshots| {
        for file in files_below(snapshots).into_iter().filter(|file| file.ends_with("db")) {
            let middle = fs::metadata(&file).unwrap().len() / 2;
            overwrite(&file, middle, &[!fs::read(&file).unwrap()[usize::try_from(middle).unwrap()]]);
        }
    }),
];

#[test]
fn r9_4_without_any_snapshot_a_trimmed_journal_is_refused_and_the_missing_groups_are_named() {
    let mut home = Home::new();
    home.env("TRIPSWITCH__SNAPSHOTS__KEEP", "1");
    let neighbour = Neighbour::new(&home);
    let server = home.serve();
    neighbour.fill_segment(&home, &server);
    server.kill();
    home.env("TRIPSWITCH__SNAPSHOTS__REPLAY_BUDGET", "1000");
    let oldest = segments(&home.data()).remove(0);
    let server = home.serve();
    wait_until("the journal is trimmed", || !oldest.exists());
    server.kill();
    let first = {
        let _no_child = NO_SPAWN.read();
        ReadOnly::open(&home.data()).unwrap().journal.first().0
    };
    for (what, lose) in LOSSES {
        let saved = home.root().join("saved");
        copy(&snapshots_in(&home.data()), &saved);
        lose(&snapshots_in(&home.data()));
        for arguments in [&SERVE[..], &["workspace", "list"]] {
            let start = home.run(arguments);
            assert_eq!(start.status.code(), Some(65), "{what}, {arguments:?}: {}", told(&start));
            let missing = format!("groups 1 to {} of the journal were trimmed", first - 1);
            assert!(told(&start).contains(&missing), "{what}, {arguments:?}, {missing}: {}", told(&start));
        }
        let _gone = fs::remove_dir_all(snapshots_in(&home.data()));
        copy(&saved, &snapshots_in(&home.data()));
        drop(home.serve());
    }
}
