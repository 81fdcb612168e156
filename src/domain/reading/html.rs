//! From HTML to the text that a reader sees, line by line.
//!
//! The tokenizer of html5ever reads it. No tree is built, so deeply nested markup costs no stack.

use std::cell::{Cell, RefCell};
use std::sync::LazyLock;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::{RawKind, Rawtext, Rcdata, ScriptData};
use html5ever::tokenizer::{
    BufferQueue, EndTag, StartTag, Tag, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use regex::Regex;

use super::phrase::expression;

/// The bytes that the tokenizer gets at a time.
const CHUNK: usize = 1_024;
/// The largest number of chunks of one tag. The tokenizer compares each attribute of a tag with all before it, so
/// this bounds the work. Only a picture that is embedded in its tag is longer, and that is no text.
const PATIENCE: usize = 2;

static BREAK: LazyLock<Regex> =
    LazyLock::new(|| expression(r"(?i)<(?:/?(?:p|div|tr|td|li|table|body|html|h[1-6])|br)\b"));

/// What a reader sees of `html`. A quoted block leaves a `>` on a line of its own.
pub fn visible(html: &str) -> String {
    let reader = Reader::new(html);
    let uncommented = without_comments(html);
    let mut rest = uncommented.as_str();
    while let Some(next) = feed(&reader, rest) {
        rest = next;
    }
    reader.out.into_inner()
}

/// Gives `html` to the tokenizer. Returns the rest, after the next `>`, if a tag was not ended.
fn feed<'h>(reader: &Reader, html: &'h str) -> Option<&'h str> {
    let tokenizer = Tokenizer::new(reader, TokenizerOpts { discard_bom: false, ..TokenizerOpts::default() });
    let queue = BufferQueue::default();
    let (mut at, mut silent, mut seen) = (0, 0, reader.seen.get());
    while at < html.len() && !reader.done.get() {
        let end = html.ceil_char_boundary(at + CHUNK);
        queue.push_back(StrTendril::from_slice(&html[at..end]));
        while !queue.is_empty() {
            let _ = tokenizer.feed(&queue);
        }
        at = end;
        silent = if reader.seen.get() == seen { silent + 1 } else { 0 };
        seen = reader.seen.get();
        if silent == PATIENCE {
            return html[at..].find('>').map(|close| &html[at + close + 1..]);
        }
    }
    tokenizer.end();
    None
}

fn without_comments(html: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(html.len()), html);
    while let Some(at) = rest.find("<!--") {
        out.push_str(&rest[..at]);
        out.push(' ');
        rest = &rest[at + 4..];
        match rest.find("-->") {
            Some(end) => rest = &rest[end + 3..],
            None => break,
        }
    }
    out.push_str(&rest.replace("<!--", " "));
    out
}

/// Collects the text. The tokenizer knows its sink by a shared reference only, hence the cells.
struct Reader {
    out: RefCell<String>,
    /// The element that is left out until its end, with how many of its name are open.
    skipped: RefCell<Option<(String, usize)>>,
    /// In a style, script or title.
    hidden: Cell<bool>,
    preformatted: Cell<bool>,
    /// Tags say where lines end, so line ends are blanks.
    has_breaks: bool,
    /// How many tokens there were so far, without complaints of the tokenizer.
    seen: Cell<usize>,
    /// The rest is an original below a reply.
    done: Cell<bool>,
}

impl TokenSink for &Reader {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        if !matches!(token, Token::ParseError(_)) {
            self.seen.set(self.seen.get() + 1);
        }
        match token {
            Token::CharacterTokens(text) => self.text(&text),
            Token::TagToken(tag) if tag.kind == StartTag => return self.start(&tag),
            Token::TagToken(tag) => self.end_of(&tag),
            Token::DoctypeToken(_) | Token::CommentToken(_) | Token::NullCharacterToken => {}
            Token::EOFToken | Token::ParseError(_) => {}
        }
        TokenSinkResult::Continue
    }
}

impl Reader {
    fn new(html: &str) -> Self {
        Self {
            out: RefCell::new(String::with_capacity(html.len() / 2)),
            skipped: RefCell::new(None),
            hidden: Cell::new(false),
            preformatted: Cell::new(false),
            has_breaks: BREAK.is_match(html),
            seen: Cell::new(0),
            done: Cell::new(false),
        }
    }

    fn is_silent(&self) -> bool {
        self.hidden.get() || self.done.get() || self.skipped.borrow().is_some()
    }

    fn text(&self, text: &str) {
        if self.is_silent() {
            return;
        }
        let mut out = self.out.borrow_mut();
        if self.has_breaks && !self.preformatted.get() && text.contains('\n') {
            out.push_str(&text.replace('\n', " "));
        } else {
            out.push_str(text);
        }
    }

    /// What stands in the text for a tag: a line end for a block, a blank between cells, an empty line between
    /// paragraphs.
    fn space(&self, name: &str) {
        if self.is_silent() {
            return;
        }
        let mut out = self.out.borrow_mut();
        match name {
            "br" => out.push('\n'),
            "p" | "hr" | "table" | "ul" | "ol" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "pre" => {
                end_line(&mut out);
                out.push('\n');
            }
            "div" | "tr" | "li" | "dl" | "dt" | "dd" | "section" | "article" | "header" | "footer" | "blockquote"
            | "body" | "center" | "address" => end_line(&mut out),
            "td" | "th" | "img" | "option" => out.push(' '),
            _ => {}
        }
    }

    fn start(&self, tag: &Tag) -> TokenSinkResult<()> {
        let name = &*tag.name;
        if let Some(raw) = raw_kind(name) {
            self.hidden.set(true);
            return TokenSinkResult::RawData(raw);
        }
        self.hidden.set(false);
        if let Some((skipped, depth)) = self.skipped.borrow_mut().as_mut() {
            *depth += usize::from(skipped == name);
            return TokenSinkResult::Continue;
        }
        match what(tag) {
            What::Shown => self.space(name),
            What::Left => *self.skipped.borrow_mut() = Some((name.to_owned(), 1)),
            What::Quote => {
                self.out.borrow_mut().push_str("\n>\n");
                *self.skipped.borrow_mut() = Some((name.to_owned(), 1));
            }
            What::LastQuote => self.done.set(true),
        }
        if name == "pre" {
            self.preformatted.set(true);
        }
        TokenSinkResult::Continue
    }

    fn end_of(&self, tag: &Tag) {
        debug_assert!(tag.kind == EndTag, "start tags go elsewhere");
        let name = &*tag.name;
        if self.hidden.replace(false) {
            return;
        }
        let mut skipped = self.skipped.borrow_mut();
        if let Some((open, depth)) = skipped.as_mut() {
            *depth -= usize::from(open == name);
            if *depth == 0 {
                *skipped = None;
            }
            return;
        }
        drop(skipped);
        if name == "pre" {
            self.preformatted.set(false);
        }
        self.space(name);
    }
}

fn raw_kind(name: &str) -> Option<RawKind> {
    match name {
        "style" | "xmp" | "iframe" | "noembed" | "noframes" => Some(Rawtext),
        "script" => Some(ScriptData),
        "title" => Some(Rcdata),
        _ => None,
    }
}

/// Not if the line has ended already: a block within a block is one line end.
fn end_line(out: &mut String) {
    let written = out.trim_end_matches(' ');
    if !written.is_empty() && !written.ends_with('\n') {
        out.push('\n');
    }
}

enum What {
    Shown,
    /// Not seen, or a signature.
    Left,
    Quote,
    /// All that follows is the original.
    LastQuote,
}

fn what(tag: &Tag) -> What {
    let name = &*tag.name;
    if name == "blockquote" {
        return What::Quote;
    }
    if !matches!(name, "div" | "span" | "p" | "td") {
        return What::Shown;
    }
    let value = |wanted: &str| {
        let found = tag.attrs.iter().find(|attribute| &*attribute.name.local == wanted);
        found.map_or("", |attribute| &*attribute.value)
    };
    match value("id") {
        "divRplyFwdMsg" | "appendonsend" | "mail-editor-reference-message-container" => return What::LastQuote,
        "Signature" | "ms-outlook-mobile-signature" => return What::Left,
        _ => {}
    }
    let class = value("class").split_ascii_whitespace().map(what_class).find(|what| !matches!(what, What::Shown));
    let unseen = || value("style").replace(' ', "").to_ascii_lowercase().contains("display:none");
    class.unwrap_or_else(|| if unseen() { What::Left } else { What::Shown })
}

fn what_class(class: &str) -> What {
    match class {
        "gmail_quote"
        | "gmail_quote_container"
        | "gmail_extra"
        | "gmail_attr"
        | "yahoo_quoted"
        | "protonmail_quote"
        | "tutanota_quote"
        | "moz-forward-container"
        | "moz-cite-prefix" => What::Quote,
        "OutlookMessageHeader" => What::LastQuote,
        "gmail_signature" | "gmail_signature_prefix" | "moz-signature" | "protonmail_signature_block" => What::Left,
        _ => What::Shown,
    }
}
