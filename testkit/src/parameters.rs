//! Systems Manager: which parameters there are. No value is kept here.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::ecs::input::{seconds, texts};
use crate::wire::ServiceError;
use crate::world::{ACCOUNT, REGION};

/// Source: Systems Manager API reference, `DescribeParameters`, `MaxResults`: 1 to 50.
const LARGEST_PAGE: usize = 50;

/// All parameters, by name.
#[derive(Debug, Default)]
pub struct Parameters(BTreeMap<String, Parameter>);

#[derive(Debug)]
struct Parameter {
    kind: String,
    version: u64,
    modified_at: Timestamp,
}

impl Parameters {
    /// Answers one operation.
    ///
    /// # Errors
    /// The service's own error.
    pub fn answer(&mut self, operation: &str, input: &Value, now: Timestamp) -> Result<Value, ServiceError> {
        match operation {
            "PutParameter" => self.put(input, now),
            "DescribeParameters" => self.describe(input),
            _ => Err(crate::world::unknown_operation(operation)),
        }
    }

    fn put(&mut self, input: &Value, now: Timestamp) -> Result<Value, ServiceError> {
        let name = input["Name"].as_str().filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| invalid("Name is required."))?;
        if !input["Value"].is_string() {
            return Err(invalid("Value is required."));
        }
        let known = self.0.get(name);
        if known.is_some() && input["Overwrite"] != json!(true) {
            let message = "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.";
            return Err(ServiceError::bad_request("ParameterAlreadyExists", message));
        }
        let kind = input["Type"].as_str().or(known.map(|known| known.kind.as_str())).unwrap_or("String").to_owned();
        let version = known.map_or(1, |known| known.version + 1);
        self.0.insert(name.to_owned(), Parameter { kind, version, modified_at: now });
        Ok(json!({ "Version": version, "Tier": "Standard" }))
    }

    fn describe(&self, input: &Value) -> Result<Value, ServiceError> {
        let filters = input["ParameterFilters"].as_array().map_or(&[][..], Vec::as_slice);
        let size =
            input["MaxResults"].as_u64().map_or(LARGEST_PAGE, |size| usize::try_from(size).unwrap_or(usize::MAX));
        if !(1..=LARGEST_PAGE).contains(&size) {
            return Err(invalid(format!("MaxResults must be between 1 and {LARGEST_PAGE}.")));
        }
        let start: usize = match input["NextToken"].as_str() {
            Some(token) => token
                .parse()
                .map_err(|_| ServiceError::bad_request("InvalidNextToken", "The specified token isn't valid."))?,
            None => 0,
        };
        let mut found = Vec::new();
        for (name, parameter) in &self.0 {
            if passes(name, &parameter.kind, filters)? {
                found.push(rendered(name, parameter));
            }
        }
        let total = found.len();
        let page: Vec<Value> = found.into_iter().skip(start).take(size).collect();
        let mut answer = json!({ "Parameters": page });
        if start.saturating_add(size) < total {
            answer["NextToken"] = json!((start + size).to_string());
        }
        Ok(answer)
    }
}

fn rendered(name: &str, parameter: &Parameter) -> Value {
    json!({
        "Name": name,
        "ARN": format!("arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/{}", name.trim_start_matches('/')),
        "Type": parameter.kind,
        "LastModifiedDate": seconds(parameter.modified_at),
        "Version": parameter.version,
        "Tier": "Standard",
    })
}

/// Whether a parameter passes all filters; each passes any of its values.
fn passes(name: &str, kind: &str, filters: &[Value]) -> Result<bool, ServiceError> {
    for filter in filters {
        let text = match filter["Key"].as_str() {
            Some("Name") => name,
            Some("Type") => kind,
            _ => return Err(ServiceError::bad_request("InvalidFilterKey", "The specified key isn't valid.")),
        };
        let fits = |value: &str| match filter["Option"].as_str().unwrap_or("Equals") {
            "Equals" => Some(text == value),
            "BeginsWith" => Some(text.starts_with(value)),
            "Contains" => Some(text.contains(value)),
            _ => None,
        };
        let fits: Option<Vec<bool>> = texts(filter, "Values").into_iter().map(fits).collect();
        let fits = fits.ok_or_else(|| {
            ServiceError::bad_request("InvalidFilterOption", "The specified filter option isn't valid.")
        })?;
        if !fits.contains(&true) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn invalid(message: impl Into<String>) -> ServiceError {
    ServiceError::bad_request("ValidationException", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_767_225_600, 0);

    fn names(parameters: &mut Parameters, input: &Value) -> Vec<String> {
        let answer = parameters.answer("DescribeParameters", input, NOW).unwrap();
        let listed = answer["Parameters"].as_array().unwrap().iter();
        listed.map(|parameter| parameter["Name"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn parameters_are_described_by_name_and_by_page_without_their_values() {
        let mut parameters = Parameters::default();
        for name in ["/web/a", "/web/b", "other"] {
            let input = json!({ "Name": name, "Value": "hush", "Type": "SecureString" });
            parameters.answer("PutParameter", &input, NOW).unwrap();
            assert_eq!(parameters.answer("PutParameter", &input, NOW).unwrap_err().code, "ParameterAlreadyExists");
        }
        let filter = |option: &str, values: Value| json!({ "ParameterFilters": [{ "Key": "Name", "Option": option, "Values": values }] });
        assert_eq!(names(&mut parameters, &filter("Equals", json!(["/web/b", "none"]))), ["/web/b"]);
        assert_eq!(names(&mut parameters, &filter("BeginsWith", json!(["/web"]))), ["/web/a", "/web/b"]);
        assert_eq!(names(&mut parameters, &json!({ "MaxResults": 2 })), ["/web/a", "/web/b"]);
        assert_eq!(names(&mut parameters, &json!({ "MaxResults": 2, "NextToken": "2" })), ["other"]);
        let all = parameters.answer("DescribeParameters", &json!({}), NOW).unwrap();
        assert!(!all.to_string().contains("hush"));
        assert_eq!(all["Parameters"][0]["Type"], "SecureString");
    }
}
