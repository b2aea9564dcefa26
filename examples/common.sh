# shellcheck shell=bash
# What the scripts of this folder share. It is sourced, and does nothing by itself. Written for bash 3.2, which macOS has.

# With CDPATH, cd prints where it went.
unset CDPATH
deploy=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# Where the documents of this release lie.
RELEASE=${RELEASE:-build/release}
say() { printf '%s: %s\n' "${0##*/}" "$1" >&2; }

# The question was wrong: nothing was done. refuse MESSAGE HINT
refuse() {
  say "error: $1"
  say "hint: $2"
  exit 2
}

# Demands programs: what a missing one would have been asked must not count as answered.
programs() {
  local name
  for name in "$@"; do
    command -v "$name" > /dev/null 2>&1 || refuse "the program $name is not found" "install it, or put its folder into PATH"
  done
}

programs jq
mkdir -p "$RELEASE" || refuse "the folder $RELEASE cannot be made" "RELEASE is where the documents of this release lie"
RELEASE=$(cd "$RELEASE" && pwd)

# Demands variables: needs NAME WHAT-IT-IS …
needs() {
  while [ $# -gt 0 ]; do
    [ -n "${!1:-}" ] || refuse "$1 is not set: $2" "set it in $ENVIRONMENT.env, or type it: make … $1=…"
    shift 2
  done
}

# Whether this is the name of a secret, in whatever case; NAME_FILE names a file.
is_secret() {
  local answer=1
  shopt -s nocasematch
  case $1 in
    # An option of ecs-deploy that names one, and the name of a key of KMS.
    *_FILE | ECS_DEPLOY_SECRET | ECR_PUSH_KMS_KEY) ;;
    *TOKEN | *PASSWORD* | *PASSWD* | *_PASS* | *SECRET* | *_KEY | *ACCESS_KEY* | CHAT_WEBHOOK_URL) answer=0 ;;
  esac
  shopt -u nocasematch
  return "$answer"
}

# Takes over the variables of an environment: NAME=VALUE, a line each, the value as it stands, without blanks around it. They win over what is set already, for a leftover
# ECS_DEPLOY_CLUSTER must not send a release elsewhere. NAME= says nothing. What one
# environment said is gone when another is taken over. Nothing is done while a placeholder is left.
taken=()
settings() {
  case ${1:-} in '' | *[!A-Za-z0-9_-]*) refuse "no environment is named" "make … ENVIRONMENT=stage, or ENVIRONMENT=production" ;; esac
  ENVIRONMENT=$1
  local file="${SETTINGS:-$deploy}/$1.env" line name value number=0 unfilled=''
  [ -r "$file" ] || refuse "there is no $file" "copy one of the env files to it"
  unset ${taken[@]+"${taken[@]}"}
  taken=()
  while IFS= read -r line || [ -n "$line" ]; do
    number=$((number + 1))
    line=${line%$'\r'}
    case $line in '' | '#'*) continue ;; esac
    name=${line%%=*} value=${line#*=}
    if ! [[ $line == *=* && $name =~ ^[A-Za-z_][A-Za-z0-9_]*$ ]]; then
      refuse "$file: line $number is not NAME=VALUE" "write a comment with # at the beginning of its line"
    fi
    value=${value#"${value%%[![:space:]]*}"}
    value=${value%"${value##*[![:space:]]}"}
    if is_secret "$name"; then
      refuse "$file: line $number: $name is a secret" "give it by the environment of the job; GRAFANA_TOKEN and CHAT_WEBHOOK_URL also in a file that …_FILE names"
    fi
    # The @ of a digest stands behind a slash.
    if [[ $value =~ ://[^/[:space:]]*@ ]]; then
      refuse "$file: line $number: $name has a user or a password in its URL" "give it by the environment of the job"
    fi
    case $value in
      '') ;;
      *'<'*'>'*) unfilled="$unfilled"$'\n'"  line $number: $name=$value" ;;
      \"* | \'*) refuse "$file: line $number: $name begins with a quotation mark" "values are taken as they stand, without quotation marks" ;;
      *) export "$name=$value" && taken+=("$name") ;;
    esac
  done < "$file"
  [ -z "$unfilled" ] || refuse "$file is not filled in:$unfilled" "put your own values there; a value that is not needed is left empty"
  case ${ECS_DEPLOY_SERVICE:-} in *[!A-Za-z0-9_-]*)
    refuse "ECS_DEPLOY_SERVICE=$ECS_DEPLOY_SERVICE is not the name of one service" "one service a run, by its name: neither several nor an ARN" ;;
  esac
  export ENVIRONMENT
}

# The service as metrics, annotations and the log name it.
service() { printf '%s' "${ECS_DEPLOY_SERVICE:-none}"; }

# Waits for a process, hands on the signals that come meanwhile, and gives its exit code back.
await() {
  local signal code=0
  interrupted=1
  for signal in HUP INT TERM; do
    # shellcheck disable=SC2064 # the process is known now
    trap "interrupted=1; kill -s $signal $1 2> /dev/null || true" "$signal"
  done
  while [ -n "$interrupted" ]; do
    interrupted=''
    code=0
    wait "$1" || code=$?
  done
  trap - HUP INT TERM
  return "$code"
}

# Runs a command in a process group of its own, so that a signal from a terminal reaches it once, through await. It never reads standard input:
# a CI runner feeds the rest of its script through it.
attend() {
  set -m
  "$@" < /dev/null &
  set +m
  await $!
}

# Runs a tool and leaves its document in $RELEASE/DOCUMENT, whatever it says: step DOCUMENT TOOL ARGUMENT…
# What an earlier run left never counts as what this one says. Exit code 3 if the document cannot be written.
step() {
  local document="$RELEASE/$1" tool=$2 code=0
  shift 2
  programs "$tool"
  if ! { rm -f "$document" "$document.part" && : > "$document.part"; }; then
    say "error: $document cannot be written; $tool was not run"
    return 3
  fi
  measure "$tool"
  attend "$tool" "$@" --output json ${METRICS[@]+"${METRICS[@]}"} > "$document.part" || code=$?
  if ! mv -f "$document.part" "$document"; then
    say "error: $document cannot be written; what $tool said is in $document.part"
    return 3
  fi
  push_metrics "$tool"
  return "$code"
}

# The arguments with which a tool writes its metrics, in METRICS: a file for each tool, environment and service. None where nothing can be written:
# metrics stop no release, and no way back.
measure() {
  METRICS=()
  [ -n "${METRICS_DIR:-}${PUSHGATEWAY_URL:-}" ] || return 0
  local folder="${METRICS_DIR:-$RELEASE/metrics}"
  if ! { mkdir -p "$folder" && : > "$folder/.writable.$$" && rm -f "$folder/.writable.$$"; } 2> /dev/null; then
    say "warning: $folder cannot be written: there are no metrics of $1"
    return 0
  fi
  METRICS=(--metrics "$folder/$1-$ENVIRONMENT-$(service).prom" --metrics-labels "environment=$ENVIRONMENT,service=$(service)")
}

# Hands the metrics of a tool to the Pushgateway, in a group of its own, so that nothing of another step is overwritten. POST leaves what this run
# does not say, such as the time of the last success. Metrics that are lost stop no release.
push_metrics() {
  [ -n "${PUSHGATEWAY_URL:-}" ] && [ -s "${METRICS[1]:-}" ] || return 0
  local group
  group="job/release/tool/$1/environment/$ENVIRONMENT/service/$(service)"
  curl --fail --silent --show-error --max-time 20 --retry 2 --request POST --data-binary "@${METRICS[1]}" \
    "${PUSHGATEWAY_URL%/}/metrics/$group" > /dev/null < /dev/null || say "warning: the metrics of $1 did not reach the Pushgateway"
}

# Writes a document that says no: refuse_document FROM DOCUMENT CODE MESSAGE HINT [ERROR]. It carries on FROM, if that is one, and what else the
# JSON object ERROR says.
refuse_document() {
  local from="$RELEASE/.from.json"
  if jq -es 'length == 1 and (.[0] | type == "object" and .schema == "deploy-aws-ecs/release/v1")' "$1" > /dev/null 2>&1; then
    cp "$1" "$from"
  else
    printf '{"schema":"deploy-aws-ecs/release/v1","ok":true,"steps":[]}' > "$from"
  fi
  jq -c --arg tool "${0##*/}" --arg code "$3" --arg message "$4" --arg hint "$5" --argjson more "${6:-null}" '
    .ok = false
    | .steps += [{ tool: $tool, version: "0", ok: false, started_at: (now | floor | todate), seconds: 0, summary: $message }]
    | .error = ($more // {}) + { code: $code, message: $message, hint: $hint }' "$from" > "$RELEASE/$2.part"
  mv -f "$RELEASE/$2.part" "$RELEASE/$2"
  rm -f "$from"
  say "error: $4"
  say "hint: $5"
}

# What watches the service while it is deployed, as arguments of ecs-deploy in CHECKS.
checks() {
  CHECKS=()
  # What the gate was told about scanners' reports does not hold for alerts.
  # shellcheck disable=SC2046
  unset $(compgen -v SCAN_GATE_)
  [ -z "${ALERTMANAGER_URL:-}${CLOUDWATCH_ALARM_PREFIX:-}" ] || programs scan-gate
  # A project's path may have any character in it: the shell of the check reads it from here.
  export DEPLOY_FOLDER=$deploy
  if [ -n "${ALERTMANAGER_URL:-}" ]; then
    programs curl
    # shellcheck disable=SC2016 # the braces are PromQL's
    needs ALERT_MATCHERS 'which alerts count, for example alertname=~"Service.+"' \
      PROMETHEUS_URL 'whether Prometheus sees the service at all: an Alertmanager that nobody tells anything has no alerts' \
      PROMETHEUS_QUERY 'a query that is empty as long as Prometheus sees the service'
    # Alertmanager takes what stands behind a comma as part of the value, and finds no alert.
    case $(printf '%s' "$ALERT_MATCHERS" | sed -E 's/"([^"\\]|\\.)*"//g') in *,*)
      refuse "ALERT_MATCHERS=$ALERT_MATCHERS has a comma between its matchers" "matchers are separated by spaces" ;;
    esac
    # shellcheck disable=SC2016 # expanded by the shell of the check
    CHECKS+=(--check '"$DEPLOY_FOLDER/check.sh" alertmanager' --check '"$DEPLOY_FOLDER/check.sh" prometheus')
  fi
  if [ -n "${CLOUDWATCH_ALARM_PREFIX:-}" ]; then
    programs aws
    # shellcheck disable=SC2016 # expanded by the shell of the check
    CHECKS+=(--check '"$DEPLOY_FOLDER/check.sh" cloudwatch')
  fi
}

# Records what became of a release. What cannot be recorded does not change it.
record() {
  "$deploy/record.sh" "$ENVIRONMENT" "$RELEASE/$1" < /dev/null || say "warning: the release is as told above, but it is not recorded everywhere"
}

# The checksum of a file.
checksum() { if command -v sha256sum > /dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1; }
