//! Repositories that lie in another region or another account, asked for with the real SDK.

use aws_sdk_ecr::error::ProvideErrorMetadata;
use testkit::LocalAws;
use testkit::world::{ACCOUNT, REGION};

use crate::ecr_sdk::client_in;
use crate::registry;

const OTHER_ACCOUNT: &str = "210987654321";

#[tokio::test]
async fn a_repository_is_found_in_its_own_region_only() {
    let cloud = LocalAws::start().unwrap();
    registry::create_repository(&cloud, "web");
    cloud.world().ecr.place_elsewhere("us-east-1", "api");
    for (region, repository, is_there) in [
        (REGION, "web", true),
        (REGION, "api", false),
        ("us-east-1", "web", false),
        ("us-east-1", "api", true),
        ("eu-west-1", "web", false),
        ("eu-west-1", "api", false),
    ] {
        let answer = client_in(&cloud, region).describe_repositories().repository_names(repository).send().await;
        match answer {
            Ok(answer) => {
                let arn = format!("arn:aws:ecr:{region}:{ACCOUNT}:repository/{repository}");
                assert_eq!(answer.repositories()[0].repository_arn(), Some(arn.as_str()));
                assert!(is_there, "{region} {repository}");
            }
            Err(error) => {
                let error = error.into_service_error();
                assert!(error.is_repository_not_found_exception() && !is_there, "{region} {repository}: {error}");
                let message = format!(
                    "The repository with name '{repository}' does not exist in the registry with id '{ACCOUNT}'"
                );
                assert_eq!(error.message(), Some(message.as_str()));
            }
        }
    }
}

#[tokio::test]
async fn other_operations_look_in_their_own_region_too() {
    let cloud = LocalAws::start().unwrap();
    registry::create_repository(&cloud, "web");
    let there = client_in(&cloud, "us-east-1");
    let missing = format!("sha256:{}", "0".repeat(64));
    let check = || there.batch_check_layer_availability().repository_name("web").layer_digests(&missing).send();
    let upload = there.initiate_layer_upload().repository_name("web").send().await.unwrap_err();
    assert!(upload.into_service_error().is_repository_not_found_exception());
    assert!(check().await.unwrap_err().into_service_error().is_repository_not_found_exception());
    there.create_repository().repository_name("web").send().await.unwrap();
    assert_eq!(check().await.unwrap().layers().len(), 1);
    there.delete_repository().repository_name("web").send().await.unwrap();
    let here = client_in(&cloud, REGION).describe_repositories().send().await.unwrap();
    assert_eq!(here.repositories().len(), 1);
}

#[tokio::test]
async fn a_token_opens_the_registry_wherever_it_was_issued() {
    let cloud = LocalAws::start().unwrap();
    let answer = client_in(&cloud, "us-east-1").get_authorization_token().send().await.unwrap();
    let token = answer.authorization_data()[0].authorization_token().unwrap();
    let door = crate::http::Client { endpoint: cloud.endpoint().to_owned(), authorization: format!("Basic {token}") };
    assert_eq!(door.call("GET", "/v2/").status, 200);
}

#[tokio::test]
async fn a_token_is_issued_for_each_registry_that_is_named() {
    let cloud = LocalAws::start().unwrap();
    #[expect(deprecated, reason = "clients still say it")]
    let call = client_in(&cloud, REGION).get_authorization_token().registry_ids(ACCOUNT).registry_ids(OTHER_ACCOUNT);
    let answer = call.send().await.unwrap();
    assert_eq!(answer.authorization_data().len(), 2);
    for data in answer.authorization_data() {
        assert_eq!(data.proxy_endpoint(), Some(cloud.endpoint()));
        let authorization = format!("Basic {}", data.authorization_token().unwrap());
        let door = crate::http::Client { endpoint: cloud.endpoint().to_owned(), authorization };
        assert_eq!(door.call("GET", "/v2/").status, 200);
    }
}

#[tokio::test]
async fn another_account_lets_nobody_in() {
    let cloud = LocalAws::start().unwrap();
    registry::create_repository(&cloud, "web");
    let here = client_in(&cloud, REGION);
    let digest = format!("sha256:{}", "0".repeat(64));
    let check = here.batch_check_layer_availability().repository_name("web").layer_digests(digest);
    assert!(check.clone().registry_id(ACCOUNT).send().await.is_ok());
    let check = check.registry_id(OTHER_ACCOUNT).send().await.unwrap_err().into_service_error();
    let describe = here.describe_repositories().repository_names("web").registry_id(OTHER_ACCOUNT);
    let describe = describe.send().await.unwrap_err().into_service_error();
    let list = here.describe_repositories().registry_id(OTHER_ACCOUNT).send().await.unwrap_err().into_service_error();
    let web = format!("arn:aws:ecr:{REGION}:{OTHER_ACCOUNT}:repository/web");
    for (error, operation, resource) in [
        (check.meta(), "BatchCheckLayerAvailability", web.as_str()),
        (describe.meta(), "DescribeRepositories", &web),
        (list.meta(), "DescribeRepositories", "*"),
    ] {
        assert_eq!(error.code(), Some("AccessDeniedException"));
        let message = format!(
            "is not authorized to perform: ecr:{operation} on resource: {resource} because no resource-based policy \
             allows the ecr:{operation} action"
        );
        assert!(error.message().unwrap().ends_with(&message), "{error}");
    }
}
