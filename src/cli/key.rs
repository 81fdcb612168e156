//! `key create|list|revoke` (R10.4).

use serde_json::json;

use super::args::{id, instant, name, scope};
use super::exit::{Exit, Failure};
use super::output::{self, Format, FormatArgs, or_dash};
use super::target::{Target, TargetArgs};
use crate::domain::ids::{Id, Side};
use crate::domain::system::{NewKey, Permission};
use crate::domain::time::Millis;
use crate::wire::admin::ApiKey;

/// Make, list and revoke API keys
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Make a key and print it: it cannot be shown again
    Create(CreateArgs),
    /// List the keys, without their secrets
    List(ListArgs),
    /// Revoke a key
    Revoke(RevokeArgs),
}

#[derive(Debug, clap::Args)]
pub struct CreateArgs {
    /// The organisation the key belongs to
    #[arg(long, value_parser = name, required_unless_present = "server")]
    tenant: Option<String>,
    /// The one workspace it reaches [default: all of the tenant's]
    #[arg(long, value_name = "UUID", value_parser = id)]
    workspace: Option<Id>,
    /// quality:read, quality:write, events:write or admin; may be repeated
    #[arg(long = "scope", value_name = "SCOPE", value_parser = scope, required_unless_present = "server")]
    scopes: Vec<Permission>,
    /// What lists call it
    #[arg(long, value_parser = name, default_value = "API key")]
    name: String,
    /// For the test sides of workspaces
    #[arg(long)]
    test: bool,
    /// Until when it holds (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = instant)]
    expires: Option<Millis>,
    /// A server key: administers every tenant; made on the data directory only
    #[arg(long, conflicts_with_all = ["tenant", "workspace", "scopes", "test", "url"])]
    server: bool,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    format: FormatArgs,
}

#[derive(Debug, clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    format: FormatArgs,
}

#[derive(Debug, clap::Args)]
pub struct RevokeArgs {
    /// The key's id, as `key list` shows it
    #[arg(value_parser = id)]
    id: Id,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    format: FormatArgs,
}

pub fn run(command: &Command, quiet: bool) -> Result<(), Failure> {
    match command {
        Command::Create(args) => create(args),
        Command::List(args) => list(args),
        Command::Revoke(args) => {
            args.target.open()?.revoke_key(args.id)?;
            match args.format.output {
                Format::Json => output::json(&json!({"id": args.id, "revoked": true})),
                Format::Table => {
                    output::note(quiet, format_args!("Revoked {}.", args.id));
                    Ok(())
                }
            }
        }
    }
}

fn create(args: &CreateArgs) -> Result<(), Failure> {
    let mut scopes = args.scopes.clone();
    scopes.sort_by_key(|scope| *scope as u8);
    scopes.dedup();
    if args.server {
        scopes = vec![Permission::Server];
    }
    let mut target = args.target.open_or_make()?;
    check_expiry(args.expires, &target)?;
    let (id, key) = target.create_key(NewKey {
        name: args.name.as_str().into(),
        tenant: args.tenant.as_deref().map(Into::into),
        workspace: args.workspace,
        side: if args.test { Side::Test } else { Side::Live },
        scopes,
        expires_at: args.expires,
    })?;
    match args.format.output {
        Format::Table => output::line(format_args!("id  {id}\nkey {}", key.expose())),
        Format::Json => output::json(&json!({"id": id, "key": key})),
    }
}

/// A running server judges by its own clock.
fn check_expiry(expires: Option<Millis>, target: &Target) -> Result<(), Failure> {
    match (expires, target) {
        (Some(at), Target::DataDirectory(_) | Target::Cluster(_)) if at <= crate::clock::wall() => {
            Err(Failure::new(Exit::Usage, "--expires must be in the future."))
        }
        (_, Target::DataDirectory(_) | Target::Cluster(_) | Target::Server(_)) => Ok(()),
    }
}

fn list(args: &ListArgs) -> Result<(), Failure> {
    let rows = args.target.open()?.keys()?;
    match args.format.output {
        Format::Json => output::json(&rows),
        Format::Table => output::table(
            ["id", "prefix", "name", "tenant", "workspace", "side", "scopes", "expires", "state"],
            rows.into_iter().map(cells),
        ),
    }
}

fn cells(row: ApiKey) -> [String; 9] {
    let scopes = row.scopes.iter().map(|scope| serde_json::to_value(scope).unwrap_or_default());
    let scopes: Vec<String> = scopes.filter_map(|scope| scope.as_str().map(str::to_owned)).collect();
    let side = match row.side {
        Side::Live => "live",
        Side::Test => "test",
    };
    [
        row.id.to_string(),
        row.key_prefix.into(),
        row.name.into(),
        or_dash(row.tenant),
        or_dash(row.workspace_id),
        side.to_owned(),
        scopes.join(","),
        or_dash(row.expires_at),
        row.revoked_at.map_or_else(|| "active".to_owned(), |at| format!("revoked {at}")),
    ]
}
