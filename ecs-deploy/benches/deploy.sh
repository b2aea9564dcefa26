#!/usr/bin/env bash
# How many calls a deployment costs, how late its end is noticed, and how long a process takes to start, against fabfuel's ecs-deploy and the AWS CLI.
# Prints a line a run, then medians and ratios. Needs jq, curl, and Python for the peers; takes the number of rounds, 3 by default; a round takes 45 s.
#
# PEERS: a folder with `aws` and `ecs`, put first into PATH; if one of them is nowhere, both are installed below target. BIN: where the tools are.
set -euo pipefail
export LC_ALL=C

rounds=${1:-3}
bin=$(cd "${BIN:-target/release}" && pwd)
folder=$PWD/target/bench/deploy
rm -rf "$folder"; mkdir -p "$folder/home"
fine=public.ecr.aws/nginx/nginx:1.28
broken=public.ecr.aws/nginx/nginx:broken
# AWS seconds from UpdateService to the end: 1.6 to begin, then tasks start in 20, are healthy after 30, and the old ones drain for 30; or fail twice
# after 25, 10 apart, and the old revision is looked at for 10. They give the speed at which a deployment takes as many wall seconds as it should.
declare -A lasts=([success]=81.6 [rollback]=71.6)
servers=()
trap 'for server in "${servers[@]}"; do kill "$server" 2> /dev/null || true; done' EXIT

export PATH=${PEERS:-$PWD/target/bench/peers/bin}:$PATH
if ! command -v aws > /dev/null || ! command -v ecs > /dev/null; then
    peers=$PWD/target/bench/peers
    [ -x "$peers/bin/ecs" ] || { python3 -m venv "$peers" && "$peers/bin/pip" --quiet install awscli ecs-deploy; }
    PATH=$peers/bin:$PATH
fi

# Nobody's own configuration.
export HOME=$folder/home AWS_REGION=eu-central-1 AWS_DEFAULT_REGION=eu-central-1 AWS_ACCESS_KEY_ID=AKIDLOCAL AWS_SECRET_ACCESS_KEY=local AWS_EC2_METADATA_DISABLED=true

# A task definition; $1: family, $2: image. ECS always answers with `volumes`, and fabfuel's does not start without: the local AWS answers what it was given.
definition() {
    jq -cn --arg family "$1" --arg image "$2" '{family: $family, networkMode: "awsvpc", requiresCompatibilities: ["FARGATE"], cpu: "256", memory: "512", volumes: [],
        containerDefinitions: [{name: "web", image: $image, essential: true, portMappings: [{containerPort: 8080, protocol: "tcp"}]}]}'
}

# A world in which services have run for an hour; $1: the file to write, then the services.
seed() {
    local file=$1; shift
    for service in "$@"; do
        definition "$service" public.ecr.aws/nginx/nginx:1.27 | jq -c --arg service "$service" '{"ecs:RegisterTaskDefinition": .}, {"ecs:CreateService": {
            cluster: "stage", serviceName: $service, taskDefinition: $service, desiredCount: 2, launchType: "FARGATE", deploymentConfiguration: {
                strategy: "ROLLING", maximumPercent: 200, minimumHealthyPercent: 100, deploymentCircuitBreaker: {enable: true, rollback: true}}}}'
    done | jq -s '[{"ecs:CreateCluster": {clusterName: "stage"}}, {"local:FailTasks": {image: ":broken", afterSeconds: 5}}] + . + [{"local:Advance": {minutes: 60}}]' > "$file"
}

# One call of our own. The query marks it in the journal, where only the tool's calls count; $1: endpoint, $2: operation, $3: input.
ask() {
    curl --silent --show-error --fail --aws-sigv4 aws:amz:eu-central-1:ecs --user AKIDLOCAL:local --header 'content-type: application/x-amz-json-1.1' \
        --header "x-amz-target: AmazonEC2ContainerServiceV20141113.$2" --data "$3" "$1/?bench"
}

# Waits until the newest deployment of a service is over and prints it; $1: endpoint, $2: service, $3: the AWS time that it has to be younger than.
ended_deployment() {
    local answer
    for _ in $(seq 600); do
        answer=$(ask "$1" ListServiceDeployments "{\"cluster\": \"stage\", \"service\": \"$2\"}" | jq -c --argjson after "$3" '.serviceDeployments[0] | select(.createdAt >= $after)')
        [ -n "$answer" ] || { echo "no deployment of $2 was started" >&2; return 1; }
        if jq -e '.finishedAt // .stoppedAt' <<< "$answer" > /dev/null; then echo "$answer"; return; fi
        sleep 0.1
    done
    echo "the deployment of $2 does not end" >&2
    return 1
}

# Whether what serves can still be started anew; $1: endpoint, $2: service.
serving_status() {
    local serving
    serving=$(ask "$1" DescribeServices "{\"cluster\": \"stage\", \"services\": [\"$2\"]}" | jq -r '.services[0].taskDefinition')
    ask "$1" DescribeTaskDefinition "{\"taskDefinition\": \"$serving\"}" | jq -r '.taskDefinition.status'
}

# $1: name of the run, $2: the status to end with, $3: endpoint, $4: speed, $5: services, then the command.
measure() {
    local name=$1 status=$2 endpoint=$3 speed=$4 services=$5 code=0; shift 5
    local before clock after started ended
    # Two clocks, read at the same time, make wall time of AWS's own `finishedAt`: within 30 ms, and nobody polls beside the tool.
    before=$EPOCHREALTIME
    clock=$(ask "$endpoint" RegisterTaskDefinition "$(definition clock clock)" | jq .taskDefinition.registeredAt)
    after=$EPOCHREALTIME
    started=$EPOCHREALTIME
    AWS_ENDPOINT_URL=$endpoint timeout 120 "$@" > "$folder/$name.out" 2> "$folder/$name.err" || code=$?
    ended=$EPOCHREALTIME
    if [[ $name == many* ]] && [ "$code" = 2 ]; then return; fi
    curl --silent --show-error --fail "$endpoint/_local/journal" | jq -c 'map(select(.path | endswith("?bench") | not) | .operation | ltrimstr("ecs:"))' > "$folder/$name.calls"
    for service in $services; do
        ended_deployment "$endpoint" "$service" "$clock" || { echo "$name: exit code $code: $(tail -n 3 "$folder/$name.err")" >&2; return 1; }
    done > "$folder/$name.deployments"
    local wrong
    wrong=$(jq -r --arg status "$status" 'select(.status != $status) | .status' "$folder/$name.deployments")
    [ -z "$wrong" ] || { cat "$folder/$name.err"; echo "$name: the deployment should end as $status, not as $wrong" >&2; return 1; }
    jq -s --argjson clock "$clock" --argjson wall "[$before, $after]" --argjson run "[$started, $ended]" --argjson speed "$speed" --argjson code "$code" --slurpfile calls "$folder/$name.calls" \
        --arg serving "$(serving_status "$endpoint" "${services%% *}")" '
        def wall: ($wall | add / 2) + (. - $clock) / $speed;
        $calls[0] as $calls
        | (map(.finishedAt // .stoppedAt) | max | wall) as $over | (map(.createdAt) | min | wall) as $began
        | {code: $code, serving: $serving, before: ($began - $run[0]), took: ($over - $began), lag: ($run[1] - $over), calls: ($calls | length),
           operations: ($calls | group_by(.) | map({key: .[0], value: length}) | from_entries),
           polls: ($calls[$calls | index("UpdateService"):] | map(select(. == "DescribeServiceDeployments" or . == "DescribeServices")) | length)}' "$folder/$name.deployments" > "$folder/$name.json"
}

# $1: case, $2: tool, $3: round, $4: speed, $5: services, then the command. In a world of its own and in the background: tools sleep nearly all of the time,
# except in their first second, which each has for itself.
start() {
    local name=$1-$2.$3 speed=$4 services=$5 status=SUCCESSFUL; shift 5
    if [[ $name == rollback-* ]]; then status=ROLLBACK_SUCCESSFUL; fi
    # Word by word: names of services are plain.
    # shellcheck disable=SC2086
    seed "$folder/$name.seed" $services
    "$bin/local-aws" serve --speed "$speed" --seed "$folder/$name.seed" > "$folder/$name.aws" &
    servers+=($!)
    until [ -s "$folder/$name.aws" ]; do kill -0 "${servers[-1]}"; done
    measure "$name" "$status" "$(jq -r .endpoint "$folder/$name.aws")" "$speed" "$services" "$@" &
    jobs+=($!)
    sleep 1
}

# The recipe of the manuals; $1: the file of the task definition.
by_aws() {
    local arn
    arn=$(aws ecs register-task-definition --cli-input-json "file://$1" --query taskDefinition.taskDefinitionArn --output text) \
        && aws ecs update-service --cluster stage --service web --task-definition "$arn" && aws ecs wait services-stable --cluster stage --services web
}
export -f by_aws

speed_for() { awk -v lasts="${lasts[$1]}" -v seconds="$2" 'BEGIN { printf "%.4f", lasts / seconds }'; }

many=$(printf 'web-%02d ' $(seq 20)); many=${many% }
round() {
    # How late a tool that polls is depends on where in its pause the end falls: rounds are of unequal length, 20 s and two thirds of a second more each.
    local seconds; seconds=$(awk -v round="$1" 'BEGIN { print 20 + 2 / 3 * (round - 1) }')
    local case image speed
    jobs=()
    for case in success rollback; do
        if [ $case = success ]; then image=$fine; else image=$broken; fi
        speed=$(speed_for $case "$seconds")
        definition web "$image" > "$folder/$case.definition"
        start $case aws "$1" "$speed" web bash -c "by_aws '$folder/$case.definition'"
        start $case fabfuel "$1" "$speed" web ecs deploy stage web -i web "$image" --timeout 300
        start $case own "$1" "$speed" web "$bin/ecs-deploy" --cluster stage --service web --image "$image"
    done
    local flags=(); for service in $many; do flags+=(--service "$service"); done
    start many own "$1" "$(speed_for success "$seconds")" "$many" "$bin/ecs-deploy" --cluster stage "${flags[@]}" --image "$fine"
    for job in "${jobs[@]}"; do wait "$job" || { echo "a measurement failed"; exit 1; }; done
    for server in "${servers[@]}"; do kill "$server"; wait "$server" 2> /dev/null || true; done
    servers=()
    for name in {success,rollback}-{own,fabfuel,aws} many-own; do
        [ -s "$folder/$name.$1.json" ] || continue
        jq -r --arg name "$name" 'def short: . * 100 | round / 100;
            "\($name | . + " " * (16 - length)) began after \(.before | short) s, took \(.took | short) s, lag \(.lag | short) s, exit code \(.code), "
            + "\(.calls) calls: \(.operations | to_entries | map("\(.key) \(.value)") | join(", "))"
            + if .serving == "ACTIVE" then "" else "; the task definition that serves is \(.serving)" end' "$folder/$name.$1.json"
    done
}

# The median of 20 starts, in milliseconds; $1: name, then the command.
starts() {
    local name=$1 before; shift
    for _ in $(seq 20); do
        before=$EPOCHREALTIME
        "$@" > /dev/null
        echo "$before $EPOCHREALTIME"
    done | awk '{ printf "%.1f\n", ($2 - $1) * 1000 }' | sort -n | sed -n 10p > "$folder/start-$name"
}

# A member of all rounds, sorted; $1: case and tool, $2: member.
values() { jq -s "map(.$2) | sort" "$folder/$1".*.json; }
median() { values "$@" | jq '.[(length - 1) / 2 | floor]'; }
longest() { values "$@" | jq last; }

# $1: what, $2 … $4: ours, fabfuel's, the AWS CLI's. There is no ratio to a tool that left before the end.
row() {
    awk -v what="$1" -v own="$2" -v fabfuel="$3" -v aws="$4" '
        function short(value) { return sprintf(value == int(value) ? "%d" : "%.2f", value) }
        function ratio(peer) { return own > 0 && peer > 0 ? sprintf("%.3f", own / peer) : "-" }
        BEGIN { printf "%-26s %10s %10s %10s %14s %10s\n", what, short(own), short(fabfuel), short(aws), ratio(fabfuel), ratio(aws) }'
}

# $1: what, $2: case, $3: member, $4: longest, or the median.
row_of() { local of=${4:-median}; row "$1" "$($of "$2-own" "$3")" "$($of "$2-fabfuel" "$3")" "$($of "$2-aws" "$3")"; }

for tool in "$bin/ecs-deploy" ecs aws; do printf '%s: %s\n' "$(command -v "$tool")" "$("$tool" --version)"; done
# Before anything else runs.
starts own "$bin/ecs-deploy" --version
starts fabfuel ecs --version
starts aws aws --version
for number in $(seq "$rounds"); do echo; echo "round $number"; round "$number"; done

echo
printf '%-26s %10s %10s %10s %14s %10s\n' "medians of $rounds" ours fabfuel aws ours/fabfuel ours/aws
for case in success rollback; do
    row_of "$case: lag, s" $case lag
    row_of "$case: longest lag, s" $case lag longest
    row_of "$case: calls" $case calls
    row_of "$case: polls" $case polls
    printf '%-26s %10s %10s %10s\n' "$case: exit code" "$(median $case-own code)" "$(median $case-fabfuel code)" "$(median $case-aws code)"
done
row 'start, ms' "$(cat "$folder/start-own")" "$(cat "$folder/start-fabfuel")" "$(cat "$folder/start-aws")"
if [ -s "$folder/many-own.1.json" ]; then
    awk -v many="$(median many-own polls)" -v one="$(median success-own polls)" -v calls="$(median many-own calls)" -v lag="$(median many-own lag)" -v code="$(median many-own code)" \
        'BEGIN { printf "20 services in one run: %d polls, one service: %d, ratio %.2f; %d calls, lag %.3f s, exit code %d\n", many, one, many / one, calls, lag, code }'
else
    echo "20 services in one run: not supported"
fi
