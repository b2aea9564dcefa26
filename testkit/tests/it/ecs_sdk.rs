//! The real SDK against the local AWS, over HTTP.

#![expect(clippy::unwrap_used, reason = "what cannot be asked or read ends the test")]

use std::time::Duration;

use aws_sdk_ecs::Client;
use aws_sdk_ecs::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_ecs::error::ProvideErrorMetadata;
use aws_sdk_ecs::types::{
    CanaryConfiguration, ContainerDefinition, DeploymentCircuitBreaker, DeploymentConfiguration, DeploymentStrategy,
    DesiredStatus, LoadBalancer, ServiceDeployment, ServiceDeploymentLifecycleStage as Stage, ServiceDeploymentStatus,
    TaskStopCode,
};
use serde_json::json;
use testkit::LocalAws;

use crate::ecs_bench::load_balancer;

fn client(cloud: &LocalAws) -> Client {
    let config = aws_sdk_ecs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(cloud.endpoint())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Client::from_conf(config)
}

fn balancer() -> LoadBalancer {
    let balancer = load_balancer();
    let text = |pointer: &str| balancer.pointer(pointer).and_then(|value| value.as_str()).map(str::to_owned);
    let advanced = aws_sdk_ecs::types::AdvancedConfiguration::builder()
        .set_alternate_target_group_arn(text("/advancedConfiguration/alternateTargetGroupArn"))
        .set_production_listener_rule(text("/advancedConfiguration/productionListenerRule"))
        .set_role_arn(text("/advancedConfiguration/roleArn"))
        .build();
    LoadBalancer::builder()
        .set_target_group_arn(text("/targetGroupArn"))
        .container_name("web")
        .container_port(80)
        .advanced_configuration(advanced)
        .build()
}

fn canary() -> DeploymentConfiguration {
    let shift = CanaryConfiguration::builder().canary_percent(10.0).canary_bake_time_in_minutes(1).build();
    let breaker = DeploymentCircuitBreaker::builder().enable(true).rollback(true).build();
    DeploymentConfiguration::builder()
        .strategy(DeploymentStrategy::Canary)
        .bake_time_in_minutes(1)
        .canary_configuration(shift)
        .deployment_circuit_breaker(breaker)
        .build()
}

async fn register(client: &Client, image: &str) -> String {
    let container = ContainerDefinition::builder().name("web").image(image).build();
    let call = client.register_task_definition().family("web").container_definitions(container);
    call.send().await.unwrap().task_definition.unwrap().task_definition_arn.unwrap()
}

/// A service whose first deployment is through.
async fn deployed(cloud: &LocalAws) -> Client {
    let client = client(cloud);
    client.create_cluster().cluster_name("stage").send().await.unwrap();
    register(&client, "public.example/web:1").await;
    let call = client.create_service().cluster("stage").service_name("web").task_definition("web").desired_count(2);
    call.load_balancers(balancer()).deployment_configuration(canary()).send().await.unwrap();
    cloud.clock().advance(Duration::from_hours(1));
    client
}

async fn update(client: &Client, definition: &str, cloud: &LocalAws) -> String {
    let call = client.update_service().cluster("stage").service("web").task_definition(definition);
    call.send().await.unwrap();
    cloud.clock().advance(Duration::from_secs(3));
    let listed = client.list_service_deployments().cluster("stage").service("web").send().await.unwrap();
    listed.service_deployments()[0].service_deployment_arn().unwrap().to_owned()
}

async fn describe(client: &Client, arn: &str) -> ServiceDeployment {
    let answer = client.describe_service_deployments().service_deployment_arns(arn).send().await.unwrap();
    answer.service_deployments()[0].clone()
}

#[tokio::test]
async fn a_canary_is_followed_through_the_types_of_the_sdk() {
    let cloud = LocalAws::start().unwrap();
    let client = deployed(&cloud).await;
    let definition = register(&client, "public.example/web:2").await;
    let arn = update(&client, &definition, &cloud).await;
    let mut stages: Vec<Stage> = Vec::new();
    let mut production = Vec::new();
    loop {
        let deployment = describe(&client, &arn).await;
        if deployment.status() == Some(&ServiceDeploymentStatus::Successful) {
            let (created, started) = (deployment.created_at().unwrap(), deployment.started_at().unwrap());
            assert!((started.as_secs_f64() - created.as_secs_f64() - 1.6).abs() < 0.001);
            assert!(deployment.finished_at().is_some() && deployment.stopped_at().is_none());
            break;
        }
        assert_eq!(deployment.status(), Some(&ServiceDeploymentStatus::InProgress));
        stages.extend(deployment.lifecycle_stage().cloned());
        production.extend(deployment.target_service_revision().unwrap().requested_production_traffic_weight());
        cloud.clock().advance(Duration::from_secs(1));
    }
    stages.dedup();
    production.dedup();
    let shift = [Stage::from("PRE_PRODUCTION_TRAFFIC_SHIFT"), Stage::ProductionTrafficShift];
    let before =
        [Stage::PreScaleUp, Stage::ScaleUp, Stage::PostScaleUp, Stage::TestTrafficShift, Stage::PostTestTrafficShift];
    let after = [Stage::PostProductionTrafficShift, Stage::BakeTime, Stage::CleanUp];
    assert_eq!(stages, [&before[..], &shift, &shift, &after].concat());
    assert_eq!(production, [0.0, 10.0, 100.0]);
    let services = client.describe_services().cluster("stage").services("web").send().await.unwrap();
    assert_eq!(services.services()[0].task_definition(), Some(definition.as_str()));
    assert_eq!(services.services()[0].current_service_deployment(), Some(arn.as_str()));
}

#[tokio::test]
async fn a_failure_is_read_through_the_types_of_the_sdk() {
    let cloud = LocalAws::start().unwrap();
    let client = deployed(&cloud).await;
    let definition = register(&client, "public.example/web:2").await;
    cloud.world().ecs.fail_tasks(&json!({ "image": "web:2", "exitCode": 137, "reason": "OutOfMemoryError" })).unwrap();
    let arn = update(&client, &definition, &cloud).await;
    cloud.clock().advance(Duration::from_mins(10));
    let deployment = describe(&client, &arn).await;
    assert_eq!(deployment.status(), Some(&ServiceDeploymentStatus::RollbackSuccessful));
    let rollback = deployment.rollback().unwrap();
    assert!(rollback.reason().unwrap().contains("circuit breaker") && rollback.started_at().is_some());
    assert_eq!(deployment.deployment_circuit_breaker().unwrap().status().unwrap().as_str(), "TRIGGERED");
    let listed = client.list_tasks().cluster("stage").service_name("web").desired_status(DesiredStatus::Stopped);
    let arns = listed.send().await.unwrap().task_arns;
    let tasks = client.describe_tasks().cluster("stage").set_tasks(arns).send().await.unwrap();
    let failed = tasks.tasks().iter().find(|task| task.stop_code() == Some(&TaskStopCode::EssentialContainerExited));
    let container = &failed.unwrap().containers()[0];
    assert_eq!((container.exit_code(), container.reason()), (Some(137), Some("OutOfMemoryError")));
    let revision = rollback.service_revision_arn().unwrap();
    let revisions = client.describe_service_revisions().service_revision_arns(revision).send().await.unwrap();
    let image = &revisions.service_revisions()[0].container_images()[0];
    assert_eq!(image.image(), Some("public.example/web:1"));
}

#[tokio::test]
async fn errors_keep_their_types() {
    let cloud = LocalAws::start().unwrap();
    let client = deployed(&cloud).await;
    let update = client.update_service().cluster("stage").service("other").send().await.unwrap_err();
    assert!(update.as_service_error().unwrap().is_service_not_found_exception());
    let update = client.update_service().cluster("other").service("web").send().await.unwrap_err();
    assert!(update.as_service_error().unwrap().is_cluster_not_found_exception());
    let update = client.update_service().cluster("stage").service("web").task_definition("web:9");
    let error = update.send().await.unwrap_err();
    assert!(error.as_service_error().unwrap().is_client_exception());
    assert_eq!(error.message(), Some("TaskDefinition not found."));
    let stop = client.stop_service_deployment().service_deployment_arn("arn:aws:ecs:none").send().await.unwrap_err();
    assert!(stop.as_service_error().unwrap().is_service_deployment_not_found_exception());
}
