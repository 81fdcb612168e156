//! Which numbers profiles have (R6.9).

use super::super::Workspace;
use super::super::restore::Restoring;
use super::*;

/// Settings whose profile is like no other's.
fn settings(n: u16) -> Settings {
    let mut settings = Settings::default();
    settings.profile.prior_strength = 1.0 + f64::from(n);
    settings
}

impl Stage {
    fn install(&mut self, n: u16) -> u16 {
        self.record(START, Record::Settings(Box::new(settings(n))));
        self.local.workspace.in_force
    }
}

fn restored(workspace: &mut Workspace) -> Workspace {
    let mut restoring = Restoring::default();
    workspace.cut().blocks().for_each(|block| restoring.push(block).unwrap());
    restoring.finish().unwrap()
}

#[test]
fn r6_9_a_number_that_nothing_names_is_given_again_once_there_are_many() {
    let mut stage = Stage::new();
    for n in 0..128 {
        assert_eq!(stage.install(n), n);
        if n % 2 == 0 {
            stage.import(START, n.into(), 400);
        }
    }
    assert_eq!(stage.install(127), 127, "as it is");
    assert_eq!(stage.install(500), 1, "the first without a score");
    stage.import(START, 501, 400);
    assert_eq!(stage.install(0), 0, "known already");
    assert_eq!(stage.install(502), 3, "the first without a score is another one now");
    let mut again = restored(&mut stage.local.workspace);
    assert_eq!((again.in_force, again.state_hash()), (3, stage.local.workspace.state_hash()));
    assert_eq!(again.profiles.len(), 128);
    assert_eq!(restored(&mut again).state_hash(), again.state_hash());
}

#[test]
fn r6_9_no_more_are_taken_than_can_be_told_apart() {
    let mut stage = Stage::new();
    for n in 0..250 {
        assert!(stage.local.workspace.takes_profile(&settings(n).profile), "{n}");
        stage.install(n);
        stage.import(START, n.into(), 400);
    }
    let workspace = &stage.local.workspace;
    assert!(!workspace.takes_profile(&settings(300).profile) && workspace.takes_profile(&settings(7).profile));
    assert_eq!(stage.install(300), 250, "what config.toml says is taken all the same");
}
