#!/usr/bin/env bash
# From the scanners' reports and an image to a deployment in stage; its document, stage.json, is the ticket to production.
# usage: release.sh [gate] [push] [deploy]    without an argument: all three
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
settings stage

gate() {
  needs REPORTS "the scanners' reports, separated by spaces"
  # A release begins: what an earlier one left is no ticket for it.
  rm -f "$RELEASE"/push.json "$RELEASE"/stage.json "$RELEASE"/production.json
  local code=0
  # shellcheck disable=SC2086 # several reports
  step gate.json scan-gate $REPORTS || code=$?
  if [ "${GITHUB_ACTIONS:-}" = true ]; then
    # shellcheck disable=SC2086
    scan-gate $REPORTS --output github --quiet < /dev/null || true
  fi
  return "$code"
}

push() {
  needs IMAGE "the image: a layout, an archive, docker-daemon:NAME:TAG or docker://HOST/NAME:TAG"
  local tag arguments=("$IMAGE" --input "$RELEASE/gate.json" --require scan)
  for tag in ${TAG:-}; do arguments+=(--tag "$tag"); done
  step push.json ecr-push "${arguments[@]}"
}

deploy() {
  needs ECS_DEPLOY_CLUSTER "the cluster" ECS_DEPLOY_SERVICE "the service"
  local code=0
  checks
  step stage.json ecs-deploy --input "$RELEASE/push.json" --require scan,push ${CHECKS[@]+"${CHECKS[@]}"} || code=$?
  record stage.json
  return "$code"
}

[ $# -gt 0 ] || set -- gate push deploy
for part in "$@"; do
  case $part in
    gate | push | deploy) "$part" || exit ;;
    *) refuse "$part is no step" "release.sh [gate] [push] [deploy]" ;;
  esac
done
