#!/usr/bin/env bash
# How long it takes to look at an account, with how many calls, and how many subnets are understood: net-audit against prowler's vpc service, on one moto.
# Prints a line a run, then medians, the growth with the account, and each verdict. Fails if what net-audit promises does not hold: a tenth of prowler's
# time, 20 calls a region, all subnets right, a start within 20 ms. Needs jq, curl, GNU time and Python; takes the number of rounds, 3 by default.
#
# PROWLER, MOTO_SERVER: the programs; what is not named is installed below target, which takes minutes and 2.3 GB. NET_AUDIT: the tool.
set -euo pipefail
export LC_ALL=C

rounds=${1:-3}
net_audit=$(realpath "${NET_AUDIT:-target/release/net-audit}")
bench=$PWD/target/bench
folder=$bench/live
rm -rf "$folder"; mkdir -p "$folder/home"
recording=$folder/recording
server=
trap '[ -z "$server" ] || { kill "$server" && wait "$server"; } 2> /dev/null || true' EXIT

# Where a program lies; $1: the one that is named, $2: else its virtual environment below target, $3: its name there, $4: the package.
program() {
    if [ -n "$1" ]; then realpath --no-symlinks "$1"; return; fi
    [ -x "$bench/$2/bin/$3" ] || { python3 -m venv "$bench/$2" && "$bench/$2/bin/pip" --quiet install "$4"; } >&2
    echo "$bench/$2/bin/$3"
}
prowler=$(program "${PROWLER:-}" prowler prowler prowler==5.46.0)
moto=$(program "${MOTO_SERVER:-}" moto moto_server 'moto[server]==5.2.5')

# Nobody's own configuration, and no way to anywhere but this machine: whoever asks for updates is refused at once.
export HOME=$folder/home TMPDIR=$folder/home AWS_ACCESS_KEY_ID=AKIDLOCAL AWS_SECRET_ACCESS_KEY=local AWS_EC2_METADATA_DISABLED=true
export HTTP_PROXY=http://127.0.0.1:9 HTTPS_PROXY=http://127.0.0.1:9 http_proxy=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9
export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1
unset AWS_PROFILE AWS_REGION AWS_DEFAULT_REGION AWS_SESSION_TOKEN

# moto writes down every request that it answers.
: > "$recording"; : > "$folder/moto.log"
MOTO_ENABLE_RECORDING=1 MOTO_RECORDER_FILEPATH=$recording "$moto" -H 127.0.0.1 -p 0 > "$folder/moto.log" 2>&1 &
server=$!
endpoint=
for _ in $(seq 600); do
    endpoint=$(sed -n 's/.*Running on \(http:[^ ]*\).*/\1/p' "$folder/moto.log")
    [ -z "$endpoint" ] || break
    kill -0 "$server" 2> /dev/null || { cat "$folder/moto.log" >&2; exit 1; }
    sleep 0.1
done
[ -n "$endpoint" ] || { echo "moto does not start" >&2; exit 1; }

# A request of our own; $1: region, $2: service, $3: path, then what curl is to send.
send() {
    local region=$1 service=$2 path=$3; shift 3
    curl --silent --show-error --fail-with-body --max-time 30 --aws-sigv4 "aws:amz:$region:$service" --user AKIDLOCAL:local "$@" "$endpoint$path"
}

# An operation of the query protocol; $1: region, $2: service, $3: its version, $4: operation, then its parameters. Prints the answer.
query() {
    local region=$1 service=$2 version=$3 action=$4 form=() parameter; shift 4
    for parameter in "$@"; do form+=(--data-urlencode "$parameter"); done
    send "$region" "$service" / --data-urlencode "Action=$action" --data-urlencode "Version=$version" "${form[@]}"
}
ec2() { query "$region" ec2 2016-11-15 "$@"; }

# Makes a thing, names it and prints its id; $1: its name, $2: the element with the id, then the operation.
make() {
    local name=$1 element=$2 id; shift 2
    id=$(ec2 "$@" | sed -n "0,/<$element>/s|.*<$element>\([^<]*\)<.*|\1|p")
    ec2 CreateTags "ResourceId.1=$id" Tag.1.Key=Name "Tag.1.Value=$name" > /dev/null
    echo "$id"
}
# $1: name, $2: VPC, $3: block, $4: letter of the zone.
subnet() { make "$1" subnetId CreateSubnet "VpcId=$2" "CidrBlock=$3" "AvailabilityZone=$region$4"; }
# $1: route table, $2: block, $3: target.
route() { ec2 CreateRoute "RouteTableId=$1" "DestinationCidrBlock=$2" "$3" > /dev/null; }
associate() { ec2 AssociateRouteTable "RouteTableId=$1" "SubnetId=$2" > /dev/null; }
# A security group; $1: name, $2: VPC, $3: port, then who may connect. Prints its id.
group() {
    local name=$1 vpc=$2 port=$3 id rule=IpPermissions.1 number=0 ranges=() block; shift 3
    id=$(make "$name" groupId CreateSecurityGroup "GroupName=$name" "GroupDescription=$name" "VpcId=$vpc")
    for block in "$@"; do number=$((number + 1)); ranges+=("$rule.IpRanges.$number.CidrIp=$block"); done
    ec2 AuthorizeSecurityGroupIngress "GroupId=$id" "$rule.IpProtocol=tcp" "$rule.FromPort=$port" "$rule.ToPort=$port" "${ranges[@]}" > /dev/null
    echo "$id"
}

# What the subnets of prod are. Those for databases are on its main route table, which leads nowhere; two halves of the internet are the internet.
declare -A truth=([public-a]=public [public-b]=public [app-a]=private-nat [app-b]=private-nat [db-a]=isolated [db-b]=isolated [split-a]=public)
declare -A subnets

# The default VPC as AWS makes it, and prod.
fill() {
    local region=$1 default main vpc gateway nat table address halves world
    default=$(ec2 DescribeVpcs Filter.1.Name=is-default Filter.1.Value.1=true | sed -n 's|.*<vpcId>\(.*\)</vpcId>.*|\1|p' | head -n 1)
    main=$(ec2 DescribeRouteTables Filter.1.Name=vpc-id "Filter.1.Value.1=$default" | sed -n '0,/<routeTableId>/s|.*<routeTableId>\(.*\)</routeTableId>.*|\1|p')
    gateway=$(make default internetGatewayId CreateInternetGateway)
    ec2 AttachInternetGateway "InternetGatewayId=$gateway" "VpcId=$default" > /dev/null
    route "$main" 0.0.0.0/0 "GatewayId=$gateway"

    vpc=$(make prod vpcId CreateVpc CidrBlock=10.20.0.0/16)
    gateway=$(make prod internetGatewayId CreateInternetGateway)
    ec2 AttachInternetGateway "InternetGatewayId=$gateway" "VpcId=$vpc" > /dev/null
    local number=0 name
    for name in public-a public-b app-a app-b db-a db-b split-a; do
        subnets[$name]=$(subnet "$name" "$vpc" "10.20.$number.0/24" "${name: -1}")
        number=$((number + 1))
    done
    address=$(make nat allocationId AllocateAddress Domain=vpc)
    nat=$(make nat natGatewayId CreateNatGateway "SubnetId=${subnets[public-a]}" "AllocationId=$address")
    table=$(make public routeTableId CreateRouteTable "VpcId=$vpc")
    route "$table" 0.0.0.0/0 "GatewayId=$gateway"; associate "$table" "${subnets[public-a]}"; associate "$table" "${subnets[public-b]}"
    table=$(make app routeTableId CreateRouteTable "VpcId=$vpc")
    route "$table" 0.0.0.0/0 "NatGatewayId=$nat"; associate "$table" "${subnets[app-a]}"; associate "$table" "${subnets[app-b]}"
    table=$(make split routeTableId CreateRouteTable "VpcId=$vpc")
    route "$table" 0.0.0.0/1 "GatewayId=$gateway"; route "$table" 128.0.0.0/1 "GatewayId=$gateway"; associate "$table" "${subnets[split-a]}"

    halves=$(group halves "$vpc" 22 0.0.0.0/1 128.0.0.0/1)
    world=$(group db "$vpc" 5432 0.0.0.0/0)
    make app networkInterfaceId CreateNetworkInterface "SubnetId=${subnets[app-a]}" "SecurityGroupId.1=$halves" > /dev/null
    make web networkInterfaceId CreateNetworkInterface "SubnetId=${subnets[public-b]}" "SecurityGroupId.1=$(group web "$vpc" 443 0.0.0.0/0)" > /dev/null
    make orders networkInterfaceId CreateNetworkInterface "SubnetId=${subnets[db-a]}" "SecurityGroupId.1=$world" Description=RDSNetworkInterface > /dev/null
    query "$region" rds 2014-10-31 CreateDBSubnetGroup DBSubnetGroupName=db DBSubnetGroupDescription=db \
        "SubnetIds.SubnetIdentifier.1=${subnets[db-a]}" "SubnetIds.SubnetIdentifier.2=${subnets[db-b]}" > /dev/null
    query "$region" rds 2014-10-31 CreateDBInstance DBInstanceIdentifier=orders DBInstanceClass=db.t3.micro Engine=postgres AllocatedStorage=20 \
        MasterUsername=orders MasterUserPassword=secret123 DBSubnetGroupName=db PubliclyAccessible=true "VpcSecurityGroupIds.VpcSecurityGroupId.1=$world" > /dev/null
}

# Five more VPCs with 40 subnets each, four of which share a route table.
enlarge() {
    local region=$1 vpc gateway table name block
    for place in 1 2 3 4 5; do
        vpc=$(make "more-$place" vpcId CreateVpc "CidrBlock=10.3$place.0.0/16")
        gateway=$(make "more-$place" internetGatewayId CreateInternetGateway)
        ec2 AttachInternetGateway "InternetGatewayId=$gateway" "VpcId=$vpc" > /dev/null
        for number in $(seq 0 39); do
            if [ $((number % 4)) = 0 ]; then
                table=$(make "more-$place-$number" routeTableId CreateRouteTable "VpcId=$vpc")
                route "$table" 0.0.0.0/0 "GatewayId=$gateway"
            fi
            associate "$table" "$(subnet "more-$place-$number" "$vpc" "10.3$place.$number.0/24" a)"
        done
    done
}

# One run; $1: name, then the command. What it finds may make it say no (1), or 3 if it is prowler.
run() {
    local name=$1 code=0 before after; shift
    : > "$recording"
    before=$EPOCHREALTIME
    AWS_ENDPOINT_URL=$endpoint timeout 600 /usr/bin/time --quiet -o "$folder/$name.time" -f '%U %S %M' "$@" < /dev/null > "$folder/$name.out" 2> "$folder/$name.err" || code=$?
    after=$EPOCHREALTIME
    [ "$code" -le 1 ] || { tail -n 20 "$folder/$name.err" "$folder/$name.out" >&2; echo "$name: exit code $code" >&2; return 1; }
    read -r user system peak < <(tail -n 1 "$folder/$name.time")
    # By the service that a request is signed for: who one is and which zones there are is asked of the account, not of the region.
    jq -s --argjson before "$before" --argjson after "$after" --argjson user "$user" --argjson system "$system" --argjson peak "$peak" '
        def operation: (if .body_encoded then .body | @base64d else .body // "" end | capture("(^|&)Action=(?<name>[^&]+)").name)
            // (.headers["X-Amz-Target"] // empty | split(".") | last) // "\(.method) \(.url | sub("^[a-z]+://[^/]+"; "") | sub("[?].*"; ""))";
        def service: .headers.Authorization // "" | capture("Credential=[^/]+/[^/]+/[^/]+/(?<service>[^/]+)/").service // "";
        map({operation: operation, of_account: (service | IN("sts", "iam", "route53", "organizations"))})
        | {seconds: ($after - $before), cpu: ($user + $system), megabytes: ($peak / 1000), calls: map(select(.of_account | not)) | length, of_account: map(select(.of_account)) | length,
           operations: (group_by(.operation) | map({key: .[0].operation, value: length}) | sort_by(-.value) | from_entries)}' "$recording" > "$folder/$name.json"
    jq -r --arg name "$name" '"\($name): \(.seconds * 1000 | round / 1000) s, \(.calls) calls of the region and \(.of_account) of the account; more than once: "
        + (.operations | to_entries | map(select(.value > 1) | "\(.key) \(.value)") | join(", ") | if . == "" then "none" else . end)' "$folder/$name.json"
}
look_ours() { run "$1" "$net_audit" --live --region us-east-1 --output json; }
# $1: name, then what it is to look at.
look_prowler() {
    local name=$1; shift
    run "$name" "$prowler" aws "$@" --region us-east-1 --no-banner --no-color --ignore-exit-code-3 \
        --output-formats csv --output-directory "$folder/prowler" --output-filename "$name"
}

# The median of 20 starts, in milliseconds.
start() {
    local before
    for _ in $(seq 20); do
        before=$EPOCHREALTIME
        "$@" > /dev/null
        echo "$before $EPOCHREALTIME"
    done | awk '{ printf "%.1f\n", ($2 - $1) * 1000 }' | sort -n | sed -n 10p
}

# The median of a member over all rounds; $1: whose, $2: member.
median() { jq -s "map(.$2) | sort | .[(length - 1) / 2 | floor]" "$folder/$1".[0-9]*.json; }
# $1: what, $2: member, $3: format.
row() {
    awk -v what="$1" -v ours="$(median ours "$2")" -v prowler="$(median prowler "$2")" -v format="$3" \
        'BEGIN { printf "%-26s %10s %10s %14.4f\n", what, sprintf(format, ours), sprintf(format, prowler), ours / prowler }'
}

"$net_audit" --version; echo "prowler $(basename "$(ls -d "$(dirname "$(dirname "$prowler")")"/lib/python*/site-packages/prowler-*.dist-info)" .dist-info | cut -d - -f 2)"
started=$(start "$net_audit" --version)
fill us-east-1
for number in $(seq "$rounds"); do look_ours "ours.$number"; look_prowler "prowler.$number" --services vpc; done

# Verdicts: ours by class; prowler's from what it finds about file systems, each with a mount target in one subnet.
declare -A systems
for name in "${!subnets[@]}"; do
    systems[$name]=$(send us-east-1 elasticfilesystem /2015-02-01/file-systems --json "{\"CreationToken\": \"$name\"}" | jq -r .FileSystemId)
    send us-east-1 elasticfilesystem /2015-02-01/mount-targets --json "{\"FileSystemId\": \"${systems[$name]}\", \"SubnetId\": \"${subnets[$name]}\"}" > /dev/null
done
look_prowler verdicts --checks efs_mount_target_not_publicly_accessible > /dev/null
right=0 right_of_prowler=0
echo
printf '%-12s %-14s %-14s %s\n' subnet is net-audit prowler
for name in public-a public-b app-a app-b db-a db-b split-a; do
    ours=$(jq -r --arg id "${subnets[$name]}" '.network.vpcs[].subnets[] | select(.id == $id).class' "$folder/ours.1.out")
    status=$(grep -F "${systems[$name]} " "$folder/prowler/verdicts.csv" | grep -oE ';(PASS|FAIL);' | head -n 1)
    case $status in ';FAIL;') theirs=public ;; ';PASS;') theirs='not public' ;; *) echo "prowler finds nothing about ${systems[$name]}" >&2; exit 1 ;; esac
    if [ "$ours" = "${truth[$name]}" ]; then right=$((right + 1)); fi
    if [ "${truth[$name]}" = public ]; then meant=public; else meant='not public'; fi
    if [ "$theirs" = "$meant" ]; then right_of_prowler=$((right_of_prowler + 1)); fi
    printf '%-12s %-14s %-14s %s\n' "$name" "${truth[$name]}" "$ours" "$theirs"
done
echo "right: net-audit $right of 7, by class; prowler $right_of_prowler of 7, public or not"
echo "net-audit finds: $(jq -r '.network.findings | group_by(.id) | map("\(.[0].id) \(length)") | join(", ")' "$folder/ours.1.out")"

echo
enlarge us-east-1
look_ours large-ours
look_prowler large-prowler --services vpc

echo
printf '%-26s %10s %10s %14s\n' "medians of $rounds" net-audit prowler ratio
row 'seconds' seconds %.3f
row 'CPU, s' cpu %.2f
row 'peak, MB' megabytes %.0f
row 'calls of the region' calls %d
row 'calls of the account' of_account %d
awk -v ours="$(jq .calls "$folder/large-ours.json")" -v prowler="$(jq .calls "$folder/large-prowler.json")" \
    'BEGIN { printf "%-26s %10d %10d %14.4f\n", "calls, 200 subnets more", ours, prowler, ours / prowler }'
awk -v ours="$(jq .seconds "$folder/large-ours.json")" -v prowler="$(jq .seconds "$folder/large-prowler.json")" \
    'BEGIN { printf "%-26s %10.3f %10.3f %14.4f\n", "seconds, 200 subnets more", ours, prowler, ours / prowler }'
echo "start of net-audit: $started ms"

# What is promised; $1: what to say if it does not hold, $2: the condition.
kept=true
promise() { awk "BEGIN { exit !($2) }" || { echo "not kept: $1 ($2)" >&2; kept=false; }; }
promise "a tenth of prowler's time" "$(median ours seconds) <= $(median prowler seconds) / 10"
promise '20 calls a region' "$(median ours calls) <= 20"
promise 'as many calls in a larger account' "$(jq .calls "$folder/large-ours.json") == $(median ours calls)"
promise 'every subnet understood' "$right == 7"
promise 'a start within 20 ms' "$started <= 20"
$kept
