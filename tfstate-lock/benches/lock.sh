#!/usr/bin/env bash
# What the lock costs: our start, our own share of acquire and release, and the time from a release to the next holder, against Terraform's own lock.
# Prints a line each. Takes the number of rounds, 30 by default; the hand-overs take three minutes.
#
# A share of our own is the wall time of a command less that of the same requests made by curl over a connection of its own, as the command has one.
# BIN: where the tools are. Needs bash, awk, curl, jq and terraform.
set -euo pipefail
export LC_ALL=C

rounds=${1:-30}
bin=$(cd "${BIN:-target/release}" && pwd)
folder=$PWD/target/bench/lock
rm -rf "$folder"; mkdir -p "$folder/home" "$folder/infra"
server=
trap 'kill $server 2> /dev/null || true' EXIT

export PATH=$bin:$PATH HOME=$folder/home AWS_REGION=eu-central-1 AWS_ACCESS_KEY_ID=AKIDLOCAL AWS_SECRET_ACCESS_KEY=local AWS_EC2_METADATA_DISABLED=true
export CHECKPOINT_DISABLE=1 TF_IN_AUTOMATION=1
echo '[{"s3:CreateBucket": {"Bucket": "states"}}]' > "$folder/seed.json"
local-aws serve --port 0 --seed "$folder/seed.json" > "$folder/endpoint" 2> /dev/null & server=$!
until [ -s "$folder/endpoint" ]; do sleep 0.05; done
AWS_ENDPOINT_URL=$(grep -o 'http://[0-9.:]*' "$folder/endpoint" | head -1); export AWS_ENDPOINT_URL

# Milliseconds that a command took, into the file $1.
timed() {
    local file=$1 started=${EPOCHREALTIME/./}; shift
    "$@" > "$folder/out" 2>> "$folder/err"
    echo $(( ${EPOCHREALTIME/./} - started )) >> "$folder/$file"
}
median() { sort -n "$folder/$1" | awk '{ value[NR] = $1 } END { printf "%.2f", value[int((NR + 1) / 2)] / 1000 }'; }

# The same requests by curl, which says how long they took without its own start: connection and answer.
by_curl() {
    curl --silent --output /dev/null --write-out '%{time_total}\n' --aws-sigv4 aws:amz:eu-central-1:s3 --user AKIDLOCAL:local "$@" |
        awk '{ printf "%d\n", $1 * 1e6 }'
}

cat > "$folder/infra/main.tf" << TERRAFORM
terraform {
  backend "s3" {
    bucket = "states"
    key = "app.tfstate"
    region = "eu-central-1"
    use_lockfile = true
    use_path_style = true
    skip_credentials_validation = true
    skip_metadata_api_check = true
    skip_region_validation = true
    skip_requesting_account_id = true
    endpoints = { s3 = "$AWS_ENDPOINT_URL" }
  }
}
resource "terraform_data" "example" {}
TERRAFORM
cd "$folder/infra"
terraform init -input=false > /dev/null

state=s3://states/lock.tfstate
for _ in $(seq "$rounds"); do
    timed start tfstate-lock --version
    timed acquire tfstate-lock acquire "$state" --quiet
    cp "$folder/out" "$folder/lock.json"
    timed release tfstate-lock release --quiet --input "$folder/lock.json"
    { by_curl --request PUT --header 'If-None-Match: *' --data-binary "$(jq -c .lock "$folder/lock.json")" "$AWS_ENDPOINT_URL/states/curl"
      by_curl --request DELETE "$AWS_ENDPOINT_URL/states/curl"; } >> "$folder/requests"
    timed plan terraform plan -input=false -no-color
    timed unlocked terraform plan -input=false -no-color -lock=false
done
awk -v start="$(median start)" -v acquire="$(median acquire)" -v release="$(median release)" -v request="$(median requests)" \
    -v plan="$(median plan)" -v unlocked="$(median unlocked)" 'BEGIN {
        printf "start: %.2f ms\n", start
        printf "acquire: %.2f ms, release: %.2f ms, each with a process and one request of %.2f ms\n", acquire, release, request
        printf "own share: %.2f ms of acquire, %.2f ms of release; without the start %.2f and %.2f ms\n", acquire - request, release - request, acquire - request - start, release - request - start
        printf "lock and unlock of terraform plan: %.2f ms (%.2f with, %.2f without); ours, two processes: %.2f ms\n", plan - unlocked, plan, unlocked, acquire + release
    }'

# A waiter, and how long the lock lies free until it has it. $1: file, then the command that waits, takes the lock and ends.
hand_over() {
    local file=$1 released; shift
    tfstate-lock acquire s3://states/app.tfstate --quiet > "$folder/held.json"
    { "$@" > "$folder/out" 2>> "$folder/err"; echo "${EPOCHREALTIME/./}" > "$folder/had"; } & local waiter=$!
    # Somewhere in the middle of its pauses.
    sleep "$(awk -v seed="$RANDOM" 'BEGIN { srand(seed); printf "%.2f", 4 + 6 * rand() }')"
    tfstate-lock release --quiet < "$folder/held.json" > /dev/null
    released=${EPOCHREALTIME/./}
    wait "$waiter"
    echo $(( $(cat "$folder/had") - released )) >> "$folder/$file"
}
free() { tfstate-lock release --quiet --input "$folder/out" > /dev/null; }

for _ in $(seq "$(( rounds / 3 ))"); do
    hand_over ours tfstate-lock acquire s3://states/app.tfstate --wait 1m --quiet
    free
    hand_over theirs terraform plan -input=false -no-color -lock-timeout=60s
done
awk -v ours="$(median ours)" -v theirs="$(median theirs)" -v plan="$(median plan)" 'BEGIN {
    printf "from a release to the next holder: %.0f ms; terraform %.0f ms (its plan included, %.0f ms): %.3f\n", ours, theirs, plan, ours / theirs
}'
