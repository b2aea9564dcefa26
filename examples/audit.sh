#!/usr/bin/env bash
# Who can reach what, what is wrong with it, what it costs: of the account, or of documents.
# usage: audit.sh stage|production [DOCUMENT …]    documents: of the AWS CLI, net-audit --collect, terraform show -json
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
settings "${1:-}"
shift
if [ $# -eq 0 ]; then set -- --live; fi
step "audit-$ENVIRONMENT.json" net-audit "$@"
