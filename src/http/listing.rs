//! Lists in the form that `Accept` asks for (R6.6): pages of JSON, or all rows at once as a table (RFC 4180) or as one JSON
//! object a line, written while they are read.

use std::convert::Infallible;
use std::io;

use axum::body::{Body, Bytes};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use futures::stream::{self, Stream, StreamExt};
use serde_json::Value;

use super::call::Call;
use super::cursor::List;
use super::paging::Page;
use super::params::Query;
use super::weight::weight;
use crate::service::ServiceError;
use crate::service::tenant_load::Visit;
use crate::wire::failure::Fault;
use crate::wire::media_type;
use crate::wire::rows::Row;

/// Rows that are read and written at a time, where all are.
pub const PART: usize = 500;

/// The form of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Json,
    Csv,
    Ndjson,
}

impl Form {
    /// Of the same weight the first is taken.
    const ALL: [Self; 3] = [Self::Json, Self::Csv, Self::Ndjson];

    const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv",
            Self::Ndjson => "application/x-ndjson",
        }
    }

    const fn ending(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }

    /// The one that is wanted most, as RFC 9110 (12.5.1) has it; JSON where none is.
    fn accepted(ranges: &[&str]) -> Self {
        let weight = |form: Self| {
            let fitting = ranges.iter().filter_map(|range| fit(form.media_type(), range));
            fitting.max_by_key(|(closeness, _)| *closeness).filter(|(_, weight)| *weight > 0)
        };
        let wanted = Self::ALL.into_iter().filter_map(|form| Some((weight(form)?, form)));
        // The last of the greatest is taken, so the order is turned round.
        let weighed = wanted.rev().max_by_key(|((closeness, weight), _)| (*weight, *closeness));
        weighed.map_or(Self::Json, |(_, form)| form)
    }

    /// Which page is asked for; none where all rows are, and then a page is a fault.
    pub fn page<const N: usize>(self, query: &Query<'_>, list: List, faults: &mut Vec<Fault>) -> Option<Page<N>> {
        if self == Self::Json {
            return Some(Page::read(query, list, faults));
        }
        let sent = ["limit", "cursor"].into_iter().filter(|name| query.get(name).is_some());
        faults.extend(sent.map(|name| Fault::at(name, "is for pages: this form has all rows at once")));
        None
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Form {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let sent = parts.headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        Ok(Self::accepted(&sent.flat_map(|value| value.split(',')).collect::<Vec<_>>()))
    }
}

/// How closely a range names a media type, and how much it is wanted, in thousandths; none if it does not.
fn fit(media_type: &str, range: &str) -> Option<(u8, u16)> {
    let mut parts = range.split(';').map(str::trim);
    let name = parts.next()?;
    let kind = media_type.split('/').next()?;
    let closeness = match name.split_once('/')? {
        ("*", "*") => 0,
        (first, "*") if first.eq_ignore_ascii_case(kind) => 1,
        _ if media_type::among(&[media_type], name) => 2,
        _ => return None,
    };
    Some((closeness, weight(parts)))
}

/// All rows of `parts` in this form, under the name of the list. If a part cannot be had, the connection is cut, since the
/// client has a 200 already. The request counts as under way until the last part is taken.
pub fn whole<R: Row + 'static>(
    form: Form,
    name: &str,
    call: Call,
    parts: impl Stream<Item = Result<Vec<R>, ServiceError>> + Send + 'static,
) -> Response {
    let visit: Visit = call.visit;
    let head = (form == Form::Csv).then(|| line_of(R::COLUMNS.iter().copied()).map(Bytes::from));
    let written = parts.map(move |part| {
        let _under_way = &visit;
        let rows = part.map_err(io::Error::other)?;
        match form {
            Form::Csv => table(&rows),
            Form::Json | Form::Ndjson => lines(&rows),
        }
    });
    let mut response = Response::new(Body::from_stream(stream::iter(head).chain(written)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(form.media_type()));
    let file = format!("attachment; filename=\"{name}.{}\"", form.ending());
    if let Ok(file) = HeaderValue::from_str(&file) {
        headers.insert(header::CONTENT_DISPOSITION, file);
    }
    varied(response)
}

/// Another `Accept` gets another answer.
pub fn varied(mut response: Response) -> Response {
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    response
}

/// Parts of a list that is read page by page: `page` gets where one begins, and says where the next does.
pub fn pages<P, R, F>(page: impl Fn(Option<P>) -> F + Send) -> impl Stream<Item = Result<Vec<R>, ServiceError>> + Send
where
    P: Send,
    R: Send,
    F: Future<Output = Result<(Vec<R>, Option<P>), ServiceError>> + Send,
{
    stream::try_unfold(Some(None), move |begin: Option<Option<P>>| {
        let asked = begin.map(&page);
        async move {
            let Some(asked) = asked else { return Ok(None) };
            let (rows, next) = asked.await?;
            Ok(Some((rows, next.map(Some))))
        }
    })
}

fn lines<R: Row>(rows: &[R]) -> io::Result<Bytes> {
    let mut text = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut text, row)?;
        text.push(b'\n');
    }
    Ok(text.into())
}

fn table<R: Row>(rows: &[R]) -> io::Result<Bytes> {
    let mut text = Vec::new();
    for row in rows {
        let members = serde_json::to_value(row)?;
        text.extend(line_of(R::COLUMNS.iter().map(|column| cell(&members[column])))?);
    }
    Ok(text.into())
}

fn line_of<T: AsRef<[u8]>>(cells: impl Iterator<Item = T>) -> io::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(cells)?;
    writer.into_inner().map_err(|failure| failure.into_error())
}

/// Nothing that a spreadsheet would run.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => format!("'{text}"),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use serde::Serialize;

    #[test]
    fn r6_6_the_form_that_is_wanted_most_is_taken() {
        let form = |accept: &str| Form::accepted(&accept.split(',').collect::<Vec<_>>());
        for json in [
            "",
            "*/*",
            "application/json",
            "text/html,application/xhtml+xml,*/*;q=0.8",
            "image/png",
            "nonsense",
            "text/csv;q=0",
            "text/csv;q=0.5, application/json",
            "application/*",
            "application/x-ndjson;q=0.9, */*",
            "text/csv;q=0.8, application/json;q=0.8",
        ] {
            assert_eq!(form(json), Form::Json, "{json}");
        }
        for csv in [
            "text/csv",
            "TEXT/CSV",
            "text/*",
            "text/csv, */*",
            "text/csv; header=present",
            "application/json;q=0.1, text/csv;q=0.2",
            "application/json;q=0, text/csv;q=0.001",
            "*/*;q=0.1, text/csv ; Q=0.5",
            "text/csv;q=high",
            "*/*, application/json;q=0, application/x-ndjson;q=0",
        ] {
            assert_eq!(form(csv), Form::Csv, "{csv}");
        }
        assert_eq!(form("application/x-ndjson, text/csv;q=0.9"), Form::Ndjson);
        assert_eq!(form("application/*;q=0.5, application/x-ndjson"), Form::Ndjson);
    }

    #[derive(Serialize)]
    struct Line {
        text: &'static str,
        number: f64,
        none: Option<u8>,
    }

    impl Row for Line {
        const COLUMNS: &'static [&'static str] = &["text", "number", "none"];
    }

    #[test]
    fn r6_6_no_cell_is_a_formula_and_numbers_stay_numbers() {
        let written =
            |text| String::from_utf8(table(&[Line { text, number: -1.5, none: None }]).unwrap().to_vec()).unwrap();
        for (text, cell) in [
            ("Nordic Parts", "Nordic Parts"),
            ("=1+1", "'=1+1"),
            ("+45 70", "'+45 70"),
            ("-a", "'-a"),
            ("@here", "'@here"),
            ("\tx", "'\tx"),
            ("\rx", "\"'\rx\""),
            ("a,b", "\"a,b\""),
            ("a \"b\"", "\"a \"\"b\"\"\""),
            ("a\nb", "\"a\nb\""),
            ("", ""),
        ] {
            assert_eq!(written(text), format!("{cell},-1.5,\r\n"));
        }
    }
}
