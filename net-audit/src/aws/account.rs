//! All that is seen of one account: who it is, its hosted zones, and its regions.

use std::sync::Arc;

use contract::Session;
use contract::arguments::AwsArguments;
use contract::aws::models::STS;
use contract::aws::{CallError, CallErrorKind, SdkConfig, ServiceModel, assume_role, configuration};
use jiff::Timestamp;
use serde_json::value::RawValue;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::answer::{Elements, find_text};
use super::caller::{Caller, Question, not_understood};
use super::models::DNS;
use super::operation::{HOSTED_ZONES, RECORD_SETS};
use super::references::{owner, public_zones};
use super::region::{Failure, Region, Seen};
use crate::request::live::{Entrance, Live};

const MODELS: [&ServiceModel; 2] = [&DNS, &STS];
const WHO: &str = "sts:GetCallerIdentity";

/// A way into an account, or why there is none.
#[derive(Debug)]
pub(super) struct Account {
    /// Its number, if the way in tells it.
    id: Option<String>,
    regions: Vec<String>,
    /// Its regions by what they are asked with, and who is asked once.
    way: Result<(Caller, Vec<Region>), CallError>,
}

impl Account {
    /// Finds the way into an account.
    ///
    /// # Errors
    /// No region is named, and none is found.
    pub(super) async fn enter(entrance: &Entrance, live: &Live, session: &Session) -> Result<Self, CallError> {
        let arguments = AwsArguments {
            region: live.regions.first().cloned(),
            profile: entrance.profile.clone(),
            endpoint_url: live.endpoint_url.clone(),
        };
        let config = configuration(&arguments, session).await;
        let found = || config.region().map(ToString::to_string).into_iter().collect();
        let regions: Vec<String> = if live.regions.is_empty() { found() } else { live.regions.clone() };
        let Some(first) = regions.first().cloned() else { return Err(no_region()) };
        let role = entrance.role.as_deref();
        let config = match role {
            Some(role) => assume_role(&config, role, session).await,
            None => Ok(config),
        };
        let id = role.and_then(|role| role.split(':').nth(4)).map(str::to_owned);
        let way = config.map(|config: SdkConfig| {
            let looks = regions.iter().map(|region| Region::new(region, &config, session)).collect();
            (Caller::new(&MODELS, &config, &first, session), looks)
        });
        Ok(Self { id, regions, way })
    }

    /// Looks at all regions, so many at a time as there are permits, and asks once what is no region's.
    pub(super) async fn see(self, permits: Arc<Semaphore>, now: Timestamp) -> (Option<String>, Vec<Seen>) {
        let (caller, regions) = match self.way {
            Ok(way) => way,
            Err(error) => {
                return (self.id, self.regions.iter().map(|region| Seen::nothing(region, &error)).collect());
            }
        };
        let mut looks = JoinSet::new();
        for (place, region) in regions.into_iter().enumerate() {
            let permits = Arc::clone(&permits);
            looks.spawn(async move {
                // It is never closed.
                let _permit = permits.acquire_owned().await;
                (place, region.see(now).await)
            });
        }
        let (mut seen, who, zones) = tokio::join!(looks.join_all(), identity(&caller), zones(&caller));
        seen.sort_by_key(|(place, _)| *place);
        let mut seen: Vec<Seen> = seen.into_iter().map(|(_, seen)| seen).collect();
        let owner = || seen.iter().find_map(|seen| owner(seen.member("Vpcs")?));
        let id = self.id.or_else(|| who.as_ref().ok().cloned()).or_else(owner);
        if let Some(first) = seen.first_mut() {
            for (member, answer) in zones {
                first.keep(member, answer);
            }
            if let (None, Err(error)) = (&id, who) {
                first.failures.push(Failure { error, members: vec!["account"] });
            }
        }
        (id, seen)
    }
}

fn no_region() -> CallError {
    CallError {
        operation: "ec2:DescribeVpcs",
        code: None,
        message: "no region is known".to_owned(),
        request_id: None,
        status: None,
        kind: CallErrorKind::Region,
    }
}

async fn identity(caller: &Caller) -> Result<String, CallError> {
    let answer = caller.call(&STS, WHO, "", &[]).await?;
    find_text(&answer, "Account").ok_or_else(|| not_understood(WHO, "the answer names no account".to_owned()))
}

/// The hosted zones, and the records of those that all the world can ask.
async fn zones(caller: &Caller) -> [(&'static str, Result<Box<RawValue>, CallError>); 2] {
    let path = "/2013-04-01/hostedzone".to_owned();
    let zones = caller.list(&HOSTED_ZONES, &Question { path, ..Question::default() }).await;
    let records = match &zones {
        Ok(zones) => records(caller, public_zones(zones)).await,
        Err(error) => Err(CallError { operation: RECORD_SETS.action, ..error.clone() }),
    };
    [(HOSTED_ZONES.member(), zones), (RECORD_SETS.member(), records)]
}

/// The records of several zones in one list. A zone that cannot be had takes the list with it: half of it would be taken for the whole.
///
/// One zone after the other: Route 53 takes five requests a second of an account, whoever sends them. Source: Route 53 developer guide, quotas.
async fn records(caller: &Caller, zones: Vec<String>) -> Result<Box<RawValue>, CallError> {
    let mut elements = Elements::default();
    for zone in zones {
        let path = format!("/2013-04-01/hostedzone/{zone}/rrset");
        let question = Question { path, added: Some(("HostedZoneId", zone)), ..Question::default() };
        caller.list_into(&mut elements, &RECORD_SETS, &question).await?;
    }
    elements.array().map_err(|message| not_understood(RECORD_SETS.action, message))
}

/// The permissions that it takes.
pub(super) fn actions() -> [&'static str; 2] {
    [HOSTED_ZONES.action, RECORD_SETS.action]
}
