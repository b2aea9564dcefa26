//! The body of an answer, which may be meant to break off.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// A body, whole or broken off.
#[derive(Debug)]
pub(super) enum ReplyBody {
    /// All that is still to be sent.
    Whole(Bytes),
    /// Half of it is to be sent, then the connection breaks.
    Cut(Bytes),
    /// What was sent is on its way to the client: a break right now would take it back.
    Sent,
    /// The connection breaks.
    Broken,
}

impl ReplyBody {
    /// Only half of it is to arrive.
    pub(super) fn cut(&mut self) {
        if let Self::Whole(body) = self {
            *self = Self::Cut(body.slice(..body.len() / 2));
        }
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match std::mem::replace(&mut *self, Self::Whole(Bytes::new())) {
            Self::Whole(body) if body.is_empty() => Poll::Ready(None),
            Self::Whole(body) => Poll::Ready(Some(Ok(Frame::data(body)))),
            Self::Cut(half) => {
                *self = Self::Sent;
                Poll::Ready(Some(Ok(Frame::data(half))))
            }
            Self::Sent => {
                *self = Self::Broken;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Self::Broken => Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into()))),
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}
