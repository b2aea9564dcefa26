//! The local AWS, and the builder that runs the five tools in tests.
//!
//! Four parts, each usable alone:
//! - [`LocalAws`]: a server on loopback that answers the wire protocols of ECS, ECR (with its OCI registry), S3, DynamoDB, CloudWatch
//!   and CloudWatch Logs, and the look-ups of Secrets Manager, Systems Manager, IAM, STS and Elastic Load Balancing, with a clock that a test drives and faults on demand. The binary `local-aws` is the same server.
//! - [`sandbox`]: runs a tool or a whole shell pipeline in an empty folder, and checks stdout, stderr and exit code together.
//! - [`peer`]: the independent programs that decide when the local AWS and the world disagree.
//! - [`proxy`]: a wire in front of any server that breaks where a test says.
//!
//! It is a double, so it can be wrong. What an independent server also does is checked against that server in `tests/`.
//!
//! The services are state machines: a request and the time go in, a reply comes out. They read no clock, open no socket and
//! start no task; [`server`] is the only one that touches the network.

pub mod alarms;
pub mod clock;
pub mod codedeploy;
pub mod dynamodb;
pub mod ecr;
pub mod ecs;
pub mod exporter;
pub mod fault;
pub mod iam;
pub mod image;
pub mod journal;
pub mod load_balancers;
pub mod logs;
pub mod metric;
pub mod parameters;
pub mod peer;
pub mod proxy;
mod query;
pub mod s3;
pub mod sandbox;
pub mod secrets;
pub mod seed;
pub mod server;
mod sts;
mod throttle;
pub mod wire;
pub mod world;

pub use clock::Clock;
pub use fault::{Fault, FaultKind};
pub use server::LocalAws;
