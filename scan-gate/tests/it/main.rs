//! How the binary behaves: standard output, standard error and exit code together.

mod contract;
mod gate;
mod verdict;

/// A report of `trivy image` for an image with this configuration digest and these vulnerabilities (id and severity).
fn report(config: &str, vulnerabilities: &[(&str, &str)]) -> String {
    let list: Vec<serde_json::Value> = vulnerabilities
        .iter()
        .map(|(id, severity)| {
            serde_json::json!({
                "VulnerabilityID": id, "PkgName": "openssl", "InstalledVersion": "3.0.1", "FixedVersion": "3.0.2", "Severity": severity
            })
        })
        .collect();
    serde_json::json!({
        "SchemaVersion": 2,
        "CreatedAt": "2026-11-01T10:00:00Z",
        "ArtifactName": "web:1.4",
        "ArtifactType": "container_image",
        "Metadata": { "ImageID": config },
        "Results": [{ "Target": "web:1.4 (debian 12.7)", "Class": "os-pkgs", "Type": "debian", "Vulnerabilities": list }]
    })
    .to_string()
}

/// A digest of one repeated digit.
fn digest(digit: char) -> String {
    format!("sha256:{}", digit.to_string().repeat(64))
}
