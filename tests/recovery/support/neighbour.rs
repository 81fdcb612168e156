//! A second workspace, which fills the journal and makes snapshots due without disturbing the checks of the first.

use serde_json::Value;

use super::events::bulk;
use super::http::Client;
use super::journal::{groups, segments};
use super::process::{Home, Server, told};

const COUNT: u64 = 400;

#[derive(Debug)]
pub struct Neighbour {
    workspace: String,
    key: String,
}

impl Neighbour {
    /// Makes the workspace; no server may run.
    pub fn new(home: &Home) -> Self {
        let create = ["workspace", "create", "--name", "Next door", "--tenant", "org_next", "--with-key", "-o", "json"];
        let output = home.run(&create);
        assert!(output.status.success(), "{}", told(&output));
        let made: Value = serde_json::from_slice(&output.stdout).unwrap();
        let text = |member: &str| made[member].as_str().unwrap().to_owned();
        Self { workspace: text("id"), key: text("key") }
    }

    /// Posts these requests of 400 events; known ones are duplicates, which fill the journal as well.
    pub fn write(&self, server: &Server, requests: impl Iterator<Item = u64>) {
        let mut client = Client::new(server.address, &self.key);
        for request in requests {
            let path = format!("/api/workspaces/{}/events", self.workspace);
            let answer = client.post(&path, &bulk("next", request, COUNT)).expect(202);
            let of = |member: &str| answer[member].as_u64().unwrap();
            assert_eq!(of("accepted") + of("duplicates"), COUNT, "{answer}");
        }
    }

    /// Posts the first request again and again until the journal goes on in a further segment.
    pub fn fill_segment(&self, home: &Home, server: &Server) {
        let written = || segments(&home.data()).iter().filter(|path| !groups(path).is_empty()).count();
        let (before, mut requests) = (written(), 0);
        while written() == before {
            self.write(server, [0, 0, 0, 0].into_iter());
            requests += 4;
            assert!(requests < 400, "a segment has 1 MiB");
        }
    }
}
