#!/usr/bin/env bash
# Many processes that want one lock: are two ever holders, does one starve, what does a hand-over cost? Takes the number of hand-overs (10,000) and
# of contenders (64). Prints the waits in milliseconds, the requests a hand-over, and how often two held the lock; ends with 1 if that is not never.
#
# A contender takes the lock, makes a folder that only one can make, removes it, gives the lock back, and goes to the end of the line.
# BIN: where the tools are. Needs bash, awk and curl.
set -euo pipefail
export LC_ALL=C

hand_overs=${1:-10000}
contenders=${2:-64}
bin=$(cd "${BIN:-target/release}" && pwd)
folder=$PWD/target/bench/contenders
rm -rf "$folder"; mkdir -p "$folder/home" "$folder/waits"; touch "$folder/doubled" "$folder/failed"
server=
trap 'kill $server 2> /dev/null || true' EXIT

export PATH=$bin:$PATH HOME=$folder/home AWS_REGION=eu-central-1 AWS_ACCESS_KEY_ID=AKIDLOCAL AWS_SECRET_ACCESS_KEY=local AWS_EC2_METADATA_DISABLED=true
echo '[{"s3:CreateBucket": {"Bucket": "states"}}]' > "$folder/seed.json"
local-aws serve --port 0 --seed "$folder/seed.json" > "$folder/endpoint" 2> /dev/null & server=$!
until [ -s "$folder/endpoint" ]; do sleep 0.05; done
AWS_ENDPOINT_URL=$(grep -o 'http://[0-9.:]*' "$folder/endpoint" | head -1); export AWS_ENDPOINT_URL

state=s3://states/app.tfstate
share=$(( (hand_overs + contenders - 1) / contenders ))

contend() {
    local number=$1 started ended
    for _ in $(seq "$share"); do
        started=${EPOCHREALTIME/./}
        tfstate-lock acquire "$state" --quiet --wait 1h > "$folder/$number.json" || { echo "$number: not acquired" >> "$folder/failed"; return; }
        ended=${EPOCHREALTIME/./}
        mkdir "$folder/holder" 2> /dev/null || echo "$number" >> "$folder/doubled"
        echo $(( ended - started )) >> "$folder/waits/$number"
        rmdir "$folder/holder" 2> /dev/null || echo "$number" >> "$folder/doubled"
        tfstate-lock release --quiet < "$folder/$number.json" > /dev/null || echo "$number: not released" >> "$folder/failed"
    done
}

begun=${EPOCHREALTIME/./}
workers=()
for number in $(seq "$contenders"); do contend "$number" & workers+=($!); done
wait "${workers[@]}"
took=$(( ${EPOCHREALTIME/./} - begun ))

curl --silent --fail "$AWS_ENDPOINT_URL/_local/journal" | grep -o '"operation":"s3:[A-Za-z]*"' | sort | uniq -c | tee "$folder/requests" >&2
# While all contend. At the end the line gets shorter, and the last wait alone.
cat "$folder"/waits/* | sort -n | awk -v requests="$(awk '{ sum += $1 } END { print sum }' "$folder/requests")" -v took="$took" -v contenders="$contenders" '
    { wait[NR] = $1 / 1000; sum += wait[NR] }
    END {
        mean = sum / NR; p99 = wait[int(NR * 0.99)]
        printf "%d hand-overs by %d contenders in %.0f s, %.1f requests each\n", NR, contenders, took / 1e6, requests / NR
        printf "wait: mean %.0f ms, median %.0f ms, 99th percentile %.0f ms (%.2f of the mean), longest %.0f ms\n", mean, wait[int(NR / 2)], p99, p99 / mean, wait[NR]
    }'
doubled=$(wc -l < "$folder/doubled"); failed=$(wc -l < "$folder/failed")
echo "two holders at a time: $doubled, failed: $failed"
[ "$doubled" = 0 ] && [ "$failed" = 0 ]
