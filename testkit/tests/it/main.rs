//! The local AWS against real clients and independent servers.

#![expect(clippy::unwrap_used, reason = "what cannot be asked or read ends the test")]

mod alarms_agree;
mod codedeploy;
mod codedeploy_bench;
mod codedeploy_ends;
mod dynamodb;
mod dynamodb_agrees;
mod dynamodb_differences;
mod dynamodb_terraform;
mod ecr_agrees;
mod ecr_regions;
mod ecr_sdk;
mod ecs_agrees;
mod ecs_bench;
mod ecs_capacity;
mod ecs_ends;
mod ecs_pause;
mod ecs_requests;
mod ecs_sdk;
mod ecs_strategies;
mod ecs_tasks;
mod ecs_time;
mod ecs_validation;
mod faults;
mod http;
mod lookups;
mod proxy;
mod registry;
mod registry_agrees;
mod registry_auth;
mod registry_bearer;
mod registry_differences;
mod registry_journal;
mod registry_quirks;
mod registry_skopeo;
mod s3_agrees;
mod s3_conditions;
mod s3_differences;
mod s3_http;
mod s3_peer;
mod s3_sdk;
mod s3_settings;
mod s3_terraform;
mod s3_wire;
mod traffic;
