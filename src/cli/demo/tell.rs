//! What the demo prints.

use super::client::Client;
use super::events::account_id;
use super::setup::Made;
use super::texts::{NORDIC_PARTS, TEXTS};
use crate::cli::exit::Failure;
use crate::cli::output;

/// The dashboard's address with the key, what to look at, and three requests to paste.
pub fn introduce(client: &Client, made: &Made, directory: &str) -> Result<(), Failure> {
    let Client { base, key, workspace, .. } = client;
    let (account, name) = (account_id(NORDIC_PARTS), &TEXTS.accounts[NORDIC_PARTS].name);
    let server_key = made.server_key.expose();
    output::line(format_args!(
        "dashboard  {base}/#key={key}\n\n\
         Open it and watch {name}: within a minute its breaker trips and the AI is paused. Find out why in the\n\
         dashboard, acknowledge the breaker there and resolve it, and the AI answers again.\n\n\
         workspace  {workspace}\n\
         key        {key}\n\
         server key {server_key} (sign in with it to see the page System)\n\
         data       {directory} (Ctrl-C ends the demo and removes it)\n\n\
         The same from another terminal: the account's health, the breakers, the gate.\n\n\
         curl -s -H 'Authorization: Bearer {key}' '{base}/api/accounts/{account}/quality'\n\
         curl -s -H 'Authorization: Bearer {key}' '{base}/api/workspaces/{workspace}/quality/circuit-breakers'\n\
         curl -s -H 'Authorization: Bearer {key}' '{base}/api/workspaces/{workspace}/quality/gate?accountId={account}'\n"
    ))
}

/// A breaker of that id has tripped.
pub fn tripped(client: &Client, id: &str, reason: &str) -> Result<(), Failure> {
    let Client { base, key, workspace, .. } = client;
    let url = format!("{base}/api/workspaces/{workspace}/quality/circuit-breakers/{id}");
    output::line(format_args!(
        "\nBREAKER TRIPPED: {reason}\n\
         The AI is paused until somebody looks why, acknowledges and then resolves it, in the dashboard or here:\n\n\
         curl -s -H 'Authorization: Bearer {key}' '{url}'\n\
         curl -s -X POST -H 'Authorization: Bearer {key}' '{url}/acknowledge'\n\
         curl -s -X POST -H 'Authorization: Bearer {key}' '{url}/resolve'\n"
    ))
}
