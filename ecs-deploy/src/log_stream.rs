//! Where a task's container writes its log. Pure.

use crate::task_definition::Container;

/// A stream of CloudWatch Logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogStream {
    /// The log group.
    pub group: String,
    /// The stream in it.
    pub stream: String,
    /// The region, if the task definition names one.
    pub region: Option<String>,
}

/// The stream of a container of a task; `None` if it writes elsewhere, or has no prefix to find it by.
///
/// Source: ECS developer guide, awslogs log driver, `awslogs-stream-prefix`: the stream is `prefix/container/task id`.
#[must_use]
pub fn of_container(container: &Container, task: &str) -> Option<LogStream> {
    let log = container.log_configuration.as_ref().filter(|log| log.log_driver == "awslogs")?;
    let option = |name: &str| log.options.get(name).cloned();
    let prefix = option("awslogs-stream-prefix")?;
    let stream = format!("{prefix}/{}/{task}", container.name);
    Some(LogStream { group: option("awslogs-group")?, stream, region: option("awslogs-region") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(json: &str) -> Container {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_stream_is_named_by_prefix_container_and_task() {
        let writes = container(
            r#"{"name":"web","image":"w","logConfiguration":{"logDriver":"awslogs","options":{"awslogs-group":"/ecs/web","awslogs-stream-prefix":"ecs","awslogs-region":"eu-central-1"}}}"#,
        );
        let expected = LogStream {
            group: "/ecs/web".to_owned(),
            stream: "ecs/web/1f".to_owned(),
            region: Some("eu-central-1".to_owned()),
        };
        assert_eq!(of_container(&writes, "1f"), Some(expected));
    }

    #[test]
    fn other_drivers_and_logs_without_prefix_cannot_be_found() {
        for log in
            [r#"{"logDriver":"json-file"}"#, r#"{"logDriver":"awslogs","options":{"awslogs-group":"g"}}"#, "null"]
        {
            let text = format!(r#"{{"name":"web","image":"w","logConfiguration":{log}}}"#);
            assert_eq!(of_container(&container(&text), "1f"), None, "{log}");
        }
    }
}
