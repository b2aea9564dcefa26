//! All that is seen of one region of one account.

use std::collections::BTreeSet;

use contract::Session;
use contract::aws::models::LOAD_BALANCING;
use contract::aws::{CallError, CallErrorKind, SdkConfig, ServiceModel};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use tokio::task::JoinSet;

use super::caller::{Caller, Question, not_understood};
use super::models::{EC2, METRICS, RDS};
use super::operation::{METRIC_DATA, OF_REGION, Operation, PREFIX_LIST_ENTRIES};
use super::references::{nat_gateways, prefix_lists_of_routes, prefix_lists_of_rules};
use super::traffic::traffic;
use crate::snapshot::capture::{Denial, RegionCapture};

const MODELS: [&ServiceModel; 4] = [&EC2, &LOAD_BALANCING, &METRICS, &RDS];
/// The member with the entries of prefix lists, and the one with the traffic of NAT gateways.
pub(super) const PREFIX_LISTS: &str = "ManagedPrefixLists";
pub(super) const TRAFFIC: &str = "NatGatewayTraffic";

/// What was seen, and how the rest failed.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) region: String,
    pub(super) members: Vec<(&'static str, Box<RawValue>)>,
    pub(super) failures: Vec<Failure>,
}

/// A call that failed, and what is not there for it.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: CallError,
    pub(super) members: Vec<&'static str>,
}

/// A prefix list with its entries: what the CLI tells in two answers is put together.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PrefixList {
    prefix_list_id: String,
    entries: Box<RawValue>,
}

/// One region of an account.
#[derive(Debug)]
pub(super) struct Region {
    name: String,
    caller: Caller,
}

impl Region {
    pub(super) fn new(name: &str, config: &SdkConfig, session: &Session) -> Self {
        Self { name: name.to_owned(), caller: Caller::new(&MODELS, config, name, session) }
    }

    /// Lists everything at once; then what the lists refer to.
    pub(super) async fn see(self, now: Timestamp) -> Seen {
        let mut seen = Seen { region: self.name, ..Seen::default() };
        let mut calls = JoinSet::new();
        for (place, operation) in OF_REGION.iter().enumerate() {
            let caller = self.caller.clone();
            calls.spawn(async move { (place, caller.list(operation, &Question::default()).await) });
        }
        let mut answers = calls.join_all().await;
        answers.sort_by_key(|(place, _)| *place);
        for (operation, (_, answer)) in OF_REGION.iter().zip(answers) {
            seen.keep(operation.member(), answer);
        }
        let gateways = seen.member("NatGateways").map(nat_gateways).unwrap_or_default();
        let lists = seen.prefix_lists();
        let (lists, carried) = tokio::join!(prefix_lists(&self.caller, lists), async {
            if gateways.is_empty() {
                return None;
            }
            Some(traffic(&self.caller, &gateways, now).await)
        });
        seen.keep_prefix_lists(lists);
        if let Some(carried) = carried {
            seen.keep(TRAFFIC, carried);
        }
        seen
    }
}

/// An answer for each list, by its id.
async fn prefix_lists(caller: &Caller, ids: BTreeSet<String>) -> Vec<(String, Result<Box<RawValue>, CallError>)> {
    let mut calls = JoinSet::new();
    for id in ids {
        let caller = caller.clone();
        calls.spawn(async move {
            let parameters = vec![("PrefixListId".to_owned(), id.clone())];
            let answer = caller.list(&PREFIX_LIST_ENTRIES, &Question { parameters, ..Question::default() }).await;
            (id, answer)
        });
    }
    let mut lists = calls.join_all().await;
    lists.sort_by(|(one, _), (other, _)| one.cmp(other));
    lists
}

impl Seen {
    /// A region into which there is no way.
    pub(super) fn nothing(region: &str, error: &CallError) -> Self {
        let members = OF_REGION.iter().map(Operation::member).chain([PREFIX_LISTS, TRAFFIC]).collect();
        let failures = vec![Failure { error: error.clone(), members }];
        Self { region: region.to_owned(), members: Vec::new(), failures }
    }

    pub(super) fn member(&self, name: &str) -> Option<&RawValue> {
        self.members.iter().find(|(member, _)| *member == name).map(|(_, raw)| &**raw)
    }

    pub(super) fn keep(&mut self, member: &'static str, answer: Result<Box<RawValue>, CallError>) {
        match answer {
            Ok(raw) => self.members.push((member, raw)),
            Err(error) => self.failures.push(Failure { error, members: vec![member] }),
        }
    }

    fn prefix_lists(&self) -> BTreeSet<String> {
        let of_routes = self.member("RouteTables").map(prefix_lists_of_routes).unwrap_or_default();
        let of_rules = self.member("SecurityGroups").map(prefix_lists_of_rules).unwrap_or_default();
        of_routes.into_iter().chain(of_rules).collect()
    }

    /// A list that cannot be had leaves the others: each is whole by itself.
    fn keep_prefix_lists(&mut self, lists: Vec<(String, Result<Box<RawValue>, CallError>)>) {
        let mut whole = Vec::new();
        let mut failed = None;
        for (prefix_list_id, answer) in lists {
            match answer {
                Ok(entries) => whole.push(PrefixList { prefix_list_id, entries }),
                Err(error) => failed = Some(error),
            }
        }
        self.failures.extend(failed.map(|error| Failure { error, members: vec![PREFIX_LISTS] }));
        let raw = to_raw_value(&whole);
        self.keep(PREFIX_LISTS, raw.map_err(|error| not_understood(PREFIX_LIST_ENTRIES.action, error.to_string())));
    }

    /// The same for the snapshot.
    pub(super) fn of_account(self, account: Option<String>) -> RegionCapture {
        let denied = self.failures.into_iter().map(Denial::from).collect();
        RegionCapture { account, region: self.region, members: self.members, denied }
    }
}

impl From<Failure> for Denial {
    fn from(failure: Failure) -> Self {
        let Failure { error, members } = failure;
        Self {
            operation: error.operation,
            members,
            code: error.code,
            message: error.message,
            request_id: error.request_id,
            wants_permission: error.kind == CallErrorKind::AccessDenied,
        }
    }
}

/// The permissions that seeing a region takes.
pub(super) fn actions() -> impl Iterator<Item = &'static str> {
    let further = [PREFIX_LIST_ENTRIES.action, METRIC_DATA.action];
    OF_REGION.iter().map(|operation| operation.action).chain(further)
}
