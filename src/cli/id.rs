//! `id`: the UUID that stands for an id of another system (R2.2b).

use super::args::id;
use super::exit::{Exit, Failure};
use super::output;
use crate::domain::ids::{Id, IdKind, IdName};

/// Print the UUID that a workspace has for a conversation or account of another system
///
/// The same as the API makes of `ext:TEXT`. Needs neither a server nor a data directory.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The workspace's id
    #[arg(long, value_name = "UUID", value_parser = id)]
    workspace: Id,
    /// What it is the id of
    #[arg(value_enum)]
    kind: Kind,
    /// The id in the other system, with or without `ext:` before it
    #[arg(allow_hyphen_values = true)]
    text: String,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Kind {
    Conversation,
    Account,
}

pub fn run(args: &Args) -> Result<(), Failure> {
    output::line(uuid(args)?)
}

fn uuid(args: &Args) -> Result<Id, Failure> {
    let kind = match args.kind {
        Kind::Conversation => IdKind::Conversation,
        Kind::Account => IdKind::Account,
    };
    let text = args.text.strip_prefix("ext:").unwrap_or(&args.text);
    let name = IdName::parse(kind, &format!("ext:{text}"));
    let name = name.map_err(|_| Failure::new(Exit::Usage, "1 to 200 characters are expected, without NUL"))?;
    Ok(name.within(args.workspace))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn printed(rest: &[&str]) -> Result<String, u8> {
        let line = [&["id", "--workspace", "ws_f47ac10b-58cc-4372-a567-0e02b2c3d479"], rest].concat();
        let line = Line::try_parse_from(line).map_err(|_| Exit::Usage.code())?;
        uuid(&line.args).map(|id| id.to_string()).map_err(|failure| failure.exit.code())
    }

    #[test]
    fn r2_2b_the_uuid_of_an_external_id() {
        assert_eq!(printed(&["conversation", "4711"]).as_deref(), Ok("19141e98-7a2a-5234-84b9-8f3055fe49f0"));
        assert_eq!(printed(&["conversation", "ext:4711"]).as_deref(), Ok("19141e98-7a2a-5234-84b9-8f3055fe49f0"));
        assert_eq!(printed(&["account", "-1"]).as_deref(), Ok("11113df3-659f-5c4b-a045-e512803f359a"));
        for wrong in [&["account", ""][..], &["account", &"x".repeat(201)], &["breaker", "1"], &["account"]] {
            assert_eq!(printed(wrong), Err(2), "{wrong:?}");
        }
    }
}
