#!/usr/bin/env bash
# One release, gated, pushed, rolled out to stage and production; one stopped at the gate; one rolled back. All on a local AWS.
# Wants the tools and local-aws on the PATH: `make demo` sees to it.
set -euo pipefail

demo=$(cd "$(dirname "$0")" && pwd)
. "$demo/common.sh"
# One minute of AWS lasts half a second.
start_aws 120
cp "$demo/vpc.json" .

rows=()

# Builds an image and the report that a scanner writes about it: release VERSION REPORT [--label NAME=VALUE].
release() {
  local made
  made=$(image "$1" "${@:3}")
  sed "s/@IMAGE_ID@/$(sed 's/.*"config_digest":"\([^"]*\)".*/\1/' <<< "$made")/" "$demo/$2" > "$1.trivy.json"
}

note() { rows+=("$1|$2|$3|$4|$5"); }

title "Release 1.0.0: gate, push, deploy to stage, audit the network"
release 1.0.0 clean.trivy.json
run "scan-gate 1.0.0.trivy.json \\
    | ecr-push 1.0.0 --repository web --tag 1.0.0 --input - --require scan \\
    | ecs-deploy --cluster stage --service web --require scan,push \\
    | net-audit vpc.json --input - > stage.json"

title "A step under Terraform's state lock: while we hold it, nobody else gets it"
run "tfstate-lock acquire s3://terraform-state/web.tfstate --operation release --input stage.json > locked.json"
run "tfstate-lock acquire s3://terraform-state/web.tfstate --operation intruder > intruder.json" 1
run "tfstate-lock release --input locked.json > ticket.json"

title "The same digest to production: canary, 10 % first"
run "ecs-deploy --cluster production --service web --input ticket.json --require scan,push,deployment,network > production.json"
note 1.0.0 open pushed deployed "deployed, canary 10 % -> 100 %"

title "Release 1.1.0 has a critical vulnerability: the gate stops it, and the rest of the pipe does nothing"
release 1.1.0 vulnerable.trivy.json
run "scan-gate 1.1.0.trivy.json \\
    | ecr-push 1.1.0 --repository web --tag 1.1.0 --input - --require scan \\
    | ecs-deploy --cluster production --service web --require scan,push > stopped.json" 1
note 1.1.0 "shut: $(because)" - - -

title "Release 1.2.0 is clean but does not start: production goes back by itself, and the reason is told"
release 1.2.0 clean.trivy.json \
  --label 'local-aws.fail={"afterSeconds":5,"stopCode":"EssentialContainerExited","stoppedReason":"Essential container in task exited","exitCode":1}'
run "scan-gate 1.2.0.trivy.json \\
    | ecr-push 1.2.0 --repository web --tag 1.2.0 --input - --require scan \\
    | ecs-deploy --cluster production --service web --require scan,push > rolled-back.json" 1
note 1.2.0 open pushed - "$(because)"

title "The release document of 1.0.0, as it left production"
cat production.json

title "What happened"
printf '\n%-8s %-10s %-8s %-10s %s\n' release gate push stage production
for row in "${rows[@]}"; do
  IFS='|' read -r version gate push stage production <<< "$row"
  if [ "$push" = - ]; then printf '%-8s %s\n' "$version" "$gate"; continue; fi
  printf '%-8s %-10s %-8s %-10s %s\n' "$version" "$gate" "$push" "$stage" "$production"
done
