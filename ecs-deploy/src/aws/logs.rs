//! CloudWatch Logs: what containers wrote.

use contract::aws::CallError;
use serde::Deserialize;
use serde_json::json;

use super::Aws;
use crate::log_stream::LogStream;

/// A page of a log.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Page {
    events: Vec<Line>,
    next_forward_token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Line {
    message: String,
}

impl Aws {
    /// The last lines of a log; none if there is no such log.
    ///
    /// # Errors
    /// The call failed.
    pub async fn last_lines(&self, stream: &LogStream, count: u32) -> Result<Vec<String>, CallError> {
        let input = json!({ "logGroupName": stream.group, "logStreamName": stream.stream, "limit": count, "startFromHead": false });
        self.page(stream, &input).await.map(|page| page.0)
    }

    /// The lines of a log behind `token`, from its beginning if there is none, and the token of what follows.
    ///
    /// # Errors
    /// The call failed.
    pub async fn next_lines(
        &self,
        stream: &LogStream,
        token: Option<&str>,
    ) -> Result<(Vec<String>, Option<String>), CallError> {
        let mut input = json!({ "logGroupName": stream.group, "logStreamName": stream.stream, "startFromHead": true });
        if let Some(token) = token {
            input["nextToken"] = json!(token);
        }
        self.page(stream, &input).await
    }

    async fn page(
        &self,
        stream: &LogStream,
        input: &serde_json::Value,
    ) -> Result<(Vec<String>, Option<String>), CallError> {
        let logs = match &stream.region {
            Some(region) => self.logs.clone().in_region(region),
            None => self.logs.clone(),
        };
        let answer = match logs.json("logs:GetLogEvents", input).await {
            Ok(answer) => answer,
            // A container that wrote nothing has no stream.
            Err(error) if error.code.as_deref() == Some("ResourceNotFoundException") => return Ok((Vec::new(), None)),
            Err(error) => return Err(error),
        };
        let page: Page = serde_json::from_slice(&answer).unwrap_or_default();
        let lines = page.events.into_iter().map(|line| line.message.trim_end().to_owned());
        Ok((lines.collect(), page.next_forward_token))
    }
}
