#!/usr/bin/env bash
# How long net-audit takes over a large estate, how much memory, and how both grow, at a quarter, half and all of 1,000 VPCs with 20,000 subnets and
# 100,000 interfaces. Prints medians, and the exponent of growth: 1 is linear, 2 is square. Needs Python, awk and GNU time; takes the number of VPCs,
# 1000 by default, and the number of rounds, 3 by default. NET_AUDIT: the tool.
set -euo pipefail
export LC_ALL=C

vpcs=${1:-1000}
rounds=${2:-3}
net_audit=${NET_AUDIT:-target/release/net-audit}
generator=$(dirname "$0")/estate.py
folder=target/bench/audit
mkdir -p "$folder"
sizes=($((vpcs / 4)) $((vpcs / 2)) "$vpcs")

for size in "${sizes[@]}"; do
    estate=$folder/estate-$size.json
    [ "$estate" -nt "$generator" ] || { python3 "$generator" "$size" > "$estate.part" && mv "$estate.part" "$estate"; }
    # What is not in the file system's cache would be measured with the first round.
    cat "$estate" > /dev/null
    : > "$folder/$size.runs"
    for _ in $(seq "$rounds"); do
        # It says no to what it finds (1) and to what it cannot tell; it must neither misunderstand (2) nor fail (3).
        code=0
        /usr/bin/time --quiet -o "$folder/time" -f '%e %M %U %S' "$net_audit" "$estate" --output json > "$folder/$size.out" 2> "$folder/$size.err" || code=$?
        [ "$code" -le 1 ] || { cat "$folder/$size.err" >&2; exit 1; }
        tail -1 "$folder/time" | awk '{ print $1, $2, $3, $4, $3 + $4 }' >> "$folder/$size.runs"
    done
done

# Column $2 of the runs of size $1.
median() { sort -n -k "$2,$2" "$folder/$1.runs" | awk -v column="$2" '{ value[NR] = $column } END { print value[int((NR + 1) / 2)] }'; }

printf '%8s %8s %10s %9s %9s %9s %9s\n' VPCs subnets interfaces 'input MB' seconds CPU 'peak MB'
for size in "${sizes[@]}"; do
    bytes=$(wc -c < "$folder/estate-$size.json")
    awk -v vpcs="$size" -v bytes="$bytes" -v seconds="$(median "$size" 1)" -v kilobytes="$(median "$size" 2)" \
        -v cpu="$(median "$size" 5)" \
        'BEGIN { printf "%8d %8d %10d %9.0f %9.2f %9.2f %9.0f\n", vpcs, vpcs * 20, vpcs * 100, bytes / 1e6, seconds, cpu, kilobytes / 1e3 }'
done
awk -v small="$(median "${sizes[0]}" 1)" -v large="$(median "$vpcs" 1)" -v less="$(median "${sizes[0]}" 2)" -v more="$(median "$vpcs" 2)" \
    'BEGIN { printf "growth: time n^%.2f, memory n^%.2f\n", log(large / small) / log(4), log(more / less) / log(4) }'
