output "deployment_alarms" {
  description = "Names of the alarms that roll a deployment back."
  value       = sort(concat([for alarm in aws_cloudwatch_metric_alarm.errors : alarm.alarm_name], [for alarm in aws_cloudwatch_metric_alarm.latency : alarm.alarm_name]))
}
