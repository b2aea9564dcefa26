//! One repository in a registry, to which requests go: which address, with which token, how often.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use contract::Progress;
use contract::aws::{CallError, CallErrorKind};
use http::request::Builder;
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;

use super::authorization::Authorizer;
use super::body::Meter;
use super::operation::Operation;
use super::origin::Origin;
use super::transport::{Answer, Call, Failure, Payload, Transport, payload};
use crate::error::Error;
use crate::pace::Gates;
use crate::pace::attempts::{Attempts, Next, Remedy};
use crate::repository::Repository;

/// One repository in a registry.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) transport: Transport,
    pub(crate) origin: Origin,
    pub(crate) repository: Repository,
    pub(crate) authorizer: Authorizer,
    /// Whether the registry is ECR's.
    pub(crate) is_ecr: bool,
    /// Whose it is, if it is ECR's and of another account than ours.
    pub(crate) foreign_account: Option<String>,
    pub(crate) gates: Mutex<Gates>,
    pub(crate) progress: Progress,
}

/// A request that failed, and with which generation of the token.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) failure: Box<Failure>,
    generation: u32,
}

impl From<CallError> for Refused {
    fn from(error: CallError) -> Self {
        Self { failure: Box::new(Failure { error, remedy: Remedy::None, challenges: Vec::new() }), generation: 0 }
    }
}

impl Endpoint {
    pub(crate) fn name(&self, operation: Operation) -> &'static str {
        operation.name(self.is_ecr)
    }

    /// A request to a path below the repository, for example `manifests/latest`.
    pub(crate) fn request(&self, operation: Operation, method: Method, path: &str) -> Result<Builder, CallError> {
        let path = format!("/v2/{}/{path}", self.repository);
        let address = self.origin.resolve(&path);
        let address = address.ok_or_else(|| self.misunderstood(operation, &format!("`{path}` is no address")))?;
        Ok(Request::builder().method(method).uri(address))
    }

    /// The answer was none that can be worked with.
    pub(crate) fn misunderstood(&self, operation: Operation, message: &str) -> CallError {
        let (operation, message) = (self.name(operation), message.to_owned());
        CallError { operation, code: None, message, request_id: None, status: None, kind: CallErrorKind::Server }
    }

    /// Sends a request without a body of its own until there is an answer, or nothing helps any more.
    pub(crate) async fn ask(
        &self,
        operation: Operation,
        request: impl Fn() -> Result<Builder, CallError>,
        body: &[u8],
        expected: &[StatusCode],
    ) -> Result<Answer, Error> {
        let mut attempts = Attempts::default();
        loop {
            match self.once(operation, request()?, payload(body), &Meter::default(), expected).await {
                Ok(answer) => return Ok(answer),
                Err(refused) => self.after(refused, &mut attempts).await?,
            }
        }
    }

    /// Sends a request once.
    pub(crate) async fn once(
        &self,
        operation: Operation,
        request: Builder,
        body: Payload,
        meter: &Meter,
        expected: &[StatusCode],
    ) -> Result<Answer, Refused> {
        self.pass_gate(operation).await;
        let authorization = self.authorizer.current().await;
        let call = Call { operation, is_ecr: self.is_ecr, request };
        let sent = self.transport.send(call, authorization.header.as_ref(), body, meter, expected).await;
        self.noted(operation, authorization.generation, sent)
    }

    /// Sends a request once and leaves the answer's body to be read. Whatever its status is, it is an answer.
    pub(crate) async fn begin(
        &self,
        operation: Operation,
        request: Builder,
        is_own_host: bool,
    ) -> Result<(Response<Incoming>, u32), Refused> {
        let authorization = self.authorizer.current().await;
        let call = Call { operation, is_ecr: self.is_ecr, request };
        let header = authorization.header.as_ref().filter(|_| is_own_host);
        let begun = self.transport.begin(call, header, payload(b""), &Meter::default()).await;
        let generation = authorization.generation;
        begun
            .map(|response| (response, generation))
            .map_err(|failure| Refused { failure: Box::new(failure), generation })
    }

    pub(crate) fn refused(failure: Failure, generation: u32) -> Refused {
        Refused { failure: Box::new(failure), generation }
    }

    fn noted(&self, operation: Operation, generation: u32, sent: Result<Answer, Failure>) -> Result<Answer, Refused> {
        let status = match &sent {
            Ok(answer) => Some(answer.status.as_u16()),
            Err(failure) => failure.error.status,
        };
        let said = status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        self.progress.detail("call", &format!("{}: {said}", self.name(operation)), &[]);
        // A refusal of another kind came past the gate too, but only success is sure to have been let in by the token.
        if sent.is_ok() {
            self.authorizer.works(generation);
        }
        sent.map_err(|failure| Refused { failure: Box::new(failure), generation })
    }

    /// Waits, or renews the token, or gives the failure back if nothing is left to try.
    pub(crate) async fn after(&self, refused: Refused, attempts: &mut Attempts) -> Result<(), Error> {
        let Refused { failure, generation } = refused;
        match attempts.next(failure.remedy, chance()) {
            Next::After(pause) => {
                if matches!(failure.remedy, Remedy::SlowDown(_)) {
                    let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
                    gates.close(failure.error.operation, Instant::now(), pause);
                }
                tokio::time::sleep(pause).await;
                Ok(())
            }
            Next::WithNewToken => {
                let renewed = self.authorizer.renew(generation, &failure.challenges, &self.transport, &self.origin);
                if renewed.await? { Ok(()) } else { Err(self.given_up(failure.error)) }
            }
            Next::GiveUp => Err(self.given_up(failure.error)),
        }
    }

    fn given_up(&self, cause: CallError) -> Error {
        Error::refused(cause, &self.repository, self.foreign_account.as_deref())
    }

    /// Waits while the registry wants this operation to wait.
    async fn pass_gate(&self, operation: Operation) {
        if operation == Operation::PutManifest && self.is_ecr {
            let wait = self.gates.lock().unwrap_or_else(PoisonError::into_inner).manifest(Instant::now());
            tokio::time::sleep(wait).await;
        }
        loop {
            let wait = {
                let gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
                gates.wait(self.name(operation), Instant::now())
            };
            if wait.is_zero() {
                return;
            }
            // Those who waited together do not all go in the same moment.
            tokio::time::sleep(wait + Duration::from_millis(50).mul_f64(chance())).await;
        }
    }
}

/// A number from 0 to 1, another one each time: the standard library's own source of chance is enough to spread clients.
pub(crate) fn chance() -> f64 {
    let drawn = RandomState::new().build_hasher().finish();
    f64::from(u32::try_from(drawn >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX)
}
