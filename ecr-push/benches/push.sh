#!/usr/bin/env bash
# How long ecr-push takes, how much memory, and how many bytes it sends, against skopeo and cat: the same images, the same registry, the same run.
# Prints a line a run, then ratios of medians. Needs skopeo, docker-registry, jq, curl, GNU time; takes the number of runs, 3 by default.
#
# The images are made of real files of this machine: 1 GB of programs, libraries and documents.
set -euo pipefail

runs=${1:-3}
bin=${BIN:-target/release}
folder=$PWD/target/bench/push
port=${PORT:-5099}
latency_port=${LATENCY_PORT:-5098}
mkdir -p "$folder"
bin=$(cd "$bin" && pwd)
export TMPDIR=$folder/tmp; mkdir -p "$TMPDIR"
export HOME=$folder/home; mkdir -p "$HOME"
servers=()
trap 'for server in "${servers[@]}"; do kill "$server" 2> /dev/null || true; done' EXIT

# Files of this machine until there are so many megabytes, in a tar; $1: the tar, $2: megabytes, $3: how many files are passed over.
layer() {
    [ -s "$1" ] && return
    awk -v limit=$(($2 * 1000000)) -v skip="$3" -F '\t' 'NR > skip && (size += $1) < limit { print $2 }' "$folder/files" > "$folder/list"
    tar --create --file "$1.part" --sort=name --mtime=@0 --owner=0 --group=0 --no-recursion --files-from "$folder/list" 2> /dev/null
    mv "$1.part" "$1"
}

# A docker-archive of bare layers, as `docker save` of the older store writes it; $1: its name, then the layers.
archive() {
    local name=$1; shift
    [ -s "$folder/$name.tar" ] && return
    local stage=$folder/stage; rm -rf "$stage"; mkdir -p "$stage"
    local ids=() files=()
    for file in "$@"; do
        ids+=("sha256:$(sha256sum "$file" | cut -d ' ' -f 1)")
        mkdir "$stage/${#files[@]}"; ln "$file" "$stage/${#files[@]}/layer.tar"
        files+=("${#files[@]}/layer.tar")
    done
    jq -cn '{architecture: "amd64", os: "linux", config: {}, rootfs: {type: "layers", diff_ids: $ARGS.positional}}' --args "${ids[@]}" > "$stage/config.json"
    jq -cn '[{Config: "config.json", RepoTags: ["bench:1"], Layers: $ARGS.positional}]' --args "${files[@]}" > "$stage/manifest.json"
    tar --create --file "$folder/$name.tar.part" --directory "$stage" "${files[@]}" config.json manifest.json
    mv "$folder/$name.tar.part" "$folder/$name.tar"
    rm -rf "$stage"
}

make_images() {
    find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path "$PWD" -o -path /tmp -o -path /work \) -prune -o -type f -size +1k -size -200M -printf '%s\t%p\n' 2> /dev/null \
        | LC_ALL=C sort -t $'\t' -k 2 | awk -F '\t' '{ hash = 0; for (i = 1; i <= length($2); i += 3) hash = (hash * 31 + index("abcdefghijklmnopqrstuvwxyz0123456789/._-", substr($2, i, 1))) % 9973; print hash "\t" $0 }' \
        | LC_ALL=C sort -n -s -k 1,1 | cut -f 2- > "$folder/files"
    local count; count=$(wc -l < "$folder/files")
    for number in 0 1 2 3 4 5; do layer "$folder/layer-$number" $((100 + number * 27)) $((number * count / 6)); done
    archive six "$folder"/layer-?
    layer "$folder/layer-one" 1000 0
    archive one "$folder/layer-one"
    for number in $(seq -w 0 19); do layer "$folder/small-$number" 2 $((10#$number * count / 20)); done
    archive twenty "$folder"/small-??
    [ -d "$folder/packed" ] || { skopeo --insecure-policy copy --quiet docker-archive:"$folder/six.tar" oci:"$folder/packed.part:1" && mv "$folder/packed.part" "$folder/packed"; }
}

# A registry with an empty store, and none of the one before.
fresh_registry() {
    for server in "${servers[@]}"; do kill "$server" 2> /dev/null && wait "$server" 2> /dev/null || true; done
    rm -rf "$folder/store"
    printf 'version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: "127.0.0.1:%s"}\n' "$folder/store" "$port" > "$folder/registry.yml"
    docker-registry serve "$folder/registry.yml" > "$folder/registry.log" 2>&1 &
    servers=($!)
    until curl --silent --fail "http://127.0.0.1:$port/v2/" > /dev/null; do :; done
}

stored() { find "$folder/store" -name data -path '*/blobs/*' -printf '%s\n' 2> /dev/null | awk '{ sum += $1 } END { print sum + 0 }'; }

# $1: name of the line, then the command.
run() {
    local name=$1; shift
    /usr/bin/time --quiet -o "$folder/time" -f '%e %M' "$@" > "$folder/out" 2> "$folder/err" || { cat "$folder/err"; echo "$name failed"; exit 1; }
    read -r seconds kilobytes < "$folder/time"
    printf '%-24s %7s s %8s KB %12s bytes stored\n' "$name" "$seconds" "$kilobytes" "$(stored)"
    echo "$seconds" >> "$folder/$name.seconds"
    stored > "$folder/$name.stored"
}

median() { sort -n "$folder/$1.seconds" | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'; }

# $1: ours, $2: the peer's, $3: the goal in words.
ratio() {
    awk -v own="$(median "$1")" -v peer="$(median "$2")" -v one="$1" -v other="$2" -v goal="$3" \
        'BEGIN { printf "%s / %s: %.3f / %.3f s = %.2f (goal: %s)\n", one, other, own, peer, own / peer, goal }'
}

push() { "$bin/ecr-push" "$@" --repository bench --tag 1 --registry "127.0.0.1:$port" --plain-http "127.0.0.1:$port" --quiet; }
export -f push; export bin port
skopeo_copy() { skopeo --insecure-policy copy --quiet --dest-tls-verify=false "$@" "docker://127.0.0.1:$port/bench:1"; }
export -f skopeo_copy

# The floor for bytes that are packed already: one PUT of them all.
put() {
    local location digest
    digest=sha256:$(cat "$folder/whole.digest")
    location=$(curl --silent --fail --request POST --dump-header - --output /dev/null "http://127.0.0.1:$port/v2/cat/blobs/uploads/" | tr -d '\r' | awk 'tolower($1) == "location:" { print $2 }')
    cat "$folder/whole" | curl --silent --fail --request PUT --header 'content-type: application/octet-stream' --header "content-length: $(stat --format %s "$folder/whole")" --upload-file - "$location&digest=$digest"
}
export -f put; export folder

make_images
ls -l "$folder"/*.tar | awk '{ print $9 ": " $5 " bytes" }'
rm -f "$folder"/*.seconds
cat "$folder"/packed/blobs/sha256/* > "$folder/whole"; sha256sum "$folder/whole" | cut -d ' ' -f 1 > "$folder/whole.digest"

for _ in $(seq "$runs"); do
    for image in six one; do
        fresh_registry; run "skopeo-$image" bash -c "skopeo_copy docker-archive:$folder/$image.tar"
        fresh_registry; run "gzip-$image" bash -c "push $folder/$image.tar --cache $folder/no-cache/\$\$"
        fresh_registry; run "skopeo-zstd-$image" bash -c "skopeo_copy --format oci --dest-compress-format zstd docker-archive:$folder/$image.tar"
        fresh_registry; run "zstd-$image" bash -c "push $folder/$image.tar --compression zstd --cache $folder/no-cache/\$\$"
    done
    fresh_registry; run cat bash -c put
    fresh_registry; run packed bash -c "push $folder/packed"
    fresh_registry; run skopeo-packed bash -c "skopeo_copy oci:$folder/packed:1"
    fresh_registry; push "$folder/six.tar" --cache "$folder/cache" > /dev/null
    run warm bash -c "push $folder/six.tar --cache $folder/cache"
done
for server in "${servers[@]}"; do kill "$server" 2> /dev/null || true; done
servers=()

# 40 ms a request, at the local AWS.
"$bin/local-aws" serve --port "$latency_port" --fault 'registry:*#1x1000000=latency:40' --fault 'ecr:*#1x1000000=latency:40' > "$folder/local-aws" 2>&1 &
servers=($!)
until curl --silent --output /dev/null "http://127.0.0.1:$latency_port/_local/journal"; do :; done
export AWS_ENDPOINT_URL=http://127.0.0.1:$latency_port AWS_ACCESS_KEY_ID=AKIDLOCAL AWS_SECRET_ACCESS_KEY=local AWS_REGION=eu-central-1
for number in $(seq "$runs"); do
    for tool in own peer; do
        curl --silent --fail --output /dev/null "http://127.0.0.1:$latency_port/_local/seed" --data "[{\"ecr:CreateRepository\": {\"repositoryName\": \"$tool-$number\"}}]"
    done
    password=$(curl --silent --fail --aws-sigv4 aws:amz:eu-central-1:ecr --user AKIDLOCAL:local --header 'x-amz-target: AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken' --data '{}' "$AWS_ENDPOINT_URL/" | jq -r '.authorizationData[0].authorizationToken' | base64 --decode)
    run latency-skopeo skopeo --insecure-policy copy --quiet --dest-tls-verify=false --dest-creds "$password" docker-archive:"$folder/twenty.tar" "docker://127.0.0.1:$latency_port/peer-$number:1"
    run latency "$bin/ecr-push" "$folder/twenty.tar" --repository "own-$number" --tag 1 --quiet --cache "$folder/no-cache/latency-$number-$$"
done

echo
ratio gzip-six skopeo-six '0.50'
ratio zstd-six skopeo-six '0.33'
ratio zstd-six skopeo-zstd-six 'none'
ratio gzip-one skopeo-one '0.50'
ratio zstd-one skopeo-one 'none'
ratio packed cat '1.30'
ratio packed skopeo-packed 'none'
ratio latency latency-skopeo '0.50'
for image in six one; do
    awk -v own="$(cat "$folder/gzip-$image.stored")" -v peer="$(cat "$folder/skopeo-$image.stored")" -v image=$image 'BEGIN { printf "bytes of %s: %d / %d = %.4f (goal: 1)\n", image, own, peer, own / peer }'
done
printf 'warm: %s s (goal: 0.030 s besides the network)\n' "$(median warm)"
rm -rf "$folder/no-cache" "$folder/store"
