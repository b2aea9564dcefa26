//! The same against ministack, an independent local AWS that starts real containers where there is Docker.

mod stage;

use serde_json::json;
use testkit::peer;

use self::stage::{DockerStage, Stage};

/// A program that serves until it is asked to end.
const SERVES: &str = "
#include <signal.h>
#include <unistd.h>
static void end(int signal) { (void)signal; _exit(0); }
int main(void) { signal(SIGTERM, end); for (;;) pause(); }
";
/// A program that cannot start.
const FAILS: &str = r#"
#include <stdio.h>
int main(void) { fputs("cannot open database: boom\n", stderr); return 3; }
"#;

#[test]
fn the_image_that_was_pushed_runs_in_the_one_container_of_the_service() {
    let Some(docked) = DockerStage::find() else { return };
    let old = docked.build("old", SERVES);
    docked.start_service("old", &old);
    let new = docked.build("new", SERVES);
    let outcome = docked.push_and_deploy("new").code(0).says("/ok", true).says("/image/uri", new.as_str());
    let _ = outcome
        .says("/deployment/outcome", "deployed")
        .says("/deployment/services/0/images/0/image", new.as_str())
        .says("/deployment/services/0/images/0/previous_image", old.as_str())
        .says("/deployment/services/0/causes", json!(null));
    docked.settles_on(&new);
}

#[test]
fn an_image_that_cannot_start_is_rolled_back_and_its_own_words_are_the_cause() {
    let Some(docked) = DockerStage::find() else { return };
    let good = docked.build("good", SERVES);
    docked.start_service("good", &good);
    let broken = docked.build("broken", FAILS);
    let outcome = docked.push_and_deploy("broken").code(1).says("/ok", false).says("/image/uri", broken.as_str());
    let outcome = outcome
        .says("/error/code", "deployment.rolled_back")
        .says("/deployment/outcome", "rolled_back")
        .says("/deployment/services/0/status", "ROLLBACK_SUCCESSFUL")
        .says("/deployment/services/0/causes/0/exit_code", 3)
        .says("/deployment/services/0/causes/0/container", "web")
        .says("/deployment/services/0/causes/0/log", json!(["cannot open database: boom"]))
        .says("/deployment/services/0/causes/1", json!(null));
    let _ = outcome.stderr_contains("  | cannot open database: boom");
    docked.settles_on(&good);
    assert_eq!(docked.stage.container()["image"], good.as_str());
}

#[test]
fn members_of_a_container_that_nobody_knows_are_kept_by_both() {
    let Some(server) = peer::ministack() else { return };
    let stage = Stage::new(server);
    let mut container = json!({
        "name": "web", "image": "public.example/web:1", "essential": true, "brandNewMember": { "z": 1, "a": [true, null] }
    });
    stage.create_service(&container);
    let _ = stage.deploy(&["--image", "public.example/web:2"]).code(0).says("/deployment/outcome", "deployed");
    container["image"] = json!("public.example/web:2");
    let kept = stage.container();
    for (member, value) in container.as_object().unwrap() {
        assert_eq!(kept[member], *value, "{member}");
    }
}
