//! The same script of calls to the control plane of the local AWS and of ministack.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use testkit::LocalAws;
use testkit::peer;

use crate::http::Client;
use crate::registry::{self, MANIFEST};

const MISSING: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

struct Script<'a> {
    client: &'a Client,
    seen: Vec<(&'static str, String)>,
}

impl Script<'_> {
    /// Calls an operation and keeps what `look` takes from the answer, or the exception's name.
    fn call(&mut self, step: &'static str, operation: &str, input: &Value, look: &[&str]) -> Value {
        let target = format!("AmazonEC2ContainerRegistry_V20150921.{operation}");
        let headers = [("x-amz-target", target.as_str()), ("content-type", "application/x-amz-json-1.1")];
        let answer = self.client.send("POST", "/", &headers, input.to_string().as_bytes());
        let body = answer.json();
        let exception = body["__type"].as_str().and_then(|name| name.rsplit('#').next());
        let found = look.iter().map(|pointer| body.pointer(pointer).unwrap_or(&Value::Null).to_string());
        let status = answer.status.to_string();
        let seen: Vec<String> = [status].into_iter().chain(exception.map(str::to_owned)).chain(found).collect();
        let seen = seen.join(" ");
        self.seen.push((step, seen));
        body
    }
}

fn run(client: &Client) -> Vec<(&'static str, String)> {
    let mut script = Script { client, seen: Vec::new() };
    repositories(&mut script);
    settings(&mut script);
    layers(&mut script);
    images(&mut script);
    deletion(&mut script);
    script.seen
}

fn repositories(script: &mut Script<'_>) {
    let web = json!({ "repositoryName": "team/web", "imageScanningConfiguration": { "scanOnPush": true } });
    let described = [
        "/repository/repositoryName",
        "/repository/imageTagMutability",
        "/repository/imageScanningConfiguration/scanOnPush",
        "/repository/encryptionConfiguration/encryptionType",
    ];
    script.call("a repository is created", "CreateRepository", &web, &described);
    script.call("a repository is created twice", "CreateRepository", &web, &[]);
    let names = json!({ "repositoryNames": ["team/web"] });
    script.call("a repository is described", "DescribeRepositories", &names, &["/repositories/0/repositoryName"]);
    script.call("a missing repository", "DescribeRepositories", &json!({ "repositoryNames": ["no"] }), &[]);
    let no = json!({ "repositoryName": "no" });
    script.call("images of a missing repository", "ListImages", &no, &[]);
    script.call("a missing repository is not deleted", "DeleteRepository", &no, &[]);
    let answer = script.call("a token", "GetAuthorizationToken", &json!({}), &[]);
    let token = answer["authorizationData"][0]["authorizationToken"].as_str().unwrap();
    let token = STANDARD.decode(token).unwrap();
    assert!(token.starts_with(b"AWS:"));
}

fn settings(script: &mut Script<'_>) {
    let web = json!({ "repositoryName": "team/web" });
    script.call("no lifecycle policy yet", "GetLifecyclePolicy", &web, &[]);
    let policy = json!({ "repositoryName": "team/web", "lifecyclePolicyText": r#"{"rules":[]}"# });
    script.call("a lifecycle policy", "PutLifecyclePolicy", &policy, &["/lifecyclePolicyText"]);
    script.call("the lifecycle policy", "GetLifecyclePolicy", &web, &["/lifecyclePolicyText"]);
    let scanning = json!({ "repositoryName": "team/web", "imageScanningConfiguration": { "scanOnPush": false } });
    let look = ["/imageScanningConfiguration/scanOnPush"];
    script.call("scanning is switched off", "PutImageScanningConfiguration", &scanning, &look);
    let described = json!({ "repositoryNames": ["team/web"] });
    let described = script.call("its name", "DescribeRepositories", &described, &[]);
    let arn = &described["repositories"][0]["repositoryArn"];
    let tags = json!({ "resourceArn": arn, "tags": [{ "Key": "team", "Value": "web" }] });
    script.call("a tag of the repository", "TagResource", &tags, &[]);
    let look = ["/tags/0/Key", "/tags/0/Value"];
    script.call("the tags of the repository", "ListTagsForResource", &json!({ "resourceArn": arn }), &look);
}

fn layers(script: &mut Script<'_>) {
    for (digest, bytes) in registry::image("1").blobs() {
        let upload = json!({ "repositoryName": "team/web" });
        let upload = script.call("an upload is started", "InitiateLayerUpload", &upload, &[]);
        let part = json!({
            "repositoryName": "team/web",
            "uploadId": upload["uploadId"],
            "partFirstByte": 0,
            "partLastByte": bytes.len() - 1,
            "layerPartBlob": STANDARD.encode(&bytes),
        });
        script.call("a part", "UploadLayerPart", &part, &["/lastByteReceived"]);
        let complete =
            json!({ "repositoryName": "team/web", "uploadId": upload["uploadId"], "layerDigests": [digest] });
        script.call("the upload is finished", "CompleteLayerUpload", &complete, &["/layerDigest"]);
        script.call("an upload is finished twice", "CompleteLayerUpload", &complete, &[]);
        let check = json!({ "repositoryName": "team/web", "layerDigests": [digest, MISSING] });
        let look = ["/layers/0/layerAvailability", "/layers/0/layerSize", "/layers/1/layerAvailability"];
        script.call("which layers are there", "BatchCheckLayerAvailability", &check, &look);
    }
}

fn images(script: &mut Script<'_>) {
    let image = registry::image("1");
    let manifest = String::from_utf8(image.manifest.to_vec()).unwrap();
    let put = |tag: &str| {
        json!({
            "repositoryName": "team/web",
            "imageManifest": manifest,
            "imageManifestMediaType": MANIFEST,
            "imageTag": tag,
        })
    };
    script.call("an image", "PutImage", &put("v1"), &["/image/imageId"]);
    script.call("the same image again", "PutImage", &put("v1"), &[]);
    script.call("the image by another tag", "PutImage", &put("v2"), &["/image/imageId/imageTag"]);
    let ids = json!({ "repositoryName": "team/web", "imageIds": [{ "imageTag": "v1" }, { "imageTag": "v9" }] });
    let look = ["/images/0/imageManifest", "/images/0/imageManifestMediaType", "/failures/0/failureCode"];
    script.call("images are read", "BatchGetImage", &ids, &look);
    let one = json!({ "repositoryName": "team/web", "imageIds": [{ "imageTag": "v1" }] });
    let look = ["/imageDetails/0/imageDigest", "/imageDetails/0/imageTags"];
    script.call("an image is described", "DescribeImages", &one, &look);
    let missing = json!({ "repositoryName": "team/web", "imageIds": [{ "imageTag": "v9" }] });
    script.call("a missing image is not described", "DescribeImages", &missing, &[]);
    let immutable = json!({ "repositoryName": "team/web", "imageTagMutability": "IMMUTABLE" });
    script.call("tags become immutable", "PutImageTagMutability", &immutable, &["/imageTagMutability"]);
    let mut other = put("v1");
    let changed = manifest.replacen('{', "{\"annotations\":{},", 1);
    other["imageManifest"] = json!(changed);
    script.call("an immutable tag for another image", "PutImage", &other, &[]);
    let scan = json!({ "repositoryName": "team/web", "imageId": { "imageTag": "v1" } });
    script.call("no scan yet", "DescribeImageScanFindings", &scan, &[]);
}

fn deletion(script: &mut Script<'_>) {
    let web = json!({ "repositoryName": "team/web" });
    script.call("a repository with images is not deleted", "DeleteRepository", &web, &[]);
    let tag = json!({ "repositoryName": "team/web", "imageIds": [{ "imageTag": "v1" }] });
    script.call("a tag is deleted", "BatchDeleteImage", &tag, &["/imageIds/0/imageTag"]);
    script.call("the tag that is left", "ListImages", &web, &["/imageIds/0/imageTag", "/imageIds/1"]);
    script.call("a tag is deleted twice", "BatchDeleteImage", &tag, &["/failures/0/failureCode"]);
    let forced = json!({ "repositoryName": "team/web", "force": true });
    script.call("a repository is deleted by force", "DeleteRepository", &forced, &["/repository/repositoryName"]);
}

#[test]
fn the_control_plane_answers_as_ministack_does() {
    let Some(server) = peer::ministack() else { return };
    let credential =
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/ecr/aws4_request, SignedHeaders=host, Signature=0";
    let cloud = LocalAws::start().unwrap();
    let client = |endpoint: &str| Client { endpoint: endpoint.to_owned(), authorization: credential.to_owned() };
    let (ours, theirs) = (run(&client(cloud.endpoint())), run(&client(server.endpoint())));
    let mut problems = Vec::new();
    for ((step, ours), (_, theirs)) in ours.iter().zip(&theirs) {
        let known = DIFFERENCES.iter().find(|(known, ..)| known == step);
        match known {
            Some((_, we, they, _)) if ours.starts_with(we) && theirs == they && ours != theirs => {}
            None if ours == theirs => {}
            _ => problems.push(format!("{step}:\n  ours   {ours}\n  theirs {theirs}\n  noted  {known:?}")),
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Where ministack 1.5.33 differs: the step, how our answer begins, its answer, and what decides for ours.
const DIFFERENCES: [(&str, &str, &str, &str); 8] = [
    (
        "a part",
        "200 ",
        "200 0",
        "It keeps no bytes. API reference, UploadLayerPart: lastByteReceived is the last byte that came.",
    ),
    (
        "an upload is finished twice",
        "400 UploadNotFoundException",
        "200",
        "API reference, CompleteLayerUpload: UploadNotFoundException for an upload that is not there.",
    ),
    (
        "which layers are there",
        "200 \"AVAILABLE\"",
        "200 \"UNAVAILABLE\" 0 \"UNAVAILABLE\"",
        "It keeps no layers. API reference, Layer: AVAILABLE means that it is there.",
    ),
    (
        "the same image again",
        "400 ImageAlreadyExistsException",
        "200",
        "API reference, PutImage: ImageAlreadyExistsException if neither manifest nor tag changed.",
    ),
    (
        "a missing image is not described",
        "400 ImageNotFoundException",
        "200",
        "API reference, DescribeImages: ImageNotFoundException for an image that is asked for and not there.",
    ),
    (
        "no scan yet",
        "400 ScanNotFoundException",
        "400 InvalidAction",
        "It does not play it. API reference, DescribeImageScanFindings: ScanNotFoundException.",
    ),
    (
        "a tag is deleted",
        "200 \"v1\"",
        "200 \"v2\"",
        "API reference, BatchDeleteImage: by tag only that tag goes, and the image with its last tag.",
    ),
    (
        "the tag that is left",
        "200 \"v2\" null",
        "200 null null",
        "API reference, BatchDeleteImage: by tag only that tag goes, and the image with its last tag.",
    ),
];
