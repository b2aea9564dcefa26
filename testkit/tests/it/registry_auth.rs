//! What opens the registry, and what it says to who has not got it.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use testkit::LocalAws;
use testkit::ecr::Quirks;

use crate::http::Client;
use crate::registry;

fn client(cloud: &LocalAws, credentials: &str) -> Client {
    Client { endpoint: cloud.endpoint().to_owned(), authorization: format!("Basic {}", STANDARD.encode(credentials)) }
}

#[test]
fn without_a_token_of_ours_the_answer_is_401_and_says_how_to_authenticate() {
    let cloud = LocalAws::start().unwrap();
    let password = registry::password(&cloud);
    for credentials in ["AWS:wrong", "", &format!("docker:{password}")] {
        for quirks in [Quirks::ecr(), Quirks::oci()] {
            cloud.world().ecr.quirks = quirks;
            let answer = client(&cloud, credentials).call("GET", "/v2/");
            assert_eq!(answer.status, 401, "{credentials}");
            assert!(answer.header("www-authenticate").starts_with("Basic realm="), "{credentials}");
        }
    }
    assert_eq!(client(&cloud, &format!("AWS:{password}")).call("GET", "/v2/").status, 200);
}

#[test]
fn a_token_ends_after_twelve_hours_and_a_new_one_works() {
    let cloud = LocalAws::start().unwrap();
    let client = registry::client(&cloud);
    cloud.clock().advance(Duration::from_hours(12) - Duration::from_secs(1));
    assert_eq!(client.call("GET", "/v2/").status, 200);
    cloud.clock().advance(Duration::from_secs(1));
    let answer = client.call("GET", "/v2/");
    assert_eq!((answer.status, answer.code().as_str()), (403, "DENIED"));
    assert_eq!(answer.message(), "Your authorization token has expired. Reauthenticate and try again.");
    assert_eq!(registry::client(&cloud).call("GET", "/v2/").status, 200);
}

#[test]
fn all_tokens_can_be_ended_at_once_in_the_middle_of_a_push() {
    let cloud = LocalAws::start().unwrap();
    registry::create_repository(&cloud, "web");
    let client = registry::client(&cloud);
    let started = client.call("POST", "/v2/web/blobs/uploads/");
    cloud.world().ecr.expire_tokens();
    assert_eq!(client.send("PATCH", started.header("location"), &[], b"bytes").status, 403);
    let renewed = registry::client(&cloud);
    assert_eq!(renewed.send("PATCH", started.header("location"), &[], b"bytes").status, 201);
}
