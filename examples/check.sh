#!/usr/bin/env bash
# What watches a service while it is deployed: exit code 0 if nothing is wrong. Its one line says what is, and becomes the cause of a rollback.
# A source that does not answer is no pass.
# usage: check.sh alertmanager|prometheus|cloudwatch
set -uo pipefail

ask() {
  case $1 in
    alertmanager)
      local filters=() matcher
      set -f
      for matcher in $ALERT_MATCHERS; do filters+=(--data-urlencode "filter=$matcher"); done
      curl --fail --silent --show-error --max-time 20 --get "${filters[@]}" \
        --data active=true --data silenced=false --data inhibited=false "${ALERTMANAGER_URL%/}/api/v2/alerts" ;;
    # An Alertmanager that nobody tells anything has no alerts: Prometheus is asked whether it sees the service. Each sample of the answer is a no.
    prometheus)
      curl --fail --silent --show-error --max-time 20 --get --data-urlencode "query=$PROMETHEUS_QUERY" "${PROMETHEUS_URL%/}/api/v1/query" ;;
    cloudwatch)
      # Composite alarms are not in the answer unless they are asked for. The AWS CLI does not take AWS_REGION in its first major version.
      aws cloudwatch describe-alarms ${AWS_REGION:+--region "$AWS_REGION"} --alarm-name-prefix "$CLOUDWATCH_ALARM_PREFIX" \
        --alarm-types MetricAlarm CompositeAlarm --output json ;;
  esac
}

verdict=$(ask "$1" < /dev/null | scan-gate - --format "$1" --fail-on "${ALERT_FAIL_ON:-critical}" --output json 2> /dev/null)
code=$?
printf '%s' "$verdict" | jq -r '"\(.error.message // .steps[-1].summary)"'
exit "$code"
