# Alarms that roll a deployment back. Each target group has its own, so that a canary that gets a tenth of the traffic
# is measured by its own requests and is not lost among those of the old version.

resource "aws_cloudwatch_metric_alarm" "errors" {
  for_each = var.target_groups

  alarm_name          = "${var.name}-${each.key}-5xx"
  alarm_description   = "More than ${var.error_percent} % of the requests to ${each.key} are answered with 5xx."
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.error_percent
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions

  metric_query {
    id          = "share"
    label       = "5xx in percent"
    expression  = "IF(requests >= 20, 100 * FILL(errors, 0) / requests, 0)"
    return_data = true
  }

  metric_query {
    id = "errors"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "HTTPCode_Target_5XX_Count"
      stat        = "Sum"
      period      = 60

      dimensions = {
        LoadBalancer = var.load_balancer_arn_suffix
        TargetGroup  = each.value
      }
    }
  }

  metric_query {
    id = "requests"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "RequestCount"
      stat        = "Sum"
      period      = 60

      dimensions = {
        LoadBalancer = var.load_balancer_arn_suffix
        TargetGroup  = each.value
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "latency" {
  for_each = var.target_groups

  alarm_name          = "${var.name}-${each.key}-latency"
  alarm_description   = "More than 5 of 100 requests to ${each.key} take longer than ${var.latency_seconds} s."
  namespace           = "AWS/ApplicationELB"
  metric_name         = "TargetResponseTime"
  extended_statistic  = "p95"
  period              = 60
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.latency_seconds
  evaluation_periods  = 3
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions

  # Few requests have no percentile worth the name.
  evaluate_low_sample_count_percentiles = "ignore"

  dimensions = {
    LoadBalancer = var.load_balancer_arn_suffix
    TargetGroup  = each.value
  }
}

# An alarm that no deployment causes, and that no rollback ends.

resource "aws_cloudwatch_metric_alarm" "storage" {
  alarm_name          = "${var.name}-database-storage"
  alarm_description   = "The database has less than a tenth of its first storage left."
  namespace           = "AWS/RDS"
  metric_name         = "FreeStorageSpace"
  statistic           = "Minimum"
  period              = 300
  comparison_operator = "LessThanThreshold"
  threshold           = var.database_storage * pow(1024, 3) / 10
  evaluation_periods  = 3
  treat_missing_data  = "missing"
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions

  dimensions = {
    DBInstanceIdentifier = var.database
  }
}
