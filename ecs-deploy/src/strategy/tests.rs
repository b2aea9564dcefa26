use super::*;

fn laid(current: &str, settings: &Settings) -> Result<Option<Value>, Contradiction> {
    let current: RawObject = serde_json::from_str(current).unwrap();
    Ok(settings.laid_over(&current)?.map(|laid| serde_json::from_str(&laid.to_json()).unwrap()))
}

#[test]
fn only_what_was_asked_is_changed_and_the_rest_survives() {
    let current = r#"{"maximumPercent":200,"brandNew":[1e2],"deploymentCircuitBreaker":{"enable":false,"rollback":false,"resetOnHealthyTask":true}}"#;
    let settings = Settings {
        circuit_breaker: Some(CircuitBreaker::Rollback),
        alarms: vec!["errors".to_owned()],
        ..Settings::default()
    };
    let expected = json!({
        "maximumPercent": 200, "brandNew": [1e2],
        "deploymentCircuitBreaker": { "enable": true, "rollback": true, "resetOnHealthyTask": true },
        "alarms": { "alarmNames": ["errors"], "enable": true, "rollback": true }
    });
    assert_eq!(laid(current, &settings).unwrap(), Some(expected));
}

#[test]
fn what_is_there_already_is_not_sent() {
    let current = r#"{"strategy":"CANARY","bakeTimeInMinutes":5,"canaryConfiguration":{"canaryPercent":10,"canaryBakeTimeInMinutes":5}}"#;
    let settings = Settings {
        strategy: Some(Strategy::Canary),
        bake: Some(5),
        canary_percent: Some(10.0),
        step_bake: Some(5),
        ..Settings::default()
    };
    assert_eq!(laid(current, &settings).unwrap(), None);
    assert_eq!(laid(current, &Settings::default()).unwrap(), None);
}

#[test]
fn settings_of_another_strategy_go_with_it() {
    let current = r#"{"strategy":"CANARY","bakeTimeInMinutes":5,"canaryConfiguration":{"canaryPercent":10.0}}"#;
    let settings = Settings {
        strategy: Some(Strategy::Linear),
        step_percent: Some(20.0),
        step_bake: Some(2),
        ..Settings::default()
    };
    let expected = json!({
        "strategy": "LINEAR", "bakeTimeInMinutes": 5,
        "linearConfiguration": { "stepPercent": 20.0, "stepBakeTimeInMinutes": 2 }
    });
    assert_eq!(laid(current, &settings).unwrap(), Some(expected));
}

#[test]
fn a_pause_is_added_once_and_other_hooks_stay() {
    let pause = Pause { stage: "post-test-traffic-shift".parse().unwrap(), timeout: None };
    let settings = Settings { pause: Some(pause), ..Settings::default() };
    let current = r#"{"strategy":"BLUE_GREEN","bakeTimeInMinutes":0,"lifecycleHooks":[{"hookTargetArn":"f","lifecycleStages":["POST_TEST_TRAFFIC_SHIFT"]}]}"#;
    let once = laid(current, &settings).unwrap().unwrap();
    assert_eq!(once["lifecycleHooks"][0]["hookTargetArn"], "f");
    assert_eq!(
        once["lifecycleHooks"][1]["timeoutConfiguration"],
        json!({ "timeoutInMinutes": 60, "action": "ROLLBACK" })
    );
    assert_eq!(laid(&once.to_string(), &settings).unwrap(), None);
}

#[test]
fn a_pause_that_is_there_rolls_back_and_not_on_when_nobody_comes() {
    let with = |timeout: &str| {
        format!(
            r#"{{"strategy":"BLUE_GREEN","bakeTimeInMinutes":0,"lifecycleHooks":[{{"targetType":"PAUSE","lifecycleStages":["POST_SCALE_UP"],"timeoutConfiguration":{timeout}}}]}}"#
        )
    };
    let laid_with = |timeout: &str, minutes| {
        let pause = Some(Pause { stage: "post-scale-up".parse().unwrap(), timeout: minutes });
        let laid = laid(&with(timeout), &Settings { pause, ..Settings::default() }).unwrap();
        laid.map(|laid| laid["lifecycleHooks"][0]["timeoutConfiguration"].clone())
    };
    let lets_go = r#"{"timeoutInMinutes":1440,"action":"CONTINUE"}"#;
    assert_eq!(laid_with(lets_go, None), Some(json!({ "timeoutInMinutes": 1440, "action": "ROLLBACK" })));
    assert_eq!(laid_with(lets_go, Some(5)), Some(json!({ "timeoutInMinutes": 5, "action": "ROLLBACK" })));
    assert_eq!(laid_with(r#"{"timeoutInMinutes":1440,"action":"ROLLBACK"}"#, None), None);
}

#[test]
fn settings_that_do_not_go_together_are_refused() {
    let pause = || Some(Pause { stage: "post-scale-up".parse().unwrap(), timeout: Some(1) });
    let cases = [
        ("{}", Settings { canary_percent: Some(5.0), ..Settings::default() }, "--canary-percent"),
        ("{}", Settings { step_percent: Some(5.0), ..Settings::default() }, "--step-percent"),
        ("{}", Settings { step_bake: Some(5), ..Settings::default() }, "--step-bake"),
        ("{}", Settings { pause: pause(), ..Settings::default() }, "--pause-at"),
        ("{}", Settings { strategy: Some(Strategy::BlueGreen), ..Settings::default() }, "--bake"),
    ];
    for (current, settings, words) in cases {
        let refused = laid(current, &settings).unwrap_err().to_string();
        assert!(refused.contains(words), "{refused}");
    }
}
