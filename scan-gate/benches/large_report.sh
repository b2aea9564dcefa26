#!/usr/bin/env bash
# How long scan-gate takes over a large Trivy report, and how much memory, against jq counting severities of the same file.
# Prints one line a run and the ratio of the medians. Needs jq, awk and GNU time; takes the report's size in megabytes, 200 by default.
set -euo pipefail

megabytes=${1:-200}
scan_gate=${SCAN_GATE:-target/release/scan-gate}
folder=target/bench
report=$folder/trivy-$megabytes.json
mkdir -p "$folder"

# A report as Trivy writes it: indented, most of it prose that nobody reads, 3.4 KB a finding as in real ones, ids and packages all different.
generate() {
    awk -v limit=$((megabytes * 1000 * 1000)) '
    function pick(list, count) { return list[1 + int(rand() * count)] }
    BEGIN {
        srand(7)
        severities = split("LOW MEDIUM MEDIUM MEDIUM MEDIUM HIGH HIGH CRITICAL", severity, " ")
        words = split("buffer overflow in the parser allows a remote attacker to cause denial of service via crafted input that is not checked before use", word, " ")
        printf "{\n  \"SchemaVersion\": 2,\n  \"CreatedAt\": \"2026-11-01T10:00:00Z\",\n  \"ArtifactName\": \"web:1.4\",\n"
        printf "  \"ArtifactType\": \"container_image\",\n  \"Results\": ["
        while (written < limit) {
            printf "%s\n    {\n      \"Target\": \"layer-%d (debian 12.7)\",\n      \"Class\": \"os-pkgs\",\n      \"Type\": \"debian\",\n      \"Vulnerabilities\": [", targets++ ? "," : "", targets
            for (entry = 0; entry < 540 && written < limit; entry++) {
                number++
                prose = ""
                for (length_wanted = 600 + int(rand() * 1900); length(prose) < length_wanted;) prose = prose pick(word, words) " "
                links = ""
                for (link = 0; link < 4 + int(rand() * 12); link++)
                    links = links sprintf("%s\n            \"https://example.org/advisories/%d/%d\"", link ? "," : "", number, link)
                text = sprintf("%s\n        {\n          \"VulnerabilityID\": \"CVE-%d-%d\",\n          \"PkgID\": \"lib%d@%d.%d.1\",\n          \"PkgName\": \"lib%d\",\n          \"PkgIdentifier\": {\n            \"PURL\": \"pkg:deb/debian/lib%d@%d.%d.1?arch=amd64&distro=debian-12.7\",\n            \"UID\": \"%08x\"\n          },\n          \"InstalledVersion\": \"%d.%d.1\",\n          \"FixedVersion\": \"%d.%d.2\",\n          \"Status\": \"fixed\",\n          \"Layer\": {\n            \"DiffID\": \"sha256:%064x\"\n          },\n          \"SeveritySource\": \"nvd\",\n          \"PrimaryURL\": \"https://avd.aquasec.com/nvd/cve-%d\",\n          \"DataSource\": {\n            \"ID\": \"debian\",\n            \"Name\": \"Debian Security Tracker\",\n            \"URL\": \"https://salsa.debian.org/security-tracker-team/security-tracker\"\n          },\n          \"Title\": \"lib: %s\",\n          \"Description\": \"%s\",\n          \"Severity\": \"%s\",\n          \"CweIDs\": [\n            \"CWE-787\"\n          ],\n          \"VendorSeverity\": {\n            \"debian\": %d,\n            \"nvd\": %d,\n            \"redhat\": 2\n          },\n          \"CVSS\": {\n            \"nvd\": {\n              \"V3Vector\": \"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H\",\n              \"V3Score\": %.1f\n            }\n          },\n          \"References\": [%s\n          ],\n          \"PublishedDate\": \"2026-01-02T03:04:05Z\",\n          \"LastModifiedDate\": \"2026-02-03T04:05:06Z\"\n        }",
                    entry ? "," : "", 2000 + number % 26, 10000 + number, number, number % 9, number % 7, number, number, number % 9, number % 7, number, number % 9, number % 7, number % 9, number % 7, number, number, substr(prose, 1, 60), prose, pick(severity, severities), 1 + int(rand() * 4), 1 + int(rand() * 4), rand() * 10, links)
                written += length(text)
                printf "%s", text
            }
            printf "\n      ]\n    }"
        }
        printf "\n  ]\n}\n"
    }'
}

[ -s "$report" ] || generate > "$report.part" && { [ ! -e "$report.part" ] || mv "$report.part" "$report"; }


run() {
    local name=$1
    shift
    /usr/bin/time --quiet -o "$folder/time" -f '%e %M' "$@" > /dev/null 2>&1 || true
    read -r seconds kilobytes < "$folder/time"
    printf '%-22s %6s s %8s KB\n' "$name" "$seconds" "$kilobytes"
    echo "$seconds" >> "$folder/$name.seconds"
}

median() { sort -n "$folder/$1.seconds" | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'; }

rm -f "$folder"/*.seconds
ls -l "$report" | awk '{ print $9 ": " $5 " bytes" }'
for _ in 1 2 3 4 5; do
    run scan-gate-file "$scan_gate" "$report" --output json
    run scan-gate-pipe sh -c "cat '$report' | '$scan_gate' --output json"
    run jq jq '[.Results[].Vulnerabilities[]?.Severity] | group_by(.) | map(length)' "$report"
done
for name in scan-gate-file scan-gate-pipe; do
    awk -v jq="$(median jq)" -v own="$(median $name)" -v name=$name 'BEGIN { printf "%s: 1/%.1f of jq\n", name, jq / own }'
done

small=$folder/trivy-small.json
jq '.Results |= (.[:1] | map(.Vulnerabilities |= .[:7]))' "$report" > "$small"
ls -l "$small" | awk '{ print $9 ": " $5 " bytes" }'
rm -f "$folder"/small.seconds
start=$(date +%s%N)
for _ in $(seq 50); do "$scan_gate" "$small" --output json > /dev/null 2>&1 || true; done
end=$(date +%s%N)
awk -v nanoseconds=$((end - start)) 'BEGIN { printf "small report: %.1f ms a run\n", nanoseconds / 50 / 1e6 }'
