#!/usr/bin/env bash
# The closed loop: a canary answers badly, Prometheus' rule fires, Alertmanager lists the alert, scan-gate says no, ecs-deploy goes back and names it.
# And its twin, where all is well. All on a local AWS, with the rules and configurations of examples/observability.
# Wants the tools and local-aws on the PATH (`make demo-loop` sees to it), prometheus, Alertmanager and curl. Leaves its documents in FOLDER, if one is named: loop.sh [FOLDER]
set -euo pipefail

demo=$(cd "$(dirname "$0")" && pwd)
. "$demo/common.sh"
wants prometheus apt-get install prometheus
command -v alertmanager > /dev/null || wants prometheus-alertmanager apt-get install prometheus-alertmanager
wants curl apt-get install curl
documents=${1:+$(cd "$1" && pwd)}
# One minute of AWS lasts a second.
start_aws 60

free_port() {
  local port
  while port=$((RANDOM % 20000 + 20000)) && (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null; do :; done
  echo "$port"
}
prometheus=127.0.0.1:$(free_port) alertmanager=127.0.0.1:$(free_port)
export PROMETHEUS_URL=http://$prometheus ALERTMANAGER_URL=http://$alertmanager

# The files of examples/observability as they are, but 60 times as fast, and with the addresses of this run. The local AWS is its own exporter.
# Nobody is paged: the keys of the receivers are looked for where there are none.
mkdir -p observability/rules
for file in prometheus.yml alertmanager.yml rules/service.rules.yml rules/release.rules.yml; do
  sed -E -e 's/\b60s\b/1s/g; s/\b30s\b/500ms/g; s/\b10s\b/200ms/g; s/\b([0-9]+)m\b/\1s/g; s/\b([0-9]+)h\b/\1m/g' \
    -e "s#localhost:9093#$alertmanager#; s#/etc/alertmanager/#$work/no-keys/#" \
    -e "s#localhost:5000#${AWS_ENDPOINT_URL#http://}#; s#job_name: yace#&\n    metrics_path: /_local/metrics#" \
    -e 's#localhost:(9100|9091)#127.0.0.1:1#' "$demo/../observability/$file" > "observability/$file"
done

title "Prometheus and Alertmanager watch the service"
"$(command -v prometheus-alertmanager || echo alertmanager)" --config.file=observability/alertmanager.yml \
  --storage.path=alertmanager --web.listen-address="$alertmanager" --cluster.listen-address= > alertmanager.log 2>&1 &
alertmanager_process=$!
prometheus --config.file=observability/prometheus.yml --storage.tsdb.path=prometheus --web.listen-address="$prometheus" > prometheus.log 2>&1 &
prometheus_process=$!
processes+=("$alertmanager_process" "$prometheus_process")
until_it_works curl -fsS "$ALERTMANAGER_URL/-/ready" || { cat alertmanager.log >&2; exit 1; }
until_it_works curl -fsS "$PROMETHEUS_URL/-/ready" || { cat prometheus.log >&2; exit 1; }
is_watched() { curl -fsS "$PROMETHEUS_URL/api/v1/query?query=target_group:requests_per_minute:avg5m>0" | grep -q '"service":"web"'; }
until_it_works is_watched
echo "$PROMETHEUS_URL $ALERTMANAGER_URL"

# What a person would type. An Alertmanager that nobody tells anything has no alerts: so Prometheus is asked as well, whether it sees the service.
# shellcheck disable=SC2016
alerts='curl -fsS "$ALERTMANAGER_URL/api/v2/alerts?filter=environment=production&filter=alertname=~Service.*" | scan-gate - --format alertmanager --fail-on critical'
# shellcheck disable=SC2016
watched='curl -fsS "$PROMETHEUS_URL/api/v1/query" --data-urlencode "query=absent(target_group:requests_per_minute:avg5m{environment=\"production\",service=\"web\"})" | scan-gate - --format prometheus'

# Rolls a version out as a canary: roll_out VERSION DOCUMENT EXIT_CODE.
roll_out() {
  run "ecr-push $1 --repository web --tag $1 \\
    | ecs-deploy --cluster production --service web --require push --strategy canary --canary-percent 10 --step-bake 10m --bake 5m \\
      --check '$alerts' \\
      --check '$watched' --check-every 500ms > $2.json" "$3"
  [ -z "$documents" ] || cp "$2.json" "$documents"
}

title "Release 1.0.0 answers well: the canary goes through"
image 1.0.0 > image.json
roll_out 1.0.0 well 0

title "Release 1.1.0 answers three requests in ten with an error: the canary goes back, and the alert is named"
image 1.1.0 --label 'local-aws.traffic={"errors":0.3}' > image.json
roll_out 1.1.0 bad 1
bad=$(because)

title "Prometheus is down: Alertmanager has no alerts, and that is no proof"
# The alert of 1.1.0 ends some minutes after its last request.
until_it_works bash -o pipefail -c "$alerts"
kill "$prometheus_process"
image 1.2.0 > image.json
roll_out 1.2.0 no-prometheus 1
no_prometheus=$(because)

title "Alertmanager is down as well: who cannot be asked does not say yes"
kill "$alertmanager_process"
roll_out 1.2.0 no-alertmanager 1
no_alertmanager=$(because)

title "What happened"
echo
printf '%-24s %s\n' "1.0.0, well" deployed "1.1.0, bad" "$bad" "1.2.0, no Prometheus" "$no_prometheus" "1.2.0, no Alertmanager" "$no_alertmanager"
