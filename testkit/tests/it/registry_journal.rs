//! The registry's requests have names, for faults and for the journal.

use testkit::LocalAws;

use crate::registry::{self, MANIFEST, image, push_blob, push_blobs, put_manifest};

#[test]
fn a_push_is_a_row_of_named_writes_and_a_pull_is_none() {
    let cloud = LocalAws::start().unwrap();
    registry::create_repository(&cloud, "team/web");
    let client = registry::client(&cloud);
    let image = image("1");
    push_blobs(&client, "team/web", &image);
    put_manifest(&client, "team/web", "v1", &image.manifest, MANIFEST);
    let upload = ["registry:StartUpload", "registry:FinishUpload"];
    let expected = [&upload[..], &upload, &upload, &["registry:PutManifest"]].concat();
    assert_eq!(cloud.writes(), expected);
    cloud.clear_journal();
    for (method, path) in [
        ("GET", "/v2/"),
        ("HEAD", "/v2/team/web/manifests/v1"),
        ("GET", "/v2/team/web/tags/list"),
        ("HEAD", &format!("/v2/team/web/blobs/{}", image.config_digest)),
        ("GET", &format!("/v2/team/web/referrers/{}", image.digest)),
    ] {
        assert_eq!(client.call(method, path).status, 200, "{path}");
    }
    assert_eq!(cloud.writes(), [""; 0]);
    let read: Vec<String> = cloud.journal().into_iter().map(|call| call.operation).collect();
    let names = ["Ping", "HeadManifest", "ListTags", "HeadBlob", "ListReferrers"];
    assert_eq!(read, names.map(|name| format!("registry:{name}")));
}

#[test]
fn a_fault_strikes_the_operation_it_names_and_the_work_is_done_all_the_same() {
    let cloud = LocalAws::start().unwrap();
    registry::create_repository(&cloud, "web");
    cloud.arm("registry:FinishUpload=error-after:500".parse().unwrap());
    let client = registry::client(&cloud);
    let (digest, bytes) = &image("1").blobs()[0];
    assert_eq!(push_blob(&client, "web", digest, bytes).status, 500);
    assert_eq!(client.call("HEAD", &format!("/v2/web/blobs/{digest}")).status, 200);
}
