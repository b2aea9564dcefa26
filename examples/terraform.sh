#!/usr/bin/env bash
# Terraform under its own lock, and nothing that was not audited: apply takes exactly the plan that plan wrote and net-audit let through.
# usage: terraform.sh plan|apply stage|production
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
settings "${2:-}"
needs TERRAFORM_DIR "the folder of the Terraform configuration"
[ -d "$TERRAFORM_DIR" ] || refuse "there is no folder $TERRAFORM_DIR" "TERRAFORM_DIR starts at the folder that make runs in"
TERRAFORM_DIR=$(cd "$TERRAFORM_DIR" && pwd)
# Each environment has a working folder of its own: Terraform remembers the backend there.
export TF_DATA_DIR=${TF_DATA_DIR:-$TERRAFORM_DIR/.terraform-$ENVIRONMENT} TF_INPUT=0 TF_IN_AUTOMATION=1
plan_file="$RELEASE/$ENVIRONMENT.tfplan"

init() { attend terraform -chdir="$TERRAFORM_DIR" init -reconfigure ${TERRAFORM_BACKEND:+-backend-config="$TERRAFORM_BACKEND"} >&2; }

# Runs Terraform while the state's lock is held: locked DOCUMENT FROM UMASK ARGUMENT… If it does not do what it should, DOCUMENT says why, and carries
# on FROM, if that is given. The umask is Terraform's alone.
locked() {
  local document=$1 from=$2 mask=$3 code=0
  shift 3
  measure tfstate-lock
  # Its standard output is its document, of a command that was not started; that of Terraform goes past it.
  # shellcheck disable=SC2016 # the arguments are the inner shell's
  attend tfstate-lock run "$TERRAFORM_DIR" --operation "$1" --info "${RELEASE_JOB_URL:-by hand}" --output json ${from:+--input "$from"} \
    ${METRICS[@]+"${METRICS[@]}"} -- sh -c 'umask "$0"; exec terraform "$@" >&3 3>&-' "$mask" -chdir="$TERRAFORM_DIR" "$@" \
    3>&1 > "$private/locked.json" || code=$?
  push_metrics tfstate-lock
  if [ "$code" != 0 ] && [ -s "$private/locked.json" ]; then
    cp "$private/locked.json" "$RELEASE/$document.part"
    mv -f "$RELEASE/$document.part" "$RELEASE/$document"
    started=''
  else
    started=yes
  fi
  return "$code"
}

# What net-audit says of a plan: audit DOCUMENT FROM PLAN. A configuration without a subnet has no network to audit; that is let through only if it is said.
audit() {
  local code=0
  terraform -chdir="$TERRAFORM_DIR" show -json "$3" > "$private/plan.json" < /dev/null || return
  # What is only planned is no measure of the network that is there.
  METRICS_DIR='' PUSHGATEWAY_URL='' step "$1" net-audit "$private/plan.json" --input "$2" || code=$?
  rm -f "$private/plan.json"
  if jq -e '.error.code == "snapshot.no_subnets"' "$RELEASE/$1" > /dev/null; then
    if [ "${PLAN_NETWORK:-required}" = none ]; then
      say "no network is planned, and PLAN_NETWORK=none lets that through"
      change "$1" '.ok = true | del(.error) | .network = { ok: true, planned: false }'
      code=0
    else
      say "hint: PLAN_NETWORK=none in $ENVIRONMENT.env lets a configuration without a network through"
      change "$1" '.error.hint = "PLAN_NETWORK=none, if the configuration has no network"'
    fi
  fi
  return "$code"
}

# Changes a document: change DOCUMENT PROGRAM ARGUMENT…, as jq takes them.
change() {
  local document="$RELEASE/$1"
  shift
  jq -c "$@" "$document" > "$document.part"
  mv -f "$document.part" "$document"
}

plan() {
  local document="plan-$ENVIRONMENT.json" code=0
  rm -f "$plan_file" "$RELEASE/$document" "$RELEASE/apply-$ENVIRONMENT.json"
  init
  # A plan holds the values of all variables, secrets too.
  locked "$document" '' 077 plan -out="$plan_file" ${TERRAFORM_VARIABLES:+-var-file="$TERRAFORM_VARIABLES"} || code=$?
  if [ "$code" != 0 ]; then
    rm -f "$plan_file"
    [ -z "$started" ] || refuse_document /dev/null "$document" terraform.failed "terraform plan ended with exit code $code" "what it said stands above"
    return "$code"
  fi
  jq -nc --arg environment "$ENVIRONMENT" --arg sha256 "$(checksum "$plan_file")" \
    '{ schema: "deploy-aws-ecs/release/v1", ok: true, plan: { environment: $environment, sha256: $sha256 }, steps: [] }' > "$private/begun.json"
  audit "$document" "$private/begun.json" "$plan_file"
}

apply() {
  local document="plan-$ENVIRONMENT.json" applied="apply-$ENVIRONMENT.json" plan="$private/plan" code=0 begun version
  rm -f "$RELEASE/$applied"
  if ! [ -s "$plan_file" ] || ! [ -s "$RELEASE/$document" ]; then
    refuse "there is no plan for $ENVIRONMENT" "make plan ENVIRONMENT=$ENVIRONMENT"
  fi
  # What is compared, audited and applied is one file that nobody else can write to.
  (umask 077 && cp "$plan_file" "$plan")
  if ! jq -e --arg environment "$ENVIRONMENT" --arg sha256 "$(checksum "$plan")" \
    '.ok and .network.ok and .plan == { environment: $environment, sha256: $sha256 }' "$RELEASE/$document" > /dev/null 2>&1; then
    refuse_document "$RELEASE/$document" "$applied" plan.not_audited \
      "the plan is not the one that was audited, or the audit says no" "look at $RELEASE/$document, then: make plan ENVIRONMENT=$ENVIRONMENT"
    return 1
  fi
  init
  # Once more, of the plan that is applied now: the document lay in a file meanwhile.
  audit "$applied" "$RELEASE/$document" "$plan" || return
  begun=$SECONDS
  locked "$applied" "$RELEASE/$applied" "$(umask)" apply "$plan" || code=$?
  [ -n "$started" ] || return "$code"
  version=$(terraform version -json < /dev/null | jq -r '.terraform_version // "unknown"') || version=unknown
  # shellcheck disable=SC2016 # the variables are jq's
  change "$applied" --argjson code "$code" --argjson seconds "$((SECONDS - begun))" --arg version "$version" '
    .steps += [{
      tool: "terraform", version: $version, ok: ($code == 0), started_at: (now - $seconds | floor | todate), seconds: $seconds,
      summary: "apply: exit code \($code)"
    }]
    | if $code == 0 then . else .ok = false | .error = { code: "terraform.failed", message: "terraform apply ended with exit code \($code)" } end'
  return "$code"
}

# What must not be read or changed by others on the way.
private=$(umask 077 && mktemp -d)
trap 'rm -rf "$private"' EXIT
case ${1:-} in
  plan | apply) "$1" ;;
  *) refuse "plan or apply?" "terraform.sh plan|apply stage|production" ;;
esac
