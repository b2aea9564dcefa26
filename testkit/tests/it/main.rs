//! The local AWS against real clients and independent servers.

mod s3_conditions;
mod s3_http;
mod s3_peer;
mod s3_sdk;
mod s3_terraform;
mod s3_wire;
