//! `make image`: an image that is made without Docker, pushed by `ecr-push`, read by skopeo, and run by Docker where there is one.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use testkit::peer::{self, Docker};
use testkit::sandbox::{Run, Sandbox};

use super::{TOOLS, VERSION, built, folder, make, make_under, stand_ins};
use crate::bench::{Bench, root};

/// What `make image` wrote: the manifest's digest and the layout's folder.
struct Made {
    digest: String,
    layout: PathBuf,
}

impl Made {
    fn by(run: Run) -> Self {
        let told = run.run().code(0).stderr_is("").stdout();
        let (digest, layout) = told.trim_end().split_once(' ').unwrap();
        Self { digest: digest.to_owned(), layout: PathBuf::from(layout) }
    }

    fn blob(&self, digest: &Value) -> PathBuf {
        self.layout.join("blobs").join(digest.as_str().unwrap().replace(':', "/"))
    }

    fn document(&self, digest: &Value) -> Value {
        serde_json::from_slice(&fs::read(self.blob(digest)).unwrap()).unwrap()
    }

    fn manifest(&self) -> Value {
        self.document(&Value::from(self.digest.clone()))
    }

    fn config(&self) -> Value {
        self.document(&self.manifest()["config"]["digest"])
    }

    /// Path, mode and owner of each entry of a layer, as `tar` lists them.
    fn entries(&self, layer: usize) -> String {
        let blob = self.blob(&self.manifest()["layers"][layer]["digest"]);
        let script = r#"tar --list --verbose --numeric-owner --gzip --file "$0" | awk '{ print $6, $1, $2 }'"#;
        Sandbox::new().shell(script).args([blob]).run().code(0).stdout()
    }
}

#[test]
fn an_image_runs_as_nobody_in_particular_and_says_what_it_is() {
    let sandbox = Sandbox::new();
    let run = make(&sandbox, &stand_ins(&sandbox), &["image", &folder(&sandbox, "DIST", "for others")]);
    let made = Made::by(run.env("SOURCE_DATE_EPOCH", "1700000000").env("SOURCE_URL", "https://git.example/\"a\""));
    let config = made.config();
    assert_eq!(config["created"], "2023-11-14T22:13:20Z");
    let about = &config["config"];
    assert_eq!(
        [&about["User"], &about["WorkingDir"], &about["Env"][0]],
        ["65532:65532", "/work", "PATH=/usr/local/bin"]
    );
    assert_eq!([about.get("Entrypoint"), about.get("Cmd")], [None, None]);
    let label = |name: &str| about["Labels"][format!("org.opencontainers.image.{name}")].as_str().unwrap().to_owned();
    assert_eq!([label("version"), label("source")], [VERSION, "https://git.example/\"a\""]);
    let revision = label("revision");
    let revision = revision.trim_end_matches("-dirty");
    assert!(revision.len() == 40 || revision == "unknown", "{about}");

    let base = made.entries(0);
    for entry in [
        "tmp/ drwxrwxrwt 0/0",
        "etc/passwd -rw-r--r-- 0/0",
        "etc/ssl/certs/ca-certificates.crt -rw-r--r-- 0/0",
        "home/ drwxr-xr-x 0/0",
        "home/nonroot/ drwxr-xr-x 65532/65532",
        "work/ drwxr-xr-x 65532/65532",
    ] {
        assert!(base.lines().any(|line| line == entry), "`{entry}` is not in\n{base}");
    }
    let tools = made.entries(1);
    let programs = TOOLS.map(|tool| format!("usr/local/bin/{tool} -rwxr-xr-x 0/0\n")).concat();
    assert_eq!(
        tools,
        format!("usr/ drwxr-xr-x 0/0\nusr/local/ drwxr-xr-x 0/0\nusr/local/bin/ drwxr-xr-x 0/0\n{programs}")
    );
}

#[test]
fn the_same_files_make_the_same_layers_and_a_new_release_keeps_the_base() {
    let sandbox = Sandbox::new();
    let tools = stand_ins(&sandbox);
    let made = |to: &str, umask: &str, time: &str| {
        let run = make_under(umask, &sandbox, &tools, &["image", &folder(&sandbox, "DIST", to)]);
        Made::by(run.env("SOURCE_DATE_EPOCH", time))
    };
    let first = made("one", "022", "1700000000");
    let _ = sandbox.shell("touch -d 2001-01-01 stand-ins/*").run().code(0);
    let again = made("two", "077", "1700000000");
    assert_eq!(again.digest, first.digest);
    sandbox.write("stand-ins/scan-gate", "#!/bin/sh\necho scan-gate 2.0.0\n");
    let next = made("one", "022", "1800000000");
    assert_eq!(next.layout, first.layout, "what lay there is replaced");
    let layers = |made: &Made| made.manifest()["layers"].as_array().unwrap().clone();
    let (before, after) = (layers(&again), layers(&next));
    assert_eq!(before[0], after[0]);
    assert_ne!(before[1], after[1]);
}

#[test]
fn an_image_without_authorities_is_none() {
    let sandbox = Sandbox::new();
    let to = folder(&sandbox, "DIST", "dist");
    let run = make(&sandbox, &stand_ins(&sandbox), &["image", &to]).env("CERTIFICATES", "/nowhere/bundle.pem").run();
    let _ = run.code(2).stdout_is("").stderr_contains("/nowhere/bundle.pem");
    assert!(!sandbox.path().join("dist/image").exists());
}

/// Certificates of a registry at `localhost`, and `bundle.pem`: its authority beside those of Mozilla.
fn certificates(sandbox: &Sandbox) -> Option<PathBuf> {
    let openssl = peer::find("openssl")?;
    let script = r#"
        set -e
        new="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
        echo subjectAltName=DNS:localhost > extensions
        "$0" req -x509 $new -keyout authority.key -out authority.pem -subj "/CN=a test" -days 2
        "$0" req $new -keyout key.pem -out request.pem -subj /CN=localhost
        "$0" x509 -req -in request.pem -CA authority.pem -CAkey authority.key -CAcreateserial -days 2 \
          -extfile extensions -out certificate.pem
        cat /usr/share/ca-certificates/mozilla/*.crt authority.pem > bundle.pem"#;
    let _ = sandbox.shell(script).args([openssl]).run().code(0);
    Some(sandbox.path().join("bundle.pem"))
}

#[test]
fn the_image_is_pushed_by_ecr_push_read_back_by_skopeo_and_run_by_docker() {
    let Some(skopeo) = peer::find("skopeo") else { return };
    let bench = Bench::new();
    let sandbox = &bench.sandbox;
    let Some(bundle) = certificates(sandbox) else { return };
    let run = make(sandbox, &built(), &["image", &folder(sandbox, "DIST", "dist")]).env("COMPRESSION", "1");
    let made = Made::by(run.env("CERTIFICATES", bundle.to_str().unwrap()));

    let push =
        sandbox.tool("ecr-push").args(["dist/image", "--repository", "deploy-aws-ecs", "--tag", VERSION, "--create"]);
    let _ = push.run().code(0).says("/image/digest", made.digest.clone()).says("/push/ok", true);
    if let Some(registry) = peer::docker_registry() {
        let host = registry.address();
        let push = sandbox.tool("ecr-push").args(["dist/image", "--repository", "deploy-aws-ecs", "--tag", VERSION]);
        let push = push.args(["--registry", host, "--plain-http", host]).run();
        let _ = push.code(0).says("/image/digest", made.digest.clone());
        let image = format!("docker://{host}/deploy-aws-ecs:{VERSION}");
        let copy = ["--insecure-policy", "copy", "--quiet", "--src-tls-verify=false", &image, "dir:back"];
        let _ = sandbox.program(&skopeo).args(copy).run().code(0);
        let manifest = fs::read(made.blob(&Value::from(made.digest.clone()))).unwrap();
        assert!(
            fs::read(sandbox.path().join("back/manifest.json")).unwrap() == manifest,
            "the manifest is another one"
        );
    }
    let password = r#"curl --silent --fail --aws-sigv4 aws:amz:eu-central-1:ecr --user AKIDLOCAL:local --data '{}' \
        --header 'x-amz-target: AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken' "$AWS_ENDPOINT_URL/" \
        | jq -r '.authorizationData[0].authorizationToken' | base64 --decode"#;
    let credentials = sandbox.shell(password).run().code(0).stdout();
    let image = format!("docker://{}/deploy-aws-ecs:{VERSION}", bench.cloud.registry());
    let told = sandbox.program(&skopeo).args(["inspect", "--tls-verify=false", "--creds", &credentials, &image]).run();
    let _ =
        told.code(0).says("/Digest", made.digest.clone()).says("/Architecture", made.config()["architecture"].clone());

    if let Some(docker) = peer::docker() {
        let container = Image::load(docker, sandbox, &skopeo, &made);
        container.runs_every_tool();
        container.asks_the_name_server();
        container.trusts_its_authorities();
        container.lends_its_programs();
    }
}

/// The image in a Docker daemon, gone again when dropped.
struct Image<'a> {
    docker: Docker,
    sandbox: &'a Sandbox,
    name: String,
}

impl<'a> Image<'a> {
    fn load(docker: Docker, sandbox: &'a Sandbox, skopeo: &Path, made: &Made) -> Self {
        let name = format!("deploy-aws-ecs-test-{}:{VERSION}", std::process::id());
        let [from, to] =
            [format!("oci:{}:{VERSION}", made.layout.display()), format!("docker-archive:image.tar:{name}")];
        let _ = sandbox.program(skopeo).args(["--insecure-policy", "copy", "--quiet", &from, &to]).run().code(0);
        let archive = sandbox.path().join("image.tar");
        let _ = docker.run(&["load", "--quiet", "--input", archive.to_str().unwrap()]);
        Self { docker, sandbox, name }
    }

    /// A run of a command line in the image, read-only, with the bench's image `web` where it works.
    fn run(&self, options: &[&str], command: &[&str]) -> Run {
        let web = format!("{}:/work/web:ro", self.sandbox.path().join("web").display());
        let program = self.sandbox.program(Path::new("docker")).args(["--host", self.docker.host()]);
        program.args(["run", "--rm", "--read-only", "--volume", &web]).args(options).args([&self.name]).args(command)
    }

    fn runs_every_tool(&self) {
        for tool in TOOLS {
            let run = self.run(&["--network", "none"], &[tool, "--version"]).run();
            let _ = run.code(0).stdout_is(&format!("{tool} {VERSION}\n")).stderr_is("");
        }
    }

    /// A name that only Docker's own name server knows leads to where nobody listens; another one leads nowhere.
    fn asks_the_name_server(&self) {
        let network = format!("deploy-aws-ecs-test-{}", std::process::id());
        let _ = self.docker.run(&["network", "create", &network]);
        let outcomes = ["registry.example:81", "nobody.example:81"].map(|host| {
            let options = ["--network", &network, "--network-alias", "registry.example"];
            let push = [
                "ecr-push",
                "web",
                "--repository",
                "web",
                "--tag",
                "1",
                "--registry",
                host,
                "--plain-http",
                host,
                "--quiet",
            ];
            self.run(&options, &push).run()
        });
        let _ = self.docker.run(&["network", "rm", &network]);
        let [known, unknown] = outcomes;
        let _ = known.code(3).says("/error/code", "registry.network").stderr_contains("Connection refused");
        let _ = unknown.code(3).says("/error/code", "registry.network").stderr_contains("failed to lookup address");
    }

    fn trusts_its_authorities(&self) {
        let file = |name: &str| self.sandbox.path().join(name);
        let Some(registry) = peer::docker_registry_with_tls(&file("certificate.pem"), &file("key.pem")) else { return };
        let host = registry.address().replace("127.0.0.1", "localhost");
        let push = ["ecr-push", "web", "--repository", "web", "--tag", "1", "--registry", &host];
        let _ = self.run(&["--network", "host"], &push).run().code(0).says("/push/ok", true);
        // Without those the registry is nobody's: it was the image's own file that told.
        let without = ["--network", "host", "--env", "SSL_CERT_FILE=/etc/passwd"];
        let _ = self.run(&without, &push).run().code(3).says("/error/code", "registry.tls");
    }

    /// The last Dockerfile of docs/install.md, on nothing in place of Alpine.
    fn lends_its_programs(&self) {
        let page = fs::read_to_string(root().join("docs/install.md")).unwrap();
        let (_, dockerfile) = page.rsplit_once("```dockerfile\nFROM alpine\n").unwrap();
        let lines = dockerfile.split("```").next().unwrap().replace("deploy-aws-ecs:0.1.0", &self.name);
        self.sandbox.write("copied/Dockerfile", format!("FROM scratch\n{lines}"));
        let borrower =
            Image { name: format!("copied-{}", self.name), docker: self.docker.clone(), sandbox: self.sandbox };
        let context = self.sandbox.path().join("copied").display().to_string();
        let _ = self.docker.run(&["build", "--quiet", "--tag", &borrower.name, &context]);
        for tool in TOOLS {
            let run = borrower.run(&["--network", "none"], &[&format!("/usr/local/bin/{tool}"), "--version"]).run();
            let _ = run.code(0).stdout_is(&format!("{tool} {VERSION}\n")).stderr_is("");
        }
    }
}

impl Drop for Image<'_> {
    fn drop(&mut self) {
        self.docker.remove_image(&self.name);
    }
}

#[test]
fn an_image_is_not_made_where_nobody_can_tell_what_a_tool_is_linked_against() {
    let sandbox = Sandbox::new();
    let tools = stand_ins(&sandbox);
    let broken =
        sandbox.write("programs/ldd", "#!/bin/sh\necho 'ldd: exited with unknown exit code (139)' >&2\nexit 1\n");
    fs::set_permissions(broken, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let script = r#"PATH="$PWD/programs:$PATH"; exec "$0"/.ci/image "$1" image ecr-push"#;
    let run =
        sandbox.shell(script).args([root(), tools]).env("PATH", std::env::var_os("PATH").unwrap().to_str().unwrap());
    let _ =
        run.run().code(2).stderr_contains("image: error: ldd cannot tell what ecr-push is linked against: ldd: exited");
    assert!(!root().join("image").exists());
}
