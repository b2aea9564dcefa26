use serde_json::{Value, json};

use super::*;
use crate::aws::operation::{HOSTED_ZONES, METRIC_DATA, OF_REGION, PREFIX_LIST_ENTRIES, RECORD_SETS};

mod databases;
mod gateways;
mod interfaces;
mod security;
mod vpcs;

fn operation(name: &str) -> &'static Operation {
    let further = [&HOSTED_ZONES, &METRIC_DATA, &PREFIX_LIST_ENTRIES, &RECORD_SETS];
    OF_REGION.iter().chain(further).find(|operation| operation.name() == name).unwrap()
}

/// The answer of EC2, and of Route 53, to an operation.
fn flat(name: &str, body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{name}Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\n    \
         <requestId>r-1</requestId>{body}</{name}Response>"
    )
}

/// The answer of the older query protocol.
fn wrapped(name: &str, body: &str) -> String {
    format!(
        "<{name}Response xmlns=\"x\"><{name}Result>{body}</{name}Result>\
         <ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></{name}Response>"
    )
}

fn page(name: &str, xml: &str) -> Result<(Value, Next), String> {
    let mut elements = Elements::default();
    let next = read(operation(name), xml, None, &mut elements)?;
    Ok((serde_json::from_str(elements.array()?.get()).unwrap(), next))
}

/// What EC2 answers with this list in it, as the CLI writes it.
fn check(name: &str, body: &str, expected: Value) {
    check_answer(name, &flat(name, body), expected);
}

fn check_wrapped(name: &str, body: &str, expected: Value) {
    check_answer(name, &wrapped(name, body), expected);
}

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "it reads better where it is called")]
fn check_answer(name: &str, xml: &str, expected: Value) {
    let (found, next) = page(name, xml).unwrap();
    assert_eq!(found, expected, "{name}");
    assert_eq!(next, Next::new(), "{name}");
}

#[test]
fn an_answer_of_something_else_is_none() {
    let refusal = |xml: &str| page("DescribeVpcs", xml).unwrap_err();
    assert!(refusal("no XML").starts_with("the answer is no XML"));
    assert_eq!(refusal("<html><body>log in</body></html>"), "the answer is `html`");
    assert_eq!(refusal(&flat("DescribeSubnets", "<subnetSet/>")), "the answer is `DescribeSubnetsResponse`");
    assert_eq!(refusal(&flat("DescribeVpcs", "")), "the answer has no vpcSet");
    let bomb = "<!DOCTYPE x [<!ENTITY a \"b\">]><DescribeVpcsResponse><vpcSet/></DescribeVpcsResponse>";
    assert!(refusal(bomb).starts_with("the answer is no XML"));
}

#[test]
fn pages_follow_each_other_in_every_service() {
    let next = |name: &str, xml: &str| page(name, xml).unwrap().1;
    let token = |name, value: &str| vec![(name, value.to_owned())];
    let vpcs = flat("DescribeVpcs", "<vpcSet/><nextToken>abc==</nextToken>");
    assert_eq!(next("DescribeVpcs", &vpcs), token("NextToken", "abc=="));
    assert_eq!(next("DescribeVpcs", &flat("DescribeVpcs", "<vpcSet/><nextToken/>")), Next::new());
    let databases = wrapped("DescribeDBInstances", "<Marker>m</Marker><DBInstances/>");
    assert_eq!(next("DescribeDBInstances", &databases), token("Marker", "m"));
    let balancers = wrapped("DescribeLoadBalancers", "<LoadBalancers/><NextMarker>n</NextMarker>");
    assert_eq!(next("DescribeLoadBalancers", &balancers), token("Marker", "n"));
    let zones = flat("ListHostedZones", "<HostedZones/><IsTruncated>true</IsTruncated><NextMarker>Z9</NextMarker>");
    assert_eq!(next("ListHostedZones", &zones), token("marker", "Z9"));
    let records = "<ResourceRecordSets/><IsTruncated>true</IsTruncated><NextRecordName>a.b.</NextRecordName>\
        <NextRecordType>A</NextRecordType><NextRecordIdentifier>i</NextRecordIdentifier><MaxItems>300</MaxItems>";
    let expected = [("name", "a.b."), ("type", "A"), ("identifier", "i")].map(|(name, value)| (name, value.to_owned()));
    assert_eq!(next("ListResourceRecordSets", &flat("ListResourceRecordSets", records)), expected);
}

#[test]
fn pages_make_one_array() {
    let mut elements = Elements::default();
    for id in ["vpc-1", "vpc-2"] {
        let xml = flat("DescribeVpcs", &format!("<vpcSet><item><vpcId>{id}</vpcId></item></vpcSet>"));
        read(operation("DescribeVpcs"), &xml, None, &mut elements).unwrap();
    }
    assert_eq!(elements.array().unwrap().get(), r#"[{"VpcId":"vpc-1"},{"VpcId":"vpc-2"}]"#);
    assert_eq!(Elements::default().array().unwrap().get(), "[]");
}

#[test]
fn a_page_of_a_thousand_interfaces_takes_no_square_of_time() {
    let item = "<item><networkInterfaceId>eni-1</networkInterfaceId><description>x</description></item>";
    let body = format!("<networkInterfaceSet>{}</networkInterfaceSet>", item.repeat(50_000));
    let started = std::time::Instant::now();
    let (found, _) = page("DescribeNetworkInterfaces", &flat("DescribeNetworkInterfaces", &body)).unwrap();
    assert_eq!(found.as_array().unwrap().len(), 50_000);
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
}

#[test]
fn text_keeps_what_xml_escapes_and_json_does_too() {
    let body = "<networkInterfaceSet><item><description>a &amp; &quot;b&quot; &lt;c&gt; \\ ü</description></item></networkInterfaceSet>";
    check("DescribeNetworkInterfaces", body, json!([{ "Description": "a & \"b\" <c> \\ ü" }]));
}

#[test]
fn numbers_and_flags_that_are_none_stay_what_they_are() {
    let body = "<subnetSet><item><availableIpAddressCount>many</availableIpAddressCount>\
        <mapPublicIpOnLaunch>perhaps</mapPublicIpOnLaunch><cidrBlock/></item></subnetSet>";
    let expected = json!([{ "AvailableIpAddressCount": "many", "MapPublicIpOnLaunch": "perhaps", "CidrBlock": "" }]);
    check("DescribeSubnets", body, expected);
}
