#!/usr/bin/env bash
# The closed loop with CloudWatch: a canary answers badly and an alarm goes off. Once a check asks for the alarm and ecs-deploy goes back; once the
# service watches it, and ECS itself goes back. Each with its twin, where all is well. All on a local AWS.
# Wants the tools and local-aws on the PATH (`make demo-alarms` sees to it), and the AWS CLI. Leaves its documents in FOLDER, if one is named: alarms.sh [FOLDER]
set -euo pipefail

demo=$(cd "$(dirname "$0")" && pwd)
. "$demo/common.sh"
wants aws pip install awscli
documents=${1:+$(cd "$1" && pwd)}
# One minute of AWS lasts half a second.
start_aws 120
export AWS_DEFAULT_REGION=$AWS_REGION

# One alarm for each target group, so that a canary is not lost in the traffic of the other: more than 5 % of its requests fail.
alarm() {
  sed -e "s#@COLOR@#$1#; s#@TARGET_GROUP@#$2#" "$demo/alarm.json" > "$1.json"
  run "aws cloudwatch put-metric-alarm --cli-input-json file://$1.json"
}
title "An alarm watches each target group"
alarm blue targetgroup/web-blue/0123456789abcdef
alarm green targetgroup/web-green/fedcba9876543210
are_ok() { [ "$(aws cloudwatch describe-alarms --state-value OK --query 'length(MetricAlarms)')" = 2 ]; }
until_it_works are_ok

canary="--strategy canary --canary-percent 10 --step-bake 10m --bake 5m"
checked="--check 'aws cloudwatch describe-alarms --alarm-name-prefix web-errors- | scan-gate - --format cloudwatch' --check-every 250ms"
watched="--alarm web-errors-blue --alarm web-errors-green"

# Rolls a version out: roll_out VERSION FLAGS DOCUMENT EXIT_CODE.
roll_out() {
  run "ecr-push $1 --repository web --tag $1 \\
    | ecs-deploy --cluster production --service web --require push $canary \\
      $2 > $3.json" "$4"
  [ -z "$documents" ] || cp "$3.json" "$documents"
}
fails='local-aws.traffic={"errors":0.3}'

title "Release 1.0.0 answers well, and a check asks for the alarms: the canary goes through"
image 1.0.0 > image.json
roll_out 1.0.0 "$checked" checked-well 0

title "Release 1.1.0 answers three requests in ten with an error: ecs-deploy goes back, and the alarm is named"
image 1.1.0 --label "$fails" > image.json
roll_out 1.1.0 "$checked" checked-bad 1
checked_bad=$(because)

until_it_works are_ok
title "Release 1.2.0 answers well, and the service watches the alarms: the canary goes through"
image 1.2.0 > image.json
roll_out 1.2.0 "$watched" watched-well 0

title "Release 1.3.0 fails: ECS goes back, and the alarm is named"
image 1.3.0 --label "$fails" > image.json
roll_out 1.3.0 "$watched" watched-bad 1
watched_bad=$(because)

title "What happened"
echo
printf '%-16s %s\n' "1.0.0, checked" deployed "1.1.0, checked" "$checked_bad" "1.2.0, watched" deployed "1.3.0, watched" "$watched_bad"
