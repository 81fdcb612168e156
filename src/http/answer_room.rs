//! Large answers: counted until they are written, and written in portions.
//!
//! hyper copies what it is given into a buffer of the connection. An answer that nobody reads would stand there a
//! second time, so it is handed over in portions, as the client takes them. What is counted for the tenant is the
//! answer itself; a portion of each connection is not, nor are answers that are made as they are read.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use axum::response::{IntoResponse, Response};
use hyper::body::{Frame, SizeHint};

use super::error::ApiError;
use crate::actors::BodyPermit;
use crate::service::tenant_load::{TenantLoad, Visit};

/// Bytes that are handed to the connection at a time. Shorter answers are handed over whole and not counted: no
/// connection has more than one.
pub const PORTION: usize = 8 << 10;

/// Whose answer it is, once that is known. The envelope puts it into a request, and reads it after the answer is made.
#[derive(Clone, Debug, Default)]
pub struct AnswerPayer(Arc<OnceLock<Arc<TenantLoad>>>);

impl AnswerPayer {
    pub fn is(&self, visit: &Visit) {
        // A request has one credential.
        let _ = self.0.set(Arc::clone(visit.load()));
    }
}

/// The answer, to be written in portions; 503 in its place where its tenant has no room for it.
pub fn portioned(response: Response, payer: &AnswerPayer) -> Response {
    let hint = response.body().size_hint();
    let length = hint.exact().and_then(|length| usize::try_from(length).ok());
    if length.is_some_and(|length| length <= PORTION) {
        return response;
    }
    // What is answered to nobody in particular is in the binary, once for all.
    let permit = match (length, payer.0.get()) {
        (Some(length), Some(load)) => match load.room.take(length) {
            Ok(permit) => Some(permit),
            Err(refused) => return ApiError::from(refused).into_response(),
        },
        (None, _) | (_, None) => None,
    };
    response.map(|answer| Body::new(Portioned { answer, piece: Bytes::new(), _permit: permit }))
}

struct Portioned {
    answer: Body,
    /// What is left of the piece that was last taken from it.
    piece: Bytes,
    _permit: Option<BodyPermit>,
}

impl HttpBody for Portioned {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.piece.is_empty() {
            match ready!(Pin::new(&mut self.answer).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.piece = data,
                    Err(other) => return Poll::Ready(Some(Ok(other))),
                },
                ended => return Poll::Ready(ended),
            }
        }
        let length = self.piece.len().min(PORTION);
        Poll::Ready(Some(Ok(Frame::data(self.piece.split_to(length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.piece.is_empty() && self.answer.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, piece) = (self.answer.size_hint(), self.piece.len() as u64);
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower() + piece);
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper + piece);
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use http_body_util::BodyExt;

    #[tokio::test]
    async fn i5_a_large_answer_comes_in_portions_and_says_how_long_it_is() {
        let text: Vec<u8> = (0..3 * PORTION as u32 + 5).map(|n| n as u8).collect();
        let mut body = Portioned { answer: Body::from(text.clone()), piece: Bytes::new(), _permit: None };
        assert_eq!(body.size_hint().exact(), Some(text.len() as u64));
        let (mut lengths, mut seen) = (Vec::new(), Vec::new());
        while let Some(frame) = body.frame().await {
            let data = frame.unwrap().into_data().unwrap();
            lengths.push(data.len());
            seen.extend_from_slice(&data);
            assert_eq!(body.size_hint().exact(), Some((text.len() - seen.len()) as u64));
        }
        assert_eq!(lengths, [PORTION, PORTION, PORTION, 5]);
        assert!(seen == text && body.is_end_stream());
    }
}
