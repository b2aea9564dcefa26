//! Interfaces of which one address is not as good as another.

use super::*;

/// An instance whose second private address alone has one in the internet.
fn with_second_address() -> Value {
    let mut account = with_bastion();
    let interface = find(&mut account, "NetworkInterfaces", "NetworkInterfaceId", "eni-0bastion");
    interface["Association"] = Value::Null;
    interface["PrivateIpAddresses"] = json!([
        { "PrivateIpAddress": "10.20.0.99", "Primary": true },
        { "PrivateIpAddress": "10.20.0.98", "Primary": false,
          "Association": { "PublicIp": "18.184.9.9", "AllocationId": "eipalloc-2" } },
    ]);
    account
}

#[test]
fn a_public_address_stands_for_one_private_address_alone() {
    let account = with_second_address();
    check(&account, "internet", "10.20.0.99:22", "no: public address");
    check(&account, "internet", "10.20.0.98:22", "yes");
    check(&account, "internet", "18.184.9.9:22", "yes");
    check(&account, "internet", "bastion:22", "yes");
    check(&account, "8.8.8.8", "10.20.0.99:22", "no: public address");
    let because = because(&account, "internet", "10.20.0.99:22");
    assert_eq!(because, "10.20.0.99 has no public IPv4 address: 18.184.9.9 stands for 10.20.0.98");
}

#[test]
fn an_address_without_a_public_one_does_not_speak_by_an_internet_gateway() {
    let account = with_second_address();
    check(&account, "10.20.0.99", "8.8.8.8:443", "no: public address");
    check(&account, "10.20.0.98", "8.8.8.8:443", "yes");
    check(&account, "bastion", "8.8.8.8:443", "yes");
}

#[test]
fn a_public_address_that_names_no_private_one_stands_for_any() {
    let account = with_bastion();
    check(&account, "internet", "10.20.0.99:22", "yes");
    check(&account, "10.20.0.99", "8.8.8.8:443", "yes");
}
