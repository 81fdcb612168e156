//! `workspace create|list|delete` (R10.4).

use serde_json::json;

use super::args::{id, name};
use super::exit::Failure;
use super::output::{self, Format, FormatArgs};
use super::target::TargetArgs;
use crate::domain::ids::{Id, Side};
use crate::domain::system::{NewKey, Permission};

/// Make, list and delete workspaces
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Make a workspace and print its id
    Create(CreateArgs),
    /// List the workspaces
    List(ListArgs),
    /// Delete a workspace with all that it holds, and the keys that are bound to it
    Delete(DeleteArgs),
}

#[derive(Debug, clap::Args)]
pub struct CreateArgs {
    /// What reasons and lists call it
    #[arg(long, value_parser = name)]
    name: String,
    /// The organisation that owns it
    #[arg(long, value_parser = name)]
    tenant: String,
    /// Its id, where it has one already [default: a random UUID]
    #[arg(long, value_name = "UUID", value_parser = id)]
    id: Option<Id>,
    /// Also make a live key with every scope, bound to the workspace, and print it
    #[arg(long)]
    with_key: bool,
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
pub struct DeleteArgs {
    /// The workspace's id, as `workspace list` shows it
    #[arg(value_parser = id)]
    id: Id,
    /// Also while a circuit breaker of it is active
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    format: FormatArgs,
}

/// The four scopes of a tenant (R2.14).
pub const TENANT_SCOPES: [Permission; 4] =
    [Permission::QualityRead, Permission::QualityWrite, Permission::EventsWrite, Permission::Admin];

pub fn run(command: &Command, quiet: bool) -> Result<(), Failure> {
    match command {
        Command::Create(args) => create(args),
        Command::List(args) => list(args),
        Command::Delete(args) => {
            args.target.open()?.delete_workspace(args.id, args.force)?;
            match args.format.output {
                Format::Json => output::json(&json!({"id": args.id, "deleted": true})),
                Format::Table => {
                    output::note(quiet, format_args!("Deleted {}.", args.id));
                    Ok(())
                }
            }
        }
    }
}

fn create(args: &CreateArgs) -> Result<(), Failure> {
    let mut target = args.target.open_or_make()?;
    let id = target.create_workspace(&args.name, &args.tenant, args.id)?;
    if !args.with_key {
        return match args.format.output {
            Format::Table => output::line(id),
            Format::Json => output::json(&json!({"id": id})),
        };
    }
    let (key_id, key) = target.create_key(NewKey {
        name: format!("{} (made with the workspace)", args.name).chars().take(255).collect::<String>().into(),
        tenant: Some(args.tenant.as_str().into()),
        workspace: Some(id),
        side: Side::Live,
        scopes: TENANT_SCOPES.into(),
        expires_at: None,
    })?;
    match args.format.output {
        Format::Table => output::line(format_args!("workspace {id}\nkey       {}", key.expose())),
        Format::Json => output::json(&json!({"id": id, "keyId": key_id, "key": key})),
    }
}

fn list(args: &ListArgs) -> Result<(), Failure> {
    let rows = args.target.open()?.workspaces()?;
    match args.format.output {
        Format::Json => output::json(&rows),
        Format::Table => output::table(
            ["id", "name", "tenant", "created"],
            rows.into_iter()
                .map(|row| [row.id.to_string(), row.name.into(), row.tenant.into(), row.created_at.to_string()]),
        ),
    }
}
