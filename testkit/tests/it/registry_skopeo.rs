//! A real registry client against the local registry.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use testkit::LocalAws;
use testkit::ecr::Quirks;
use testkit::image::{ImageSource, Layer, write_index_layout};
use testkit::peer;

use crate::registry::{self, control, create_repository};

struct Skopeo {
    program: PathBuf,
    home: tempfile::TempDir,
}

impl Skopeo {
    fn find() -> Option<Self> {
        let program = peer::find("skopeo")?;
        let home = tempfile::tempdir().unwrap();
        Some(Self { program, home })
    }

    /// Its standard output; a failure fails the test.
    fn run(&self, arguments: &[&str]) -> String {
        let output = Command::new(&self.program)
            .args(["--insecure-policy", "--tmpdir"])
            .arg(self.home.path())
            .args(arguments)
            .env_clear()
            .env("HOME", self.home.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn copy(&self, cloud: &LocalAws, layout: &Path, tag: &str, more: &[&str]) {
        let credentials = format!("AWS:{}", registry::password(cloud));
        let source = format!("oci:{}:{tag}", layout.display());
        let target = format!("docker://{}/team/web:{tag}", cloud.registry());
        let plain = ["--dest-tls-verify=false", "--dest-creds", &credentials];
        self.run(&[&["copy"], more, &plain, &[source.as_str(), &target]].concat());
    }

    fn inspect(&self, cloud: &LocalAws, tag: &str) -> Value {
        let credentials = format!("AWS:{}", registry::password(cloud));
        let image = format!("docker://{}/team/web:{tag}", cloud.registry());
        let told = self.run(&["inspect", "--tls-verify=false", "--creds", &credentials, &image]);
        serde_json::from_str(&told).unwrap()
    }
}

fn cloud() -> LocalAws {
    let cloud = LocalAws::start().unwrap();
    create_repository(&cloud, "team/web");
    cloud
}

fn source(architecture: &str) -> ImageSource {
    ImageSource::new()
        .layer(Layer::new().file("srv/www/index.html", "<h1>Hello</h1>"))
        .layer(Layer::new().executable("bin/serve", architecture))
        .label("org.opencontainers.image.version", "1.2.3")
        .architecture(architecture)
        .entrypoint(["/bin/serve"])
        .command(["srv/www"])
        .port("80/tcp")
}

#[test]
fn skopeo_pushes_a_layout_and_reads_the_same_digest_and_labels_back() {
    let Some(skopeo) = Skopeo::find() else { return };
    let cloud = cloud();
    let folder = tempfile::tempdir().unwrap();
    let layout = source("amd64").write_layout(folder.path(), "v1").unwrap();
    skopeo.copy(&cloud, folder.path(), "v1", &[]);
    let seen = skopeo.inspect(&cloud, "v1");
    assert_eq!(seen["Digest"], layout.digest);
    assert_eq!(seen["Layers"], json!(layout.layers));
    assert_eq!(seen["Labels"]["org.opencontainers.image.version"], "1.2.3");
    let reference = format!("{}/team/web:v1", cloud.registry());
    let world = cloud.world();
    assert_eq!(world.ecr.digest_of(&reference), Some(layout.digest));
    assert_eq!(world.ecr.labels(&reference)["org.opencontainers.image.version"], "1.2.3");
}

#[test]
fn skopeo_pushes_an_index_with_all_its_platforms() {
    let Some(skopeo) = Skopeo::find() else { return };
    let cloud = cloud();
    let folder = tempfile::tempdir().unwrap();
    let images = ["amd64", "arm64"].map(|architecture| source(architecture).build().unwrap());
    let layout = write_index_layout(&images, folder.path(), "v1").unwrap();
    skopeo.copy(&cloud, folder.path(), "v1", &["--all"]);
    let reference = format!("{}/team/web:v1", cloud.registry());
    assert_eq!(cloud.world().ecr.digest_of(&reference), Some(layout.digest));
    assert_eq!(cloud.world().ecr.labels(&reference).len(), 1);
    let images = control(&cloud, "ListImages", &json!({ "repositoryName": "team/web" })).unwrap();
    assert_eq!(images["imageIds"].as_array().unwrap().len(), 3);
}

#[test]
fn skopeo_pulls_the_very_blobs_that_were_pushed() {
    let Some(skopeo) = Skopeo::find() else { return };
    let cloud = cloud();
    let folder = tempfile::tempdir().unwrap();
    source("amd64").write_layout(folder.path(), "v1").unwrap();
    skopeo.copy(&cloud, folder.path(), "v1", &[]);
    let copy = skopeo.home.path().join("copy");
    let credentials = format!("AWS:{}", registry::password(&cloud));
    let image = format!("docker://{}/team/web:v1", cloud.registry());
    let target = format!("oci:{}:v1", copy.display());
    skopeo.run(&["copy", "--src-tls-verify=false", "--src-creds", &credentials, &image, &target]);
    let digests = |folder: &Path| -> Vec<String> {
        let blobs = std::fs::read_dir(folder.join("blobs/sha256")).unwrap();
        let mut names: Vec<String> = blobs.map(|blob| blob.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    assert_eq!(digests(&copy), digests(folder.path()));
}

#[test]
fn skopeo_fetches_bearer_tokens_to_push_to_copy_and_to_pull() {
    let Some(skopeo) = Skopeo::find() else { return };
    let cloud = cloud();
    create_repository(&cloud, "copy");
    cloud.world().ecr.quirks = Quirks::oci();
    cloud.world().ecr.bearer = true;
    let folder = tempfile::tempdir().unwrap();
    let layout = source("amd64").write_layout(folder.path(), "v1").unwrap();
    let image = |repository: &str| format!("docker://{}/{repository}:v1", cloud.registry());
    let (pushed, copied) = (image("team/web"), image("copy"));
    let target = ["--dest-tls-verify=false", "--dest-creds", "local:local"];
    let source = ["--src-tls-verify=false", "--src-creds", "local:local"];
    skopeo.run(&[&["copy"][..], &target, &[&format!("oci:{}:v1", folder.path().display()), &pushed]].concat());
    skopeo.run(&[&["copy"][..], &source, &target, &[&pushed, &copied]].concat());
    let anonymous = skopeo.run(&["inspect", "--tls-verify=false", "--no-creds", &copied]);
    assert_eq!(serde_json::from_str::<Value>(&anonymous).unwrap()["Digest"], layout.digest);
    assert!(cloud.journal().iter().any(|call| call.operation == "registry:GetToken"));
}
