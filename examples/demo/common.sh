# shellcheck shell=bash
# What the demonstrations share. Sourced by them, not run: they set `demo`, this folder.
# shellcheck disable=SC2154,SC2164

if [ -t 1 ]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); else bold='' plain=''; fi
title() { printf '\n%s== %s%s\n' "$bold" "$1" "$plain"; }

# Ends with what is missing and how to get it: wants PROGRAM COMMAND...
wants() {
  command -v "$1" > /dev/null && return
  printf '%s is missing; install it with: %s\n' "$1" "${*:2}" >&2
  exit 2
}

# Tries a command until it succeeds, for 30 s at most.
until_it_works() {
  local end=$((SECONDS + 30))
  until "$@" > /dev/null 2>&1; do
    if [ "$SECONDS" -ge "$end" ]; then printf 'this did not come true within 30 s: %s\n' "$*" >&2; return 1; fi
    sleep 0.05
  done
}

processes=()
end_of_demo() {
  for process in "${processes[@]}"; do kill "$process" 2> /dev/null || true; done
  wait
  rm -rf "$work"
}

# Starts a local AWS in a folder of its own, SPEED times as fast as the wall clock, and points everything at it.
start_aws() {
  work=$(mktemp -d)
  trap end_of_demo EXIT
  local-aws serve --speed "$1" --seed "$demo/world.json" > "$work/local-aws.json" &
  local cloud=$!
  processes+=("$cloud")
  cd "$work"
  until [ -s local-aws.json ]; do kill -0 "$cloud"; sleep 0.01; done
  AWS_ENDPOINT_URL=$(sed 's/.*"endpoint":"\([^"]*\)".*/\1/' local-aws.json)
  export AWS_ENDPOINT_URL AWS_REGION=eu-central-1 AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local
  export AWS_EC2_METADATA_DISABLED=true
}

# Prints a command as a person would type it, and runs it: run COMMAND [EXIT_CODE]. What it says on standard error is kept in last.txt.
run() {
  printf '\n$ %s\n' "$1"
  local code=0
  { bash -c "set -o pipefail; $1" 2>&1 >&3 | tee last.txt >&2; } 3>&1 || code=$?
  [ "$code" = "${2:-0}" ] || { printf 'the demo expected exit code %s, not %s\n' "${2:-0}" "$code" >&2; exit 1; }
  if [ "$code" != 0 ]; then printf '(exit code %s)\n' "$code"; fi
}

# Why the last command said no.
because() { sed -n 's/^[a-z-]*: error: //p' last.txt | head -n 1; }

# Builds an image whose page says its version: image VERSION [--label NAME=VALUE].
image() {
  cp -r "$demo/web" "$1-site"
  printf '%s\n' "$1" > "$1-site/version.txt"
  local-aws image "$1" --from "$1-site" --tag "$1" "${@:2}"
}
