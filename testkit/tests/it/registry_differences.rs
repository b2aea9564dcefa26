//! Where independent registries and the local one differ on purpose, and which line of which document decides for ours.

/// Where a peer and the local registry differ: the step, how our answer and the peer's begin, and what decides for
/// ours. "Spec" is the OCI distribution specification 1.1.
pub(crate) type Difference = (&'static str, &'static str, &'static str, &'static str);

/// CNCF distribution 2.8.2.
pub(crate) const CNCF: [Difference; 9] = [
    (
        "a chunk in the past",
        "416 BLOB_UPLOAD_INVALID",
        "202",
        "2.8 does not read Content-Range. Spec, \"Pushing a blob in chunks\": a chunk out of order is answered 416.",
    ),
    (
        "a refused upload is gone",
        "404 BLOB_UPLOAD_UNKNOWN",
        "404 BLOB_UPLOAD_INVALID",
        "Spec, \"Error Codes\", code-3: an unknown upload is BLOB_UPLOAD_UNKNOWN, as 2.8 says of one given up.",
    ),
    (
        "a manifest before its blobs",
        "404 MANIFEST_BLOB_UNKNOWN",
        "400 MANIFEST_BLOB_UNKNOWN",
        "Spec, \"Endpoints\", end-7: the failure is 404; the code is the same.",
    ),
    (
        "an index before its images",
        "404 MANIFEST_BLOB_UNKNOWN",
        "400 MANIFEST_BLOB_UNKNOWN",
        "Spec, \"Endpoints\", end-7: the failure is 404; the code is the same.",
    ),
    (
        "the first tag",
        "200  tags=[\"many\"] link=<http",
        "200  tags=",
        "2.8 does not page tags. Spec, \"Listing Tags\": at most n of them.",
    ),
    (
        "the tags behind it",
        "200  tags=[\"v1\"] link=",
        "200  tags=",
        "2.8 does not page tags. Spec, \"Listing Tags\": `last` is not included.",
    ),
    ("referrers", "200", "404", "2.8 is older than referrers. Spec, \"Listing Referrers\": 200 with an index."),
    ("a tag is deleted", "202", "400", "Spec, \"Deleting tags\": 202, or 400 or 405 where that is switched off."),
    (
        "a tag that is none",
        "400 TAG_INVALID",
        "404",
        "2.8's router knows no such path. Spec, \"Error Codes\": any 4xx.",
    ),
];

/// ministack 1.5.33.
pub(crate) const MINISTACK: [Difference; 16] = [
    (
        "a chunk in the past",
        "416 BLOB_UPLOAD_INVALID",
        "202",
        "Spec, \"Pushing a blob in chunks\": a chunk out of order is answered 416. ECR too: apple/container#1895.",
    ),
    (
        "a refused upload is gone",
        "404 BLOB_UPLOAD_UNKNOWN",
        "204",
        "CNCF distribution gives the upload up when its digest is wrong; the specification leaves it open.",
    ),
    (
        "a whole blob in one POST",
        "202  range=0-0",
        "201",
        "Spec, \"Single POST\": 202 where that is not played; so does CNCF distribution.",
    ),
    (
        "a part of a blob",
        "206",
        "200",
        "Spec, \"Pulling blobs\": a registry should play Range; so does CNCF distribution.",
    ),
    (
        "the end of a blob",
        "206",
        "200",
        "Spec, \"Pulling blobs\": a registry should play Range; so does CNCF distribution.",
    ),
    ("a part behind the end", "416  docker-content-digest", "200", "RFC 9110, section 15.5.17: 416."),
    (
        "a malformed digest",
        "400 DIGEST_INVALID",
        "404",
        "Spec, \"Endpoints\", end-2: 404; CNCF distribution says 400 DIGEST_INVALID, as ours.",
    ),
    (
        "a manifest before its blobs",
        "404 MANIFEST_BLOB_UNKNOWN",
        "201",
        "ECR refuses it: ECR API reference, LayersNotFoundException; so does CNCF distribution.",
    ),
    (
        "a manifest by another digest",
        "400 DIGEST_INVALID",
        "201",
        "ECR refuses it: google/go-containerregistry#1568; so does CNCF distribution.",
    ),
    (
        "a type that is not accepted",
        "404 MANIFEST_UNKNOWN",
        "200",
        "RFC 9110, section 12.5.1 leaves it open; CNCF distribution says 404, as ours.",
    ),
    (
        "an index before its images",
        "404 MANIFEST_BLOB_UNKNOWN",
        "201",
        "ECR refuses it: ECR API reference, ReferencedImagesNotFoundException; so does CNCF distribution.",
    ),
    (
        "the first tag",
        "200  tags=[\"many\"] link=<http",
        "200  tags=[\"many\"] link=",
        "Spec, \"Listing Tags\": a Link to the rest may be sent.",
    ),
    ("referrers", "200", "400", "Spec, \"Listing Referrers\": 200 with an index, which ECR plays."),
    ("a tag is deleted", "202", "400", "Spec, \"Deleting tags\": 202, or 400 or 405 where that is switched off."),
    (
        "a manifest that is none",
        "400 MANIFEST_INVALID",
        "201",
        "Spec, \"Error Codes\", code-6: MANIFEST_INVALID; so does CNCF distribution.",
    ),
    (
        "a tag that is none",
        "400 TAG_INVALID",
        "201",
        "Spec, \"Pulling manifests\": a tag begins with a letter, a digit or `_`.",
    ),
];
