//! Texts with places for what differs from mail to mail (R13.2b), written `{{name}}`.

/// What is put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placeholder {
    /// The address of the page to rate on.
    Link,
    /// That address once for each rating.
    Ratings,
    /// The workspace's name.
    Workspace,
    /// Where the customer says that no mail is wanted any more.
    OptOut,
}

impl Placeholder {
    pub const ALL: [Self; 4] = [Self::Link, Self::Ratings, Self::Workspace, Self::OptOut];

    /// As it is written between the braces.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Ratings => "ratings",
            Self::Workspace => "workspace",
            Self::OptOut => "optOut",
        }
    }
}

/// A piece of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    Text(&'a str),
    Put(Placeholder),
    /// Between braces, and no placeholder.
    Unknown(&'a str),
}

const OPEN: &str = "{{";
const CLOSE: &str = "}}";

/// The pieces of a template, in their order. Braces that are not closed are text.
pub fn pieces(template: &str) -> Vec<Piece<'_>> {
    let (mut found, mut rest) = (Vec::new(), template);
    while let Some((before, behind)) = rest.split_once(OPEN)
        && let Some((name, after)) = behind.split_once(CLOSE)
    {
        let known = Placeholder::ALL.into_iter().find(|placeholder| placeholder.name() == name.trim());
        if !before.is_empty() {
            found.push(Piece::Text(before));
        }
        found.push(known.map_or(Piece::Unknown(name), Piece::Put));
        rest = after;
    }
    if !rest.is_empty() {
        found.push(Piece::Text(rest));
    }
    found
}

/// Whether it has this placeholder.
pub fn has(template: &str, placeholder: Placeholder) -> bool {
    pieces(template).contains(&Piece::Put(placeholder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r13_2b_a_template_is_text_and_what_is_put_in() {
        let found = pieces("Dear customer of {{workspace}}: {{ link }}{{optOut}} {{x}} {{y");
        let expected = [
            Piece::Text("Dear customer of "),
            Piece::Put(Placeholder::Workspace),
            Piece::Text(": "),
            Piece::Put(Placeholder::Link),
            Piece::Put(Placeholder::OptOut),
            Piece::Text(" "),
            Piece::Unknown("x"),
            Piece::Text(" {{y"),
        ];
        assert_eq!(found, expected);
        assert_eq!(pieces(""), []);
        assert!(has("{{ratings}}", Placeholder::Ratings) && !has("{ratings}", Placeholder::Ratings));
    }
}
