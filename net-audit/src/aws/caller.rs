//! How calls are made: so many at a time, each page until the last, and none whose end is known.

use std::sync::{Arc, Mutex, PoisonError};

use contract::Session;
use contract::aws::{CallError, CallErrorKind, Protocol, SdkConfig, Service, ServiceModel};
use serde_json::value::RawValue;
use tokio::sync::Semaphore;

use super::answer::{Elements, Next, read};
use super::operation::Operation;

/// Calls to one region of an account at the same time.
const AT_A_TIME: usize = 8;

/// Makes the calls to one region.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    clients: Arc<Vec<(&'static str, Service)>>,
    permits: Arc<Semaphore>,
    /// Failures that others would only repeat.
    hopeless: Arc<Mutex<Vec<CallError>>>,
}

/// What is asked beside the paging.
#[derive(Clone, Debug, Default)]
pub(super) struct Question {
    /// Of an operation that speaks REST: where the list is.
    pub(super) path: String,
    pub(super) parameters: Vec<(String, String)>,
    /// A member that every element of the answer gets.
    pub(super) added: Option<(&'static str, String)>,
}

impl Caller {
    /// A caller of these services.
    pub(super) fn new(models: &[&'static ServiceModel], config: &SdkConfig, region: &str, session: &Session) -> Self {
        let client = |model: &&'static ServiceModel| {
            let service = Service::new(model, config, session).in_region(region);
            (model.name, service)
        };
        Self {
            clients: Arc::new(models.iter().map(client).collect()),
            permits: Arc::new(Semaphore::new(AT_A_TIME)),
            hopeless: Arc::default(),
        }
    }

    /// Lists all that an operation lists, as a JSON array.
    ///
    /// # Errors
    /// A call failed, or an answer is not understood.
    pub(super) async fn list(
        &self,
        operation: &'static Operation,
        question: &Question,
    ) -> Result<Box<RawValue>, CallError> {
        let mut elements = Elements::default();
        self.list_into(&mut elements, operation, question).await?;
        elements.array().map_err(|message| not_understood(operation.action, message))
    }

    /// The same, behind what was listed before.
    ///
    /// # Errors
    /// As above.
    pub(super) async fn list_into(
        &self,
        elements: &mut Elements,
        operation: &'static Operation,
        question: &Question,
    ) -> Result<(), CallError> {
        let mut next = Next::new();
        loop {
            let xml = self.page(operation, question, &next).await?;
            let added = question.added.as_ref().map(|(name, value)| (*name, value.as_str()));
            let following =
                read(operation, &xml, added, elements).map_err(|message| not_understood(operation.action, message))?;
            if following.is_empty() {
                return Ok(());
            }
            if following == next {
                return Err(not_understood(operation.action, "a page names itself as the next one".to_owned()));
            }
            next = following;
        }
    }

    async fn page(&self, operation: &'static Operation, question: &Question, next: &Next) -> Result<String, CallError> {
        let paging = operation.paging.iter().map(|paging| paging.size);
        let own = question.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let following = next.iter().map(|(name, value)| (*name, value.as_str()));
        let parameters: Vec<(&str, &str)> = own.chain(paging).chain(following).collect();
        self.call(operation.service, operation.action, &question.path, &parameters).await
    }

    /// Makes one call.
    ///
    /// # Errors
    /// It failed, or one like it failed before in a way that it would only repeat.
    pub(super) async fn call(
        &self,
        model: &'static ServiceModel,
        action: &'static str,
        path: &str,
        parameters: &[(&str, &str)],
    ) -> Result<String, CallError> {
        let client = self.clients.iter().find(|(name, _)| *name == model.name).map(|(_, client)| client);
        let client = client.ok_or_else(|| not_understood(action, "there is no client for it".to_owned()))?;
        // It is never closed.
        let _permit = self.permits.acquire().await;
        if let Some(known) = self.given_up(action) {
            return Err(known);
        }
        let answer = match model.protocol {
            Protocol::RestXml => client.get(action, path, parameters).await,
            _ => client.query(action, parameters).await,
        };
        answer.inspect_err(|error| {
            if reach(error.kind) != Reach::Call {
                self.hopeless.lock().unwrap_or_else(PoisonError::into_inner).push(error.clone());
            }
        })
    }

    fn given_up(&self, action: &'static str) -> Option<CallError> {
        let same_service = |error: &CallError| service(error.operation) == service(action);
        let hopeless = self.hopeless.lock().unwrap_or_else(PoisonError::into_inner);
        let known = hopeless.iter().find(|error| reach(error.kind) == Reach::Account || same_service(error))?;
        Some(CallError { operation: action, ..known.clone() })
    }
}

/// How far a failure reaches.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    Call,
    /// Its endpoint does not answer. A private network need not have endpoints of all services.
    Service,
    Account,
}

fn reach(kind: CallErrorKind) -> Reach {
    match kind {
        CallErrorKind::Credentials | CallErrorKind::Expired | CallErrorKind::Region => Reach::Account,
        CallErrorKind::Network | CallErrorKind::Tls | CallErrorKind::Proxy | CallErrorKind::Timeout => Reach::Service,
        CallErrorKind::AccessDenied | CallErrorKind::Throttled | CallErrorKind::Refused | CallErrorKind::Server => {
            Reach::Call
        }
    }
}

fn service(action: &str) -> &str {
    action.split(':').next().unwrap_or_default()
}

/// An answer that came, and is none.
pub(super) fn not_understood(operation: &'static str, message: String) -> CallError {
    let (code, request_id, status) = (None, None, None);
    CallError { operation, code, message, request_id, status, kind: CallErrorKind::Server }
}
