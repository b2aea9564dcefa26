#!/usr/bin/env bash
# Back to the last revision that was deployed successfully before the present one. Twice goes back two releases.
# usage: rollback.sh stage|production
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
settings "${1:-}"
needs ECS_DEPLOY_CLUSTER "the cluster" ECS_DEPLOY_SERVICE "the service"
code=0
step "rollback-$ENVIRONMENT.json" ecs-deploy --rollback || code=$?
record "rollback-$ENVIRONMENT.json"
exit "$code"
