//! What it costs, through the binary.

use serde_json::{Value, json};
use testkit::sandbox::Sandbox;

use crate::{CLEAN, add, spoilt, without};

fn money(account: &str, arguments: &[&str], prices: &str) -> Value {
    let sandbox = Sandbox::new();
    sandbox.write("prices.json", prices);
    sandbox.tool("net-audit").args(arguments).pipe_in(account).run().code(0).json()["network"]["money"].clone()
}

fn about(value: &Value, expected: f64) {
    let is_close = value.as_f64().is_some_and(|value| (value - expected).abs() < 0.011);
    assert!(is_close, "{value} is not {expected}");
}

/// One price for each thing that the account has.
const PRICES: &str = r#"{"as_of":"2026-11-01","currency":"USD","regions":{"eu-central-1":
    {"nat_gateway_hour":0.1,"nat_gateway_gb":0.2,"public_ipv4_hour":0.01}}}"#;

#[test]
fn the_bill_is_made_of_the_prices_that_were_given() {
    let bill = money(CLEAN, &["--prices", "prices.json"], PRICES);
    // Two gateways for 730 hours; 100 GB each in 14 days; four addresses.
    let gigabytes = 2.0 * 100.0 * 730.0 / (14.0 * 24.0);
    about(&bill["now"], 2.0 * 73.0 + gigabytes * 0.2 + 4.0 * 7.3);
    assert_eq!(
        (&bill["mended"], &bill["complete"], &bill["prices_as_of"]),
        (&bill["now"], &json!(true), &json!("2026-11-01"))
    );
    let inputs = bill["items"][0]["inputs"].to_string();
    assert!(inputs.contains("USD/hour"), "{inputs}");
}

#[test]
fn what_nobody_measured_is_assumed_or_left_out() {
    let unmeasured = spoilt(|account| without(account, "NatGatewayTraffic"));
    let without = money(&unmeasured, &["--prices", "prices.json"], PRICES);
    assert_eq!(without["complete"], false);
    about(&without["now"], 2.0 * 73.0 + 4.0 * 7.3);
    let assumed = money(&unmeasured, &["--prices", "prices.json", "--gb", "50"], PRICES);
    about(&assumed["now"], 2.0 * 73.0 + 4.0 * 7.3 + 100.0 * 0.2);
}

#[test]
fn what_is_put_right_costs_less() {
    let idle = spoilt(|account| {
        let address = json!({ "AllocationId": "eipalloc-0idle", "PublicIp": "18.184.7.7", "Domain": "vpc" });
        add(account, "Addresses", address);
    });
    let bill = money(&idle, &["--prices", "prices.json"], PRICES);
    about(&json!(bill["now"].as_f64().unwrap() - bill["mended"].as_f64().unwrap()), 7.3);
}

#[test]
fn a_region_without_prices_has_no_sums() {
    let elsewhere = CLEAN.replace("eu-central-1", "ap-southeast-7");
    let bill = money(&elsewhere, &[], "");
    assert_eq!(bill["complete"], false);
    about(&bill["now"], 4.0 * 3.65);
}

#[test]
fn prices_that_are_not_understood_are_refused() {
    for text in ["", "[]", "{\"regions\":{\"eu-central-1\":{\"nat\":1}}}", "nonsense"] {
        let sandbox = Sandbox::new();
        sandbox.write("prices.json", text);
        let run = sandbox.tool("net-audit").args(["--prices", "prices.json"]).pipe_in(CLEAN).run();
        let _ = run.code(2).says("/error/code", "prices.invalid").stderr_contains("prices in `prices.json`: ");
    }
}
