//! Images that real tools built go through ecr-push into a real registry, and come out of it as they were.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use testkit::image::write_index_layout;
use testkit::peer::{self, Server};
use testkit::sandbox::Sandbox;

use crate::docker::Docker;
use crate::saved::{digest, gunzip, old_docker};
use crate::{image, write};

/// The configuration's digest, and the digests of the bare layers: what an image is, however it is packed.
type Content = (String, Vec<String>);

/// A real registry, and skopeo to look into it.
struct Bench {
    registry: Server,
    skopeo: PathBuf,
    sandbox: Sandbox,
}

impl Bench {
    fn start() -> Option<Self> {
        let (registry, skopeo) = (peer::docker_registry()?, peer::find("skopeo")?);
        Some(Self { registry, skopeo, sandbox: Sandbox::new() })
    }

    /// Pushes a file or folder under a tag of its own, pulls it back, and checks that it is the image that is meant: one image for each
    /// platform, and under the digest that it brought along, if it brought one.
    fn goes_through(&self, file: &str, digest: Option<&str>, expected: &[Content]) {
        let (host, tag) = (self.registry.address(), file.replace('/', "."));
        let run = self.sandbox.tool("ecr-push").args([file, "--repository", "web", "--tag", &tag]);
        let pushed = run.args(["--registry", host, "--plain-http", host]).run().code(0).says("/push/ok", true);
        let pushed = pushed.json()["image"]["digest"].as_str().unwrap().to_owned();
        let layout = self.sandbox.path().join(format!("pulled-{tag}"));
        let (name, target) = (format!("docker://{host}/web:{tag}"), format!("oci:{}:pulled", layout.display()));
        self.skopeo(&["copy", "--all", "--preserve-digests", "--src-tls-verify=false", &name, &target]);
        let index = json(&layout.join("index.json"));
        // Nothing is converted on the way, Docker's manifests neither: the layout names what the registry has.
        assert_eq!(index["manifests"][0]["digest"], pushed.as_str(), "{file}");
        assert_eq!(content(&layout, &index["manifests"][0]), expected, "{file}");
        if let Some(digest) = digest {
            assert_eq!(pushed, digest, "{file}");
        }
    }

    fn skopeo(&self, arguments: &[&str]) {
        let _ = self.sandbox.program(&self.skopeo).args(["--insecure-policy"]).args(arguments).run().code(0);
    }
}

fn json(file: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

fn blob(layout: &Path, descriptor: &Value) -> Vec<u8> {
    let digest = descriptor["digest"].as_str().unwrap();
    std::fs::read(layout.join("blobs/sha256").join(digest.trim_start_matches("sha256:"))).unwrap()
}

/// What is below a descriptor, each layer unpacked and measured anew.
fn content(layout: &Path, descriptor: &Value) -> Vec<Content> {
    let manifest: Value = serde_json::from_slice(&blob(layout, descriptor)).unwrap();
    if let Some(children) = manifest["manifests"].as_array() {
        return children.iter().flat_map(|child| content(layout, child)).collect();
    }
    let config = blob(layout, &manifest["config"]);
    let layers = manifest["layers"].as_array().unwrap().iter().map(|layer| {
        let bytes = blob(layout, layer);
        digest(&if bytes.starts_with(&[0x1f, 0x8b]) { gunzip(&bytes) } else { bytes })
    });
    let layers: Vec<String> = layers.collect();
    let said: Value = serde_json::from_slice(&config).unwrap();
    assert_eq!(said["rootfs"]["diff_ids"], serde_json::json!(layers), "the configuration names its layers");
    vec![(digest(&config), layers)]
}

/// What a layout in a folder holds, and the digest of its image.
fn layout(folder: &Path) -> (String, Vec<Content>) {
    let entry = json(&folder.join("index.json"))["manifests"][0].clone();
    (entry["digest"].as_str().unwrap().to_owned(), content(folder, &entry))
}

/// What a tar holds, by its names.
fn members(tar: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut archive = tar::Archive::new(std::fs::File::open(tar).unwrap());
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
        (entry.path().unwrap().display().to_string(), bytes)
    });
    entries.collect()
}

/// What an archive of `docker save` holds; its layers are no links.
fn saved(tar: &Path) -> Content {
    let members = members(tar);
    let list: Value = serde_json::from_slice(&members["manifest.json"]).unwrap();
    let config = &members[list[0]["Config"].as_str().unwrap()];
    let layers = list[0]["Layers"].as_array().unwrap().iter();
    (digest(config), layers.map(|name| digest(&members[name.as_str().unwrap()])).collect())
}

/// Unpacks an archive of a layout, to look into it.
fn unpacked(sandbox: &Sandbox, tar: &str) -> PathBuf {
    let folder = format!("unpacked-{tar}");
    let script = format!("mkdir {folder} && tar --extract --file {tar} --directory {folder}");
    let _ = sandbox.shell(&script).run().code(0);
    sandbox.path().join(folder)
}

#[test]
fn what_docker_saves_goes_through_the_same() {
    let Some(docker) = Docker::find() else { return };
    let Some(bench) = Bench::start() else { return };
    let name = docker.import(&bench.sandbox, "ecr-push-test/builders:1");
    let id = docker.id(&name);
    let file = docker.save(&bench.sandbox, &name, Path::new("docker.tar"));
    let (config, layers) = saved(&file);
    assert_eq!(config, id);
    bench.goes_through("docker.tar", None, &[(config, layers)]);
}

#[test]
fn what_buildah_builds_goes_through_the_same_in_all_its_formats() {
    let Some(buildah) = peer::find("buildah") else { return };
    let Some(bench) = Bench::start() else { return };
    bench.sandbox.write("file", "content");
    bench.sandbox.write("other", "more of it");
    // Storage of its own, and no wish for a kernel that can do more than copy.
    let script = r#"
        set -e
        run() { "$0" --storage-driver vfs --root "$PWD/root" --runroot "$PWD/runroot" "$@"; }
        first=$(run from scratch)
        run copy "$first" file /srv/file
        run config --cmd '["/srv/file"]' --port 80 --label kind=test --arch amd64 --os linux "$first"
        run commit "$first" web:base
        second=$(run from --pull-never localhost/web:base)
        run copy "$second" other /srv/other
        run commit "$second" web:1
        run push web:1 docker-archive:buildah.tar:web:1
        run push web:1 oci:buildah:1
        run push web:1 oci-archive:buildah-oci.tar:1"#;
    let _ = bench.sandbox.program("bash".as_ref()).args(["-c", script]).args([buildah]).run().code(0);
    let (own, held) = layout(&bench.sandbox.path().join("buildah"));
    assert_eq!(held[0].1.len(), 2, "two layers");
    bench.goes_through("buildah", Some(&own), &held);
    let (own, held) = layout(&unpacked(&bench.sandbox, "buildah-oci.tar"));
    bench.goes_through("buildah-oci.tar", Some(&own), &held);
    let held = saved(&bench.sandbox.path().join("buildah.tar"));
    bench.goes_through("buildah.tar", None, &[held]);
}

#[test]
fn what_podman_saves_goes_through_the_same_in_both_its_formats() {
    let Some(podman) = peer::find("podman") else { return };
    let Some(bench) = Bench::start() else { return };
    bench.sandbox.write("build/file", "content");
    bench.sandbox.write("build/Containerfile", "FROM scratch\nCOPY file /srv/file\nCMD [\"/srv/file\"]\n");
    let script = r#"
        set -e
        run() {
          "$0" --storage-driver vfs --root "$PWD/root" --runroot "$PWD/runroot" --tmpdir "$PWD/tmp" \
            --cgroup-manager cgroupfs --events-backend none "$@"
        }
        run build --quiet --tag web:1 build
        run save --quiet --format docker-archive --output podman.tar web:1
        run save --quiet --format oci-archive --output podman-oci.tar web:1"#;
    let _ = bench.sandbox.program("bash".as_ref()).args(["-c", script]).args([podman]).run().code(0);
    let held = saved(&bench.sandbox.path().join("podman.tar"));
    bench.goes_through("podman.tar", None, &[held]);
    let (own, held) = layout(&unpacked(&bench.sandbox, "podman-oci.tar"));
    bench.goes_through("podman-oci.tar", Some(&own), &held);
}

#[test]
fn what_skopeo_writes_goes_through_the_same() {
    let Some(bench) = Bench::start() else { return };
    let built = write(&bench.sandbox, &image("one"));
    let (_, held) = layout(&bench.sandbox.path().join("web"));
    assert_eq!(held[0].0, built.config_digest);
    bench.skopeo(&["copy", "oci:web:1.0.0", "docker-archive:skopeo.tar:web:1.0.0"]);
    bench.goes_through("skopeo.tar", None, &[saved(&bench.sandbox.path().join("skopeo.tar"))]);
    bench.skopeo(&["copy", "--preserve-digests", "oci:web:1.0.0", "oci-archive:skopeo-oci.tar:1.0.0"]);
    bench.goes_through("skopeo-oci.tar", Some(&built.digest), &held);
    bench.sandbox.write("old.tar", old_docker(&image("one").build().unwrap()).tar());
    bench.goes_through("old.tar", None, &held);
}

#[test]
fn an_index_of_two_platforms_goes_through_the_same() {
    let Some(bench) = Bench::start() else { return };
    let platforms = ["amd64", "arm64"].map(|name| image(name).architecture(name).build().unwrap());
    let index = write_index_layout(&platforms, &bench.sandbox.path().join("index"), "1.0.0").unwrap();
    let (own, held) = layout(&bench.sandbox.path().join("index"));
    assert_eq!((own.as_str(), held.len()), (index.digest.as_str(), 2));
    bench.goes_through("index", Some(&own), &held);
    let _ = bench.sandbox.shell("tar --create --file index.tar --directory index .").run().code(0);
    bench.goes_through("index.tar", Some(&own), &held);
}
