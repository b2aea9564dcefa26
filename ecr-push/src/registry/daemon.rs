//! An image out of the local Docker daemon, as `docker save` writes it: a tar that is read while the daemon writes it.
//!
//! Source: Docker Engine API, `GET /images/{name}/get`; podman serves the same.

use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use bytes::{Buf, Bytes};
use contract::Progress;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::UnixStream;
use tokio::sync::mpsc;

use super::transport::read;
use crate::error::Error;

/// How long the daemon may be silent before a person is told what is waited for: it puts a large image together first.
const SILENCE: Duration = Duration::from_secs(2);
/// How many pieces are read ahead.
const AHEAD: usize = 16;

/// The tar of an image, as it comes.
#[derive(Debug)]
pub(crate) struct DaemonImage {
    pieces: mpsc::Receiver<io::Result<Bytes>>,
    piece: Bytes,
}

#[derive(Deserialize)]
struct Refusal {
    message: String,
}

/// Asks the daemon for an image.
///
/// # Errors
/// The daemon is not there, or has no image of this name.
pub(crate) async fn open(socket: &Path, name: &str, progress: &Progress) -> Result<DaemonImage, Error> {
    let unreachable = |cause: String| Error::Daemon { socket: socket.to_owned(), cause };
    let stream = UnixStream::connect(socket).await.map_err(|cause| unreachable(cause.to_string()))?;
    let (mut sender, connection) =
        handshake(TokioIo::new(stream)).await.map_err(|cause| unreachable(cause.to_string()))?;
    tokio::spawn(connection);
    let request = Request::get(format!("/images/{name}/get")).header("host", "docker").body(Empty::<Bytes>::new());
    let request = request.map_err(|cause| unreachable(cause.to_string()))?;
    let mut answer = Box::pin(sender.send_request(request));
    let response = if let Ok(answered) = tokio::time::timeout(SILENCE, &mut answer).await {
        answered
    } else {
        progress.event("waiting", "waiting for the Docker daemon to begin", &[]);
        answer.await
    };
    let response = response.map_err(|cause| unreachable(cause.to_string()))?;
    match response.status() {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => {
            return Err(Error::NotInDaemon { name: name.to_owned(), cause: refusal(response).await });
        }
        status => return Err(unreachable(format!("it answers {status}: {}", refusal(response).await))),
    }
    let (outlet, pieces) = mpsc::channel(AHEAD);
    tokio::spawn(async move {
        // The connection ends with what it was made for.
        let _sender = sender;
        pass_on(response.into_body(), &outlet).await;
    });
    Ok(DaemonImage { pieces, piece: Bytes::new() })
}

async fn refusal(response: Response<Incoming>) -> String {
    let text = read(response.into_body()).await.unwrap_or_default();
    let said = serde_json::from_slice::<Refusal>(&text).map(|refusal| refusal.message);
    said.unwrap_or_else(|_| String::from_utf8_lossy(&text).into_owned())
}

async fn pass_on(mut body: Incoming, outlet: &mpsc::Sender<io::Result<Bytes>>) {
    while let Some(frame) = body.frame().await {
        let piece = match frame.map(http_body::Frame::into_data) {
            Ok(Ok(piece)) => Ok(piece),
            Ok(Err(_)) => continue,
            // The daemon can say what went wrong in the middle by no other means than to break off.
            Err(cause) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, cause)),
        };
        let is_last = piece.is_err();
        if outlet.send(piece).await.is_err() || is_last {
            return;
        }
    }
}

impl Read for DaemonImage {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.piece.has_remaining() {
            match self.pieces.blocking_recv() {
                Some(piece) => self.piece = piece?,
                None => return Ok(0),
            }
        }
        let length = buffer.len().min(self.piece.len());
        self.piece.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}
