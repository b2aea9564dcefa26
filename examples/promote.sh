#!/usr/bin/env bash
# From stage to production: the same digest, with stage's release document as the ticket.
# usage: promote.sh [TICKET]    without an argument: stage.json of this release
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
settings production
needs ECS_DEPLOY_CLUSTER "the cluster" ECS_DEPLOY_SERVICE "the service" ECS_DEPLOY_PROMOTE_FROM "stage's cluster, or CLUSTER/SERVICE, or an ARN"
case ${TICKET_PROOF:-serving} in
  serving | deployment | document) ;;
  *) refuse "TICKET_PROOF=$TICKET_PROOF is not known" "serving, deployment or document" ;;
esac
if ! [[ ${TICKET_MAX_AGE_HOURS:-0} =~ ^[0-9]{1,9}$ ]]; then
  refuse "TICKET_MAX_AGE_HOURS=$TICKET_MAX_AGE_HOURS is no number of hours" "for example 168; nothing for any age"
fi

given=${1:-${TICKET:-$RELEASE/stage.json}}
# The ticket is read once, whoever writes to it meanwhile. What is looked at here and what ecs-deploy gets is what jq made of it: were it handed over
# as it came, the two could read different things in it.
ticket="$RELEASE/ticket.json"
state=missing
if [ -f "$given" ]; then
  state='invalid'
  if jq -cs 'if length == 1 and (.[0] | type == "object") then .[0] else error("no object") end' < "$given" > "$ticket.part" 2> /dev/null; then
    state='read'
  fi
fi
rm -f "$RELEASE/production.json" "$RELEASE/stage-now.json" "$RELEASE/stage-now.json.part"
if [ "$state" = read ]; then
  mv -f "$ticket.part" "$ticket"
else
  rm -f "$ticket.part"
  # The one that was handed in stays where it is.
  [ "$given" -ef "$ticket" ] || rm -f "$ticket"
fi

# no FROM CODE MESSAGE HINT [ERROR]
no() {
  refuse_document "$1" production.json "${@:2}"
  record production.json
}

# Asks the ticket.
is() { jq -e "$@" "$ticket" > /dev/null 2>&1; }

case $state in
  missing) no /dev/null ticket.missing "there is no ticket: $given is not there, or no file" "deploy to stage first, and hand on its stage.json" ;;
  invalid) no /dev/null ticket.invalid "the ticket $given is no JSON object that can be read" "hand on the stage.json as the deployment to stage left it" ;;
esac
[ "$state" = read ] || exit 1

# ecs-deploy deploys nothing of a document that says no, and says itself what was wrong. Every other one has to stand up to both questions.
if ! is '.ok == false'; then
  # shellcheck disable=SC2016 # jq's variable
  if [ -n "${TICKET_MAX_AGE_HOURS:-}" ] && ! is --argjson hours "$TICKET_MAX_AGE_HOURS" '
    [.steps[] | select(.tool == "ecs-deploy") | .started_at | sub("\\.[0-9]+"; "") | fromdateiso8601] | length > 0 and now - max < $hours * 3600'; then
    no "$ticket" ticket.stale "the ticket is older than $TICKET_MAX_AGE_HOURS hours, or does not say how old it is" \
      "deploy to stage again: what serves there already is only looked at"
    exit 1
  fi

  # A document can be edited. What ECS says of stage cannot.
  if [ "${TICKET_PROOF:-serving}" != document ]; then
    question=(--status)
    [ "${TICKET_PROOF:-serving}" = serving ] || question+=(--input "$ticket")
    now="$RELEASE/stage-now.json"
    looked=0
    # Without stage's settings nobody can be asked.
    (settings stage && needs ECS_DEPLOY_CLUSTER "the cluster of stage" ECS_DEPLOY_SERVICE "the service of stage")
    # A question is no step of a release: it leaves no metrics.
    (settings stage && unset METRICS_DIR PUSHGATEWAY_URL && step stage-now.json ecs-deploy "${question[@]}") || looked=$?
    # A look that failed hands on what the ticket says of a deployment: that is no answer.
    case $looked in 0 | 1 | 4) jq -e '.deployment.outcome' "$now" > /dev/null 2>&1 || looked=3 ;; esac
    if [ "$looked" -ne 0 ] && [ "$looked" -ne 1 ] && [ "$looked" -ne 4 ]; then
      error=$(jq -ce '.error | objects' "$now" 2> /dev/null) || error='{}'
      said() { printf '%s' "$error" | jq -r --arg name "$1" --arg default "$2" '.[$name] // $default'; }
      no "$ticket" "$(said code ticket.unproved)" "stage cannot be looked at: $(said message "ecs-deploy left no answer")" \
        "$(said hint "ask again; ECS has to say what stage serves")" "$error"
      exit "$looked"
    fi
    digest=$(jq -r '.image.digest | strings' "$ticket")
    # shellcheck disable=SC2016 # jq's variable
    if [ "$looked" -ne 0 ] || ! jq -e --arg digest "$digest" '.deployment | .outcome == "deployed" and any(.digest, .digests[]?; . == $digest)' "$now" > /dev/null; then
      no "$ticket" ticket.unproved "ECS does not say that stage has ${digest:-an image} (it says: $(
        jq -r '.deployment | "\(.outcome) \(.digest // (.digests // [] | join(" ")))"' "$now"
      ))" "deploy it to stage again, and hand on that stage.json"
      exit 1
    fi
  fi
fi

code=0
checks
step production.json ecs-deploy --input "$ticket" --require "${TICKET_REQUIRE:-scan,push,deployment}" ${CHECKS[@]+"${CHECKS[@]}"} || code=$?
record production.json
exit "$code"
