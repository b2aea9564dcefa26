use serde_json::{Value, json};

use super::*;

fn usd(price: Option<&Price>) -> Option<(f64, bool)> {
    price.map(|price| (price.usd, price.is_certain))
}

fn refusal(text: &str) -> String {
    read(text.as_bytes()).map_or_else(|error| error.to_string(), |_| "passed".to_owned())
}

#[test]
fn every_built_in_price_says_where_it_is_known_from() {
    let mut prices = built_in();
    let all = prices.regions.values_mut().chain([&mut prices.everywhere]);
    let known: Vec<Price> = all.flat_map(RegionPrices::each_mut).filter_map(Option::take).collect();
    assert!(known.len() > 25);
    assert!(known.iter().all(|price| !price.source.is_empty() && price.usd > 0.0 && price.usd < 0.1), "{known:?}");
}

#[test]
fn what_is_not_confirmed_is_not_certain() {
    let prices = built_in();
    let cases = [
        ("us-east-1", Some((0.045, true)), Some((0.045, true))),
        ("us-east-2", Some((0.045, true)), Some((0.045, true))),
        ("us-west-2", Some((0.045, true)), Some((0.045, true))),
        ("us-west-1", Some((0.048, false)), Some((0.048, false))),
        ("eu-west-1", Some((0.048, true)), Some((0.048, true))),
        ("eu-central-1", Some((0.052, false)), Some((0.052, false))),
        ("ap-southeast-1", Some((0.059, true)), Some((0.059, true))),
        ("ap-northeast-1", Some((0.062, false)), Some((0.062, false))),
        ("ap-south-1", Some((0.056, false)), Some((0.056, false))),
        ("sa-east-1", Some((0.093, false)), Some((0.093, true))),
        ("eu-north-1", None, None),
    ];
    for (region, hour, gb) in cases {
        let prices = prices.of(region);
        assert_eq!(
            (usd(prices.nat_gateway_hour.as_ref()), usd(prices.nat_gateway_gb.as_ref())),
            (hour, gb),
            "{region}"
        );
        assert_eq!(usd(prices.public_ipv4_hour.as_ref()), Some((0.005, true)), "{region}");
    }
    assert_eq!(prices.regions().count(), 10);
    assert_eq!(prices.of("cn-north-1"), RegionPrices::default());
}

#[test]
fn a_file_is_laid_over_what_is_built_in() {
    let file = json!({"as_of": "2026-01-31", "currency": "USD", "regions": {
        "eu-central-1": {"nat_gateway_hour": 0.052, "interface_endpoint_hour": 0.012, "cross_zone_gb": 0},
        "eu-north-1": {"nat_gateway_hour": 0.046, "nat_gateway_gb": null}
    }});
    let prices = read(format!("\u{feff}{file}\n").as_bytes()).unwrap();
    assert_eq!((&*prices.as_of, prices.currency, &*prices.source), ("2026-01-31", "USD", "--prices, as of 2026-01-31"));
    let frankfurt = prices.of("eu-central-1");
    assert_eq!(usd(frankfurt.nat_gateway_hour.as_ref()), Some((0.052, true)));
    assert_eq!(frankfurt.nat_gateway_hour.unwrap().source, "--prices, as of 2026-01-31");
    assert_eq!(usd(frankfurt.nat_gateway_gb.as_ref()), Some((0.052, false)));
    assert_eq!(usd(frankfurt.cross_zone_gb.as_ref()), Some((0.0, true)));
    let stockholm = prices.of("eu-north-1");
    assert_eq!((usd(stockholm.nat_gateway_hour.as_ref()), stockholm.nat_gateway_gb), (Some((0.046, true)), None));
    assert_eq!(prices.of("us-east-1"), built_in().of("us-east-1"));
}

#[test]
fn a_file_that_is_not_understood_is_refused() {
    let region = |prices: &str| format!(r#"{{"as_of":"2026-01-31","regions":{{"eu-west-1":{prices}}}}}"#);
    let cases = [
        (String::new(), "it is empty"),
        ("\u{feff} \n".to_owned(), "it is empty"),
        ("[]".to_owned(), "it is no JSON object: "),
        ("{".to_owned(), "it is no JSON object: EOF"),
        ("{}{}".to_owned(), "it is no JSON object: trailing"),
        ("{}".to_owned(), "it is no table of prices: `as_of` is missing"),
        (r#"{"as_of":"2026-01-31"}"#.to_owned(), "it is no table of prices: `regions` is missing"),
        (r#"{"Vpcs":[]}"#.to_owned(), "it is no table of prices: `Vpcs` is not known: as_of, currency, regions are"),
        (region("{}").replace("2026-01-31", "yesterday"), "`as_of`: `yesterday` is no date"),
        (region("{}").replace("\"2026-01-31\"", "2026"), "`as_of`: invalid type"),
        (
            region("{}").replace("}}}", r#"}},"currency":"EUR"}"#),
            "`currency`: `EUR` is not followed: prices are in USD",
        ),
        (region("{}"), "it has no price: `regions` names none"),
        (region(r#"{"nat_gateway_hours":1}"#), "`regions.eu-west-1`: unknown field `nat_gateway_hours`"),
        (region(r#"{"nat_gateway_hour":-0.1}"#), "`regions.eu-west-1`: -0.1 is no price: it must not be below zero"),
        (region(r#"{"nat_gateway_hour":1e999}"#), "`regions.eu-west-1`: number out of range"),
        (region(r#"{"nat_gateway_hour":"0.1"}"#), "`regions.eu-west-1`: invalid type"),
        (region(r#"{"nat_gateway_hour":1,"nat_gateway_hour":2}"#), "`regions.eu-west-1`: duplicate field"),
        (region("{}").replace("eu-west-1", "Ireland"), "`regions.Ireland`: `Ireland` is no region"),
        (
            r#"{"as_of":"2026-01-31","as_of":"2026-01-31"}"#.to_owned(),
            "it is no JSON object: member `as_of` stands there",
        ),
    ];
    for (text, expected) in cases {
        let error = refusal(&text);
        assert!(error.starts_with(expected), "{text} gives {error}");
    }
    assert!(Price::try_from(f64::NAN).is_err() && Price::try_from(f64::INFINITY).is_err());
}

/// A product as the Price List writes it.
fn product(region: &str, usage: &str, unit: &str, price: &str) -> Value {
    json!({
        "product": {
            "productFamily": "NAT Gateway",
            "attributes": {"regionCode": region, "usagetype": usage, "group": "NGW:NatGateway", "servicecode": "AmazonEC2"},
            "sku": "M2YSHUBETB3JX4M4"
        },
        "serviceCode": "AmazonEC2",
        "terms": {"OnDemand": {"M2YSHUBETB3JX4M4.JRTCKXETXF": {
            "priceDimensions": {"M2YSHUBETB3JX4M4.JRTCKXETXF.6YS6EN2CT7": {
                "unit": unit, "beginRange": "0", "endRange": "Inf", "pricePerUnit": {"USD": price}, "appliesTo": []
            }},
            "effectiveDate": "2026-09-01T00:00:00Z", "termAttributes": {}
        }}},
        "version": "20260925174521",
        "publicationDate": "2026-09-25T17:45:21Z"
    })
}

/// What the AWS CLI writes: each product as text.
fn list(products: &[Value]) -> String {
    let texts: Vec<String> = products.iter().map(Value::to_string).collect();
    json!({"PriceList": texts, "FormatVersion": "aws_v1"}).to_string()
}

#[test]
fn the_price_list_is_read_for_nat_gateways_alone() {
    let mut server = product("eu-west-1", "EU-BoxUsage:t3.nano", "Hrs", "0.0057");
    server["product"]["productFamily"] = json!("Compute Instance");
    let mut rented = product("eu-north-1", "EUN1-NatGateway-Hours", "Hrs", "1");
    rented["terms"] = json!({"Reserved": {}});
    let mut yuan = product("cn-north-1", "CNN1-NatGateway-Hours", "Hrs", "0");
    yuan["terms"]["OnDemand"]["M2YSHUBETB3JX4M4.JRTCKXETXF"]["priceDimensions"]["M2YSHUBETB3JX4M4.JRTCKXETXF.6YS6EN2CT7"]
        ["pricePerUnit"] = json!({"CNY": "0.37"});
    let text = list(&[
        server,
        product("eu-west-1", "EU-RegionalNatGateway-Hours", "Hrs", "0.9"),
        product("us-east-1", "RegionalNatGateway-Bytes", "GB", "0.9"),
        product("eu-west-1", "EU-NatGateway-Prvd-Gbps", "Gbps-hrs", "1.164"),
        product("us-east-1", "NatGateway-Prvd-Bytes", "GB", "0.0000000000"),
        product("eu-west-1", "EU-NatGateway-Hours", "Hrs", "0.0480000000"),
        product("eu-west-1", "EU-NatGateway-Bytes", "GB", "0.0480000000"),
        product("us-east-1", "NatGateway-Bytes", "GB", "0.0440000000"),
        product("eu-central-1", "EUC1-NatGateway-Hours", "Hrs", "0.0520000000"),
        rented,
        yuan,
    ]);
    let prices = read(text.as_bytes()).unwrap();
    assert_eq!((&*prices.as_of, &*prices.source), ("2026-09-25", "AWS Price List of 2026-09-25"));
    let nat = |region: &str| {
        let prices = prices.of(region);
        (usd(prices.nat_gateway_hour.as_ref()), usd(prices.nat_gateway_gb.as_ref()))
    };
    assert_eq!(nat("eu-west-1"), (Some((0.048, true)), Some((0.048, true))));
    assert_eq!(nat("us-east-1"), (Some((0.045, true)), Some((0.044, true))));
    assert_eq!(nat("eu-central-1"), (Some((0.052, true)), Some((0.052, false))));
    assert_eq!((nat("eu-north-1"), nat("cn-north-1")), ((None, None), (None, None)));
    assert_eq!(prices.of("eu-west-1").nat_gateway_gb.unwrap().source, "AWS Price List of 2026-09-25");
}

#[test]
fn a_price_list_that_is_not_understood_is_refused() {
    let hour = |region: &str, price: &str| product(region, "EU-NatGateway-Hours", "Hrs", price);
    let mut undated = hour("eu-west-1", "0.048");
    undated["publicationDate"] = json!("");
    let tokened = list(&[hour("eu-west-1", "0.048")]).replacen('{', r#"{"NextToken":"x","#, 1);
    let cases = [
        (list(&[]), "it has no price: no product is of the family"),
        (r#"{"PriceList":{}}"#.to_owned(), "`PriceList`: invalid type"),
        (r#"{"PriceList":["{"]}"#.to_owned(), "`PriceList, product 1`: EOF"),
        (tokened, "it is one page of several"),
        (list(&[hour("", "0.048")]), "`PriceList, product 1`: `` is no region"),
        (list(&[hour("eu-west-1", "-1")]), "`PriceList, product 1`: -1 is no price"),
        (list(&[hour("eu-west-1", "NaN")]), "`PriceList, product 1`: NaN is no price"),
        (list(&[hour("eu-west-1", "free")]), "`PriceList, product 1`: `free` is no price"),
        (
            list(&[product("eu-west-1", "EU-NatGateway-Hours", "Days", "1")]),
            "`PriceList, product 1`: its unit is `Days`",
        ),
        (list(&[undated]), "`PriceList, product 1`: it has no `publicationDate`"),
        (
            list(&[hour("eu-west-1", "0.048"), hour("eu-west-1", "0.049")]),
            "`PriceList, product 2`: `EU-NatGateway-Hours` in eu-west-1 stands there twice, and differs",
        ),
    ];
    for (text, expected) in cases {
        let error = refusal(&text);
        assert!(error.starts_with(expected), "{text} gives {error}");
    }
    assert_eq!(refusal(&list(&[hour("eu-west-1", "0.048"), hour("eu-west-1", "0.0480")])), "passed");
}

#[test]
fn half_a_file_is_no_file() {
    let own = r#"{"as_of":"2026-01-31","regions":{"eu-west-1":{"nat_gateway_hour":0.048}}}"#.to_owned();
    for text in [own, list(&[product("eu-west-1", "EU-NatGateway-Hours", "Hrs", "0.048")])] {
        assert_eq!(refusal(&text), "passed");
        for cut in 0..text.len() {
            assert_ne!(refusal(&text[..cut]), "passed", "{}", &text[..cut]);
        }
    }
}
