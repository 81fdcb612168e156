//! SIGTERM while eight clients write: an orderly end.

use crate::load::{check_everything, load, workers};
use crate::support::process::Home;

#[test]
fn r9_1_sigterm_under_load_ends_with_0_and_loses_nothing_that_was_answered() {
    let home = Home::new();
    let mut workers = workers(2);
    for _ in 0..3 {
        load(&mut workers, &home, home.serve(), 200, |server| {
            assert_eq!(server.terminate().code(), Some(0));
            None
        });
        let server = home.serve();
        let checked = check_everything(&mut workers, &home, &server);
        assert!(checked.complaints.is_empty(), "{:#?}", checked.complaints);
        assert_eq!(server.terminate().code(), Some(0));
    }
}
