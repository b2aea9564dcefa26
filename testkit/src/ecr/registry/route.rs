//! Which operation a path names. Repository names have slashes, so a path is read from its end.

use http::Method;

use crate::wire::Request;

/// What a request is about.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) operation: &'static str,
    /// Empty for a ping, and where a token is asked for.
    pub(super) repository: String,
    /// The tag, digest or upload; empty if the path names none.
    pub(super) rest: String,
}

/// What is asked that this registry does not play. Reads have a name of their own, for the journal tells reads from
/// writes by the name.
fn unsupported(method: &Method) -> &'static str {
    if [Method::GET, Method::HEAD].contains(method) { "GetUnsupported" } else { "Unsupported" }
}

impl Route {
    pub(super) fn of(request: &Request) -> Self {
        read(&request.method, &request.decoded_path())
    }
}

fn read(method: &Method, path: &str) -> Route {
    if path == "/token" {
        return route(if *method == Method::GET { "GetToken" } else { unsupported(method) }, "", "");
    }
    let path = path.strip_prefix("/v2").unwrap_or(path);
    if path.is_empty() || path == "/" {
        return route("Ping", "", "");
    }
    let path = path.trim_start_matches('/');
    if let Some(repository) = path.strip_suffix("/tags/list") {
        return route(if *method == Method::GET { "ListTags" } else { unsupported(method) }, repository, "");
    }
    if let Some((repository, upload)) = upload(path) {
        return route(upload_operation(method, upload), repository, upload);
    }
    for (marker, operation) in [
        ("/manifests/", manifest_operation as fn(&Method) -> &'static str),
        ("/blobs/", blob_operation),
        ("/referrers/", referrers_operation),
    ] {
        if let Some((repository, rest)) = path.rsplit_once(marker)
            && !rest.contains('/')
        {
            return route(operation(method), repository, rest);
        }
    }
    route(unsupported(method), path, "")
}

fn route(operation: &'static str, repository: &str, rest: &str) -> Route {
    Route { operation, repository: repository.to_owned(), rest: rest.to_owned() }
}

/// The repository and the upload, which is empty where one is to be started.
fn upload(path: &str) -> Option<(&str, &str)> {
    if let Some(repository) = path.strip_suffix("/blobs/uploads") {
        return Some((repository, ""));
    }
    let (repository, upload) = path.rsplit_once("/blobs/uploads/")?;
    (!upload.contains('/')).then_some((repository, upload))
}

fn upload_operation(method: &Method, upload: &str) -> &'static str {
    match (method, upload.is_empty()) {
        (&Method::POST, true) => "StartUpload",
        (&Method::PATCH, false) => "PatchUpload",
        (&Method::PUT, false) => "FinishUpload",
        (&Method::GET, false) => "GetUpload",
        (&Method::DELETE, false) => "CancelUpload",
        _ => unsupported(method),
    }
}

fn manifest_operation(method: &Method) -> &'static str {
    match *method {
        Method::HEAD => "HeadManifest",
        Method::GET => "GetManifest",
        Method::PUT => "PutManifest",
        Method::DELETE => "DeleteManifest",
        _ => unsupported(method),
    }
}

fn blob_operation(method: &Method) -> &'static str {
    match *method {
        Method::HEAD => "HeadBlob",
        Method::GET => "GetBlob",
        _ => unsupported(method),
    }
}

fn referrers_operation(method: &Method) -> &'static str {
    if *method == Method::GET { "ListReferrers" } else { unsupported(method) }
}

/// Names a registry request's operation: `HeadManifest`, `PatchUpload` and so on, `Unsupported` for what this registry
/// does not play.
#[must_use]
pub fn registry_operation(request: &Request) -> &'static str {
    Route::of(request).operation
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_from_its_end_because_repositories_have_slashes() {
        let cases = [
            (Method::GET, "/v2", ("Ping", "", "")),
            (Method::GET, "/v2/", ("Ping", "", "")),
            (Method::HEAD, "/v2/web/manifests/v1", ("HeadManifest", "web", "v1")),
            (Method::PUT, "/v2/a/b/manifests/sha256:00", ("PutManifest", "a/b", "sha256:00")),
            (Method::GET, "/v2/manifests/manifests/v1", ("GetManifest", "manifests", "v1")),
            (Method::GET, "/v2/a/blobs/b/blobs/sha256:00", ("GetBlob", "a/blobs/b", "sha256:00")),
            (Method::POST, "/v2/web/blobs/uploads/", ("StartUpload", "web", "")),
            (Method::POST, "/v2/web/blobs/uploads", ("StartUpload", "web", "")),
            (Method::PATCH, "/v2/a/b/blobs/uploads/7", ("PatchUpload", "a/b", "7")),
            (Method::PUT, "/v2/a/b/blobs/uploads/7", ("FinishUpload", "a/b", "7")),
            (Method::GET, "/v2/a/b/blobs/uploads/7", ("GetUpload", "a/b", "7")),
            (Method::DELETE, "/v2/a/b/blobs/uploads/7", ("CancelUpload", "a/b", "7")),
            (Method::GET, "/v2/a/tags/list", ("ListTags", "a", "")),
            (Method::GET, "/v2/a/b/referrers/sha256:00", ("ListReferrers", "a/b", "sha256:00")),
            (Method::GET, "/token", ("GetToken", "", "")),
            (Method::POST, "/token", ("Unsupported", "", "")),
            (Method::GET, "/v2/token", ("GetUnsupported", "token", "")),
            (Method::GET, "/v2/_catalog", ("GetUnsupported", "_catalog", "")),
            (Method::POST, "/v2/web/manifests/v1", ("Unsupported", "web", "v1")),
        ];
        for (method, path, (operation, repository, rest)) in cases {
            assert_eq!(read(&method, path), route(operation, repository, rest), "{method} {path}");
        }
    }
}
