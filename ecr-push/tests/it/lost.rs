//! Whatever goes wrong, in whatever order: the tag points at the image or at what it pointed at before, and the document tells the truth.

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use testkit::LocalAws;
use testkit::sandbox::Sandbox;
use testkit::world::{Operation, Service};

use crate::archive::save;
use crate::{cloud, cloud_with, image, write};

/// How many schedules are tried. They wait more than they work, so several run at a time.
const SCHEDULES: usize = 200;
const AT_A_TIME: usize = 16;

/// The requests of a push.
const OPERATIONS: [&str; 9] = [
    "ecr:GetAuthorizationToken",
    "ecr:BatchCheckLayerAvailability",
    "registry:HeadManifest",
    "registry:StartUpload",
    "registry:FinishUpload",
    "registry:PutManifest",
    "registry:*",
    "ecr:*",
    "*",
];

/// What a schedule is made of.
#[derive(Clone, Debug)]
struct Schedule {
    faults: Vec<String>,
    is_immutable: bool,
    /// Whether the tag points at another image before.
    has_other: bool,
    is_save: bool,
}

fn kind() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("lost-response".to_owned()),
        Just("refuse".to_owned()),
        Just("throttle".to_owned()),
        Just("cut-body".to_owned()),
        Just("latency:20".to_owned()),
        Just("cut-request:50".to_owned()),
        prop_oneof![Just(500), Just(502), Just(503)].prop_map(|status| format!("error-after:{status}")),
        prop_oneof![
            Just("500:INTERNAL"),
            Just("503:UNAVAILABLE"),
            Just("401:UNAUTHORIZED"),
            Just("403:DENIED"),
            Just("404:BLOB_UPLOAD_UNKNOWN"),
            Just("400:BLOB_UPLOAD_INVALID"),
            Just("416:BLOB_UPLOAD_INVALID"),
            Just("429:TOOMANYREQUESTS"),
        ]
        .prop_map(|error| format!("error:{error}")),
    ]
}

fn fault() -> impl Strategy<Value = String> {
    let times = prop_oneof![5 => Just(1_u32), 2 => 2_u32..4, 1 => Just(99)];
    (prop::sample::select(&OPERATIONS[..]), 1_u32..6, times, kind()).prop_map(|(operation, nth, times, kind)| {
        // To be throttled for ever takes most of a minute: that has a test of its own.
        let is_slow = kind == "throttle" || kind.contains("429");
        let times = if is_slow { times.min(3) } else { times };
        format!("{operation}#{nth}x{times}={kind}")
    })
}

fn schedule() -> impl Strategy<Value = Schedule> {
    (prop::collection::vec(fault(), 1..5), any::<bool>(), any::<bool>(), any::<bool>())
        .prop_map(|(faults, is_immutable, has_other, is_save)| Schedule { faults, is_immutable, has_other, is_save })
}

/// What the control plane answers, faults or not.
fn ask(cloud: &LocalAws, operation: &str, input: &Value) -> Value {
    let operation = Operation { service: Service::Ecr, name: operation.to_owned() };
    cloud.world().call(&operation, input, cloud.endpoint(), cloud.clock().now()).unwrap()
}

/// The image that the tag points at, with its manifest; nothing if there is none.
fn tagged(cloud: &LocalAws) -> Option<(String, Value)> {
    let input = json!({ "repositoryName": "web", "imageIds": [{ "imageTag": "1.0.0" }] });
    let answer = ask(cloud, "BatchGetImage", &input);
    let found = answer["images"].get(0)?;
    let manifest = serde_json::from_str(found["imageManifest"].as_str().unwrap()).unwrap();
    Some((found["imageId"]["imageDigest"].as_str().unwrap().to_owned(), manifest))
}

/// Whether the repository has all that a manifest names.
fn is_whole(cloud: &LocalAws, manifest: &Value) -> bool {
    let layers = manifest["layers"].as_array().unwrap().iter();
    let digests: Vec<&Value> = layers.chain([&manifest["config"]]).map(|blob| &blob["digest"]).collect();
    let input = json!({ "repositoryName": "web", "layerDigests": digests });
    let answer = ask(cloud, "BatchCheckLayerAvailability", &input);
    answer["layers"].as_array().unwrap().iter().all(|layer| layer["layerAvailability"] == "AVAILABLE")
}

/// The digest that the image has if nothing goes wrong.
fn digest_of(schedule: &Schedule) -> String {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let layout = write(&sandbox, &image("one"));
    save(&sandbox, &layout);
    let source = if schedule.is_save { "web.tar" } else { "web" };
    let run = sandbox.tool("ecr-push").args([source, "--repository", "web"]).run().code(0);
    run.json()["image"]["digest"].as_str().unwrap().to_owned()
}

fn check(schedule: &Schedule, expected: &str) {
    let cloud = cloud_with(if schedule.is_immutable { "IMMUTABLE" } else { "MUTABLE" });
    let sandbox = Sandbox::with_aws(&cloud);
    let other = schedule.has_other.then(|| {
        let _ = write(&sandbox, &image("other"));
        let _ = crate::push(&sandbox, &["--tag", "1.0.0"]).code(0);
        tagged(&cloud).unwrap().0
    });
    let layout = write(&sandbox, &image("one"));
    save(&sandbox, &layout);
    schedule.faults.iter().for_each(|fault| cloud.arm(fault.parse().unwrap()));
    let source = if schedule.is_save { "web.tar" } else { "web" };
    let outcome = sandbox.tool("ecr-push").args([source, "--repository", "web", "--tag", "1.0.0"]).run();
    let document = outcome.json();
    let code = outcome.exit_code().unwrap();
    let now = tagged(&cloud);
    let story = || format!("{schedule:?}\nexit {code}, tag at {now:?}\n{document:#}\n{}", outcome.stderr());
    assert_eq!(document["ok"], code == 0, "{}", story());
    assert!([0, 1, 3, 4].contains(&code), "{}", story());
    match &now {
        Some((digest, manifest)) => {
            assert!(digest == expected || Some(digest) == other.as_ref(), "a wrong tag\n{}", story());
            assert!(is_whole(&cloud, manifest), "half an image\n{}", story());
        }
        None => assert!(other.is_none(), "the tag is gone\n{}", story()),
    }
    let is_there = now.as_ref().is_some_and(|(digest, _)| digest == expected);
    assert!(code != 0 || (is_there && document["push"]["ok"] == true), "a yes that is none\n{}", story());
    assert!(code != 1 || (schedule.is_immutable && other.is_some()), "a no without a reason\n{}", story());
    let error = &document["error"];
    assert!(code == 0 || (error["code"].is_string() && error["message"].is_string()), "{}", story());
}

#[test]
fn no_schedule_of_faults_ends_in_a_wrong_tag_half_an_image_or_a_lie() {
    let mut runner = TestRunner::default();
    let schedules: Vec<Schedule> =
        (0..SCHEDULES).map(|_| schedule().new_tree(&mut runner).unwrap().current()).collect();
    let plain = Schedule { faults: Vec::new(), is_immutable: false, has_other: false, is_save: false };
    let digests = [digest_of(&plain), digest_of(&Schedule { is_save: true, ..plain })];
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while let Some(schedule) = schedules.get(next.fetch_add(1, Ordering::Relaxed)) {
                    check(schedule, &digests[usize::from(schedule.is_save)]);
                }
            });
        }
    });
}

#[test]
fn a_response_that_is_lost_at_any_step_changes_nothing_in_the_end() {
    let plain = Schedule { faults: Vec::new(), is_immutable: false, has_other: false, is_save: false };
    let digests = [digest_of(&plain), digest_of(&Schedule { is_save: true, ..plain.clone() })];
    for operation in &OPERATIONS[..6] {
        for kind in ["lost-response", "cut-body", "error-after:500", "refuse"] {
            for is_save in [false, true] {
                let fault = format!("{operation}#1x1={kind}");
                let schedule = Schedule { faults: vec![fault], is_save, is_immutable: true, has_other: false };
                check(&schedule, &digests[usize::from(is_save)]);
            }
        }
    }
}
