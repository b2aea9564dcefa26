#!/usr/bin/env bash
# Records what became of a release: in a log, as an annotation in Grafana, as a message in a chat. Exit code 1 if one of them failed.
# usage: record.sh ENVIRONMENT DOCUMENT
#
# RELEASE_LOG          the log, a JSON object a line                     releases.jsonl beside the document
# GRAFANA_URL          with GRAFANA_TOKEN or GRAFANA_TOKEN_FILE          no annotation without it
# CHAT_WEBHOOK_URL     or CHAT_WEBHOOK_URL_FILE: takes {"text": …}       no message without it
# RELEASE_BY, RELEASE_JOB_URL                                            who, and where to read on
set -euo pipefail
environment=$1 document=$2
service=${ECS_DEPLOY_SERVICE:-none}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

fail() {
  printf 'record.sh: warning: %s\n' "$1" >&2
  failed=1
}

# A secret out of the environment, or out of the file that NAME_FILE names.
secret() {
  local file="$1_FILE"
  if [ -n "${!1:-}" ]; then printf '%s' "${!1}"; elif [ -n "${!file:-}" ]; then head -n 1 "${!file}"; fi
}

# A line of a curl configuration. Secrets get to curl through it, for what stands on a command line is in the list of processes.
option() {
  local value=${2//\\/\\\\}
  value=${value//\"/\\\"}
  printf '%s = "%s"\n' "$1" "${value//$'\n'/}"
}

# Sends a JSON file; the address and the headers come in as a curl configuration.
post() {
  curl --config - --fail --silent --show-error --connect-timeout 5 --max-time 20 --retry 2 --header 'Content-Type: application/json' \
    --data-binary "@$1" > /dev/null
}

by=${RELEASE_BY:-${GITHUB_ACTOR:-${GITLAB_USER_LOGIN:-$(id -un)}}}
job=${RELEASE_JOB_URL:-${CI_JOB_URL:-}}
if [ -z "$job" ] && [ -n "${GITHUB_RUN_ID:-}" ]; then job="$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID"; fi

# A document that is none is recorded as such: that it is missing is worth knowing as well.
if jq -e 'type == "object"' "$document" > /dev/null 2>&1; then cp "$document" "$work/document"; else printf 'null' > "$work/document"; fi

# What is worth telling, made once.
# A deployment to another cluster came in with the ticket, and is none of this release.
jq -c --arg environment "$environment" --arg service "$service" --arg cluster "${ECS_DEPLOY_CLUSTER:-}" --arg by "$by" --arg job "$job" '
  (if .deployment.cluster? == $cluster then .deployment else {} end) as $deployment
  | (($deployment.services // []) | map(.reason // empty) | unique | join("; ")) as $reason
  | {
      recorded_at: (now | floor | todate),
      environment: $environment,
      service: $service,
      by: $by,
      job: (if $job == "" then null else $job end),
      outcome: (if . == null then "unknown" elif $deployment == {} or (.ok != true and $deployment.ok) then "refused" else $deployment.outcome end),
      image: (.image.uri // ([$deployment.services[]?.images[]?.image] | unique | join(" "))),
      cause: (.error.message // (if $reason == "" then null else $reason end)),
      rolled_back_by: (
        if $deployment.outcome != "rolled_back" then null
        elif $deployment.action == "rollback" or $deployment.action == "stop" or .error.code? == "interrupted" then $by
        elif any($deployment.services[]?; .going_back != null) then "ecs-deploy"
        elif any($deployment.checks[]?; .ok == false) then "ecs-deploy, because of a check"
        else "ECS" end),
      started: ([.steps[]? | select(.tool == "ecs-deploy") | .started_at] | last),
      seconds: ([.steps[]? | select(.tool == "ecs-deploy") | .seconds] | last),
      document: .
    }' "$work/document" > "$work/record"

# One write to a file that is opened for appending, and a lock where there is one: lines of two releases do not mix. A line that a crash cut off
# is ended first.
log=${RELEASE_LOG:-$(dirname "$document")/releases.jsonl}
append() {
  if [ -s "$log" ] && [ -n "$(tail -c 1 "$log")" ]; then echo >> "$log"; fi
  cat "$work/record" >> "$log"
}
logged() {
  mkdir -p "$(dirname "$log")" || return
  if command -v flock > /dev/null; then (flock -w 30 9 && append) 9>> "$log.lock"; else append; fi
}
logged || fail "the release is not in $log"

if [ -n "${GRAFANA_URL:-}" ]; then
  token=$(secret GRAFANA_TOKEN) || token=''
  jq -c '
    ((.started // .recorded_at | sub("\\.[0-9]+"; "") | fromdateiso8601) * 1000) as $time
    | {
        time: $time,
        timeEnd: ($time + ((.seconds // 0) * 1000 | floor)),
        tags: ["release", "environment:\(.environment)", "service:\(.service)", "outcome:\(.outcome)"],
        text: ([
          "\(.service) in \(.environment): \(.outcome)", (.image | select(. != "")), .cause, (.rolled_back_by | values | "rolled back by \(.)"), "by \(.by)", .job
        ] | map(values) | join("\n"))
      }' "$work/record" > "$work/annotation"
  { option url "${GRAFANA_URL%/}/api/annotations" && [ -z "$token" ] || option header "Authorization: Bearer $token"; } | post "$work/annotation" ||
    fail "Grafana did not take the annotation"
fi

webhook=$(secret CHAT_WEBHOOK_URL) || fail "the address of the chat cannot be read"
if [ -n "$webhook" ]; then
  jq -c '
    def plain: gsub("&"; "&amp;") | gsub("<"; "&lt;") | gsub(">"; "&gt;");
    { text: ([
        "*\(.service)* in *\(.environment)*: *\(.outcome)*", (.image | select(. != "")), (.cause | values | "cause: \(.)"),
        (.rolled_back_by | values | "rolled back by \(.)"), "released by \(.by)", .job
      ] | map(values | plain) | join("\n")) }' "$work/record" > "$work/message"
  option url "$webhook" | post "$work/message" || fail "the chat did not take the message"
fi
exit "$failed"
