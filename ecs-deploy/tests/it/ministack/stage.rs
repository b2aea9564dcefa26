//! A ministack with one cluster and one repository, and a folder to work in.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::image::{ImageSource, Layer};
use testkit::peer::{self, Docker, Server};
use testkit::sandbox::{Outcome, Sandbox};
use testkit::world::REGION;

/// How long a container may take to start or to be gone.
const DEADLINE: Duration = Duration::from_secs(30);
/// Why there may be no container at all.
const NEEDS: &str = "ministack starts containers only if there is the Python package docker beside it";

pub(crate) struct Stage {
    server: Server,
    sandbox: Sandbox,
}

impl Stage {
    pub(crate) fn new(server: Server) -> Self {
        let sandbox = Sandbox::new()
            .env("AWS_ENDPOINT_URL", server.endpoint())
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_REGION", REGION);
        let stage = Self { server, sandbox };
        stage.ecs("CreateCluster", &json!({ "clusterName": "stage" }));
        stage.call("AmazonEC2ContainerRegistry_V20150921.CreateRepository", &json!({ "repositoryName": "web" }));
        stage.call("Logs_20140328.CreateLogGroup", &json!({ "logGroupName": "/ecs/web" }));
        stage
    }

    /// Calls ECS behind the tool's back.
    pub(crate) fn ecs(&self, operation: &str, input: &Value) -> Value {
        self.call(&format!("AmazonEC2ContainerServiceV20141113.{operation}"), input)
    }

    fn call(&self, target: &str, input: &Value) -> Value {
        let (address, body) = (self.server.address(), input.to_string());
        let mut stream = TcpStream::connect(address).unwrap();
        // HTTP/1.0: the answer ends with the connection, and has no chunks.
        let head = format!(
            "POST / HTTP/1.0\r\nhost: {address}\r\nx-amz-target: {target}\r\ncontent-type: application/x-amz-json-1.1\r\n\
             authorization: AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/ecs/aws4_request, SignedHeaders=host, Signature=0\r\n\
             content-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.lines().next().unwrap().contains(" 200"), "{target}: {answer}");
        serde_json::from_str(body).unwrap()
    }

    /// A service with one task of this image, which goes back if tasks of the next one fail.
    pub(crate) fn create_service(&self, container: &Value) {
        self.ecs("RegisterTaskDefinition", &json!({
            "family": "web", "networkMode": "bridge", "requiresCompatibilities": ["EC2"], "cpu": "256", "memory": "512",
            "containerDefinitions": [container]
        }));
        self.ecs(
            "CreateService",
            &json!({
                "cluster": "stage", "serviceName": "web", "taskDefinition": "web", "desiredCount": 1,
                "deploymentConfiguration": { "deploymentCircuitBreaker": { "enable": true, "rollback": true } }
            }),
        );
    }

    /// The container that the service's task definition has now.
    pub(crate) fn container(&self) -> Value {
        let services = self.ecs("DescribeServices", &json!({ "cluster": "stage", "services": ["web"] }));
        let arn = services["services"][0]["taskDefinition"].clone();
        let described = self.ecs("DescribeTaskDefinition", &json!({ "taskDefinition": arn }));
        described["taskDefinition"]["containerDefinitions"][0].clone()
    }

    /// `ecs-deploy` for the service.
    pub(crate) fn deploy(&self, arguments: &[&str]) -> Outcome {
        self.sandbox.tool("ecs-deploy").args(["--cluster", "stage", "--service", "web"]).args(arguments).run()
    }
}

/// A stage whose tasks run in Docker.
pub(crate) struct DockerStage {
    pub(crate) stage: Stage,
    docker: Docker,
    compiler: PathBuf,
}

impl DockerStage {
    /// None if Docker, ministack or a compiler is missing, which is said on standard error.
    pub(crate) fn find() -> Option<Self> {
        let docker = peer::docker()?;
        let compiler = peer::find("gcc")?;
        let server = peer::ministack_with_docker(&docker)?;
        Some(Self { stage: Stage::new(server), docker, compiler })
    }

    /// Writes an image of nothing but this C program as an OCI layout; its name by digest in ministack's registry.
    pub(crate) fn build(&self, name: &str, program: &str) -> String {
        let source = self.stage.sandbox.write(&format!("{name}.c"), program);
        let binary = self.stage.sandbox.path().join(format!("{name}.program"));
        let gcc =
            self.stage.sandbox.program(&self.compiler).args(["-static".as_ref(), "-o".as_ref(), binary.as_path()]);
        let _ = gcc.args([&source]).run().code(0);
        let layer = Layer::new().executable("web", std::fs::read(binary).unwrap());
        let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
        let image = ImageSource::new().architecture(architecture).layer(layer).entrypoint(["/web"]).label("name", name);
        let layout = image.write_layout(&self.stage.sandbox.path().join(name), "1.0.0").unwrap();
        format!("{}/web@{}", self.stage.server.address(), layout.digest)
    }

    /// The command that pushes such a layout.
    fn push_command(&self, name: &str) -> String {
        let registry = self.stage.server.address();
        format!("ecr-push {name} --repository web --tag {name} --registry {registry} --plain-http {registry}")
    }

    /// Pushes the image and starts the service with it.
    pub(crate) fn start_service(&self, name: &str, image: &str) {
        let _ = self.stage.sandbox.shell(&self.push_command(name)).run().code(0).says("/image/uri", image);
        self.stage.create_service(&json!({
            "name": "web", "image": image, "essential": true,
            "logConfiguration": { "logDriver": "awslogs", "options": {
                "awslogs-group": "/ecs/web", "awslogs-region": REGION, "awslogs-stream-prefix": "ecs"
            } }
        }));
        self.settles_on(image);
    }

    /// Pushes the image and deploys what the release document says of it.
    pub(crate) fn push_and_deploy(&self, name: &str) -> Outcome {
        let push = self.push_command(name);
        self.stage.sandbox.shell(&format!("{push} | ecs-deploy --cluster stage --service web --require push")).run()
    }

    /// Waits until one container runs, of this image, and no other.
    #[track_caller]
    pub(crate) fn settles_on(&self, image: &str) {
        let started = Instant::now();
        loop {
            let containers = self.docker.containers(&self.stage.server.container_label());
            let running: Vec<&str> =
                containers.iter().filter(|one| one.running).map(|one| one.image.as_str()).collect();
            if running == [image] {
                return;
            }
            assert!(started.elapsed() < DEADLINE, "not just {image} runs, but {containers:?}; {NEEDS}");
            thread::sleep(Duration::from_millis(50));
        }
    }
}
