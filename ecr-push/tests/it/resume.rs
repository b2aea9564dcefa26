//! A connection that is cut in the middle of a large blob.

use testkit::LocalAws;
use testkit::image::{ImageSource, Layer};
use testkit::peer;
use testkit::proxy::Proxy;
use testkit::sandbox::{Outcome, Sandbox};

use crate::push::noise;
use crate::{cloud, counts, write};

/// Large enough to be taken up where it broke.
const SIZE: usize = 66 << 20;

/// Writes an image of one large layer.
fn write_large(sandbox: &Sandbox) -> u64 {
    let large = noise(1 << 20).repeat(SIZE >> 20);
    let layout = write(sandbox, &ImageSource::new().layer(Layer::new().file("large", large)));
    std::fs::metadata(crate::blob(sandbox, &layout.layers[0])).unwrap().len()
}

fn sent(outcome: &Outcome) -> (u64, u64) {
    let document = outcome.json();
    let blob = &document["push"]["blobs"][0];
    (blob["bytes_sent"].as_u64().unwrap(), blob["retries"].as_u64().unwrap())
}

fn push_with(cloud: &LocalAws, faults: &[&str]) -> (Outcome, u64) {
    let sandbox = Sandbox::with_aws(cloud);
    let size = write_large(&sandbox);
    for fault in faults {
        cloud.arm(fault.parse().unwrap());
    }
    (crate::push(&sandbox, &["--tag", "1.0.0", "--jobs", "1"]).code(0).says("/push/ok", true), size)
}

/// What a connection holds when it is cut is sent in vain.
const SLACK: u64 = 16 << 20;

#[test]
fn ecr_gets_the_rest_of_a_large_blob_from_where_it_was_cut() {
    let cloud = cloud();
    cloud.world().ecr.quirks.range_stays_after_first_chunk = false;
    let (outcome, size) = push_with(&cloud, &["registry:FinishUpload=cut-request:41943040"]);
    let (bytes, retries) = sent(&outcome);
    assert_eq!(retries, 1);
    assert!(bytes >= size && bytes < size + SLACK, "{bytes} of {size}");
    assert_eq!(counts(&cloud)["registry:StartUpload"], 2, "the blob and the configuration, each once");
}

#[test]
fn ecr_that_does_not_say_how_much_it_has_says_what_it_wants() {
    let cloud = cloud();
    let (outcome, _) = push_with(&cloud, &["registry:FinishUpload=cut-request:41943040"]);
    assert_eq!(sent(&outcome).1, 2, "the cut, and the wrong offset");
    assert_eq!(counts(&cloud)["registry:StartUpload"], 2);
    assert_eq!(counts(&cloud)["registry:GetUpload"], 1);
}

#[test]
fn an_upload_that_is_gone_begins_anew() {
    let cloud = cloud();
    let faults = ["registry:FinishUpload=cut-request:41943040", "registry:GetUpload=error:404:BLOB_UPLOAD_UNKNOWN"];
    let (outcome, size) = push_with(&cloud, &faults);
    assert!(sent(&outcome).0 >= size + (40 << 20));
    assert_eq!(counts(&cloud)["registry:StartUpload"], 3);
}

#[test]
fn a_small_blob_begins_anew_at_once() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = write(&sandbox, &ImageSource::new().layer(Layer::new().file("noise", noise(3 << 20))));
    cloud.arm("registry:FinishUpload=cut-request:1000000".parse().unwrap());
    let _ = crate::push(&sandbox, &["--tag", "1.0.0", "--jobs", "1"]).code(0).says("/push/ok", true);
    assert_eq!(counts(&cloud)["registry:StartUpload"], 3);
    assert!(!counts(&cloud).contains_key("registry:GetUpload"));
}

/// The CNCF registry takes an upload up only at the offset that its address carries, and forgets it when another one comes.
#[test]
fn an_independent_registry_that_forgets_what_was_cut_gets_it_again() {
    let Some(registry) = peer::docker_registry() else { return };
    let proxy = Proxy::start(registry.address().parse().unwrap()).unwrap();
    // Two connections ask which blobs are there, and one of them carries the first attempt.
    (1..=2).for_each(|nth| proxy.cut(nth, 40 << 20));
    let sandbox = Sandbox::new();
    let size = write_large(&sandbox);
    let host = proxy.address().to_string();
    let target = ["--registry", &host, "--plain-http", &host, "--tag", "1.0.0", "--jobs", "1"];
    let outcome = crate::push(&sandbox, &target).code(0).says("/push/ok", true);
    let (bytes, retries) = sent(&outcome);
    assert!((1..=2).contains(&retries), "{retries}");
    assert!(bytes >= size + (40 << 20), "{bytes} of {size}");
}
