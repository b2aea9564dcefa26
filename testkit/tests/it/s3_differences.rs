//! Where the S3 of other servers and the local one differ on purpose, and what decides for ours.

/// Where a peer differs: the step, how our answer and the peer's begin, and what decides for ours. "Reference" is the Amazon S3 API
/// reference, "guide" the user guide.
pub(crate) type Difference = (&'static str, &'static str, &'static str, &'static str);

const POLICY: &str = "It takes any text for a policy. Reference, Error responses: MalformedPolicy.";
const OPAQUE: &str = "Reference, Object, ETag: under SSE-KMS it is not the MD5 of the bytes.";
const TARGET: &str = "Guide, conditional-writes.html: If-Match and If-None-Match hold for the target of a CopyObject.";
const KEYLESS: &str = "Reference, Tag, Key: at least one character.";
const DEFAULT: &str = "Guide, default-encryption-faq.html: every bucket has SSE-S3; so does ministack.";
const FRESH: &str = "RFC 9110, section 15.4.5: what a 200 would have said of it; so does ministack.";
const STAR: &str = "RFC 9110, section 13.1.2: `*` is false if there is anything; so does ministack.";
const NO_KEYS: &str =
    "It plays no customer's keys. Guide, \"Using server-side encryption with customer-provided keys\".";

/// ministack 1.5.33.
pub(crate) const MINISTACK: [Difference; 10] = [
    ("a policy that is none", "400 MalformedPolicy", "204", POLICY),
    ("a policy without a statement", "400 MalformedPolicy", "204", POLICY),
    ("an object that asks for nothing", "200 aws:kms md5=false", "200 aws:kms md5=true", OPAQUE),
    ("it says how it is encrypted", "200 aws:kms md5=false", "200 aws:kms md5=true", OPAQUE),
    ("an object that asks for KMS", "200 aws:kms x-amz", "200 aws:kms x-amz", OPAQUE),
    ("a copy over nothing", "412 PreconditionFailed", "200", TARGET),
    ("a copy over another", "412 PreconditionFailed", "200", TARGET),
    (
        "they are counted",
        "200 2",
        "200",
        "Reference, HeadObject, x-amz-tagging-count: how many there are; so does moto.",
    ),
    ("a tag without a key", "400 InvalidArgument", "200", KEYLESS),
    (
        "no tags",
        "200 Key=[] Value=[]",
        "200 Key=[\"kind\"",
        "Reference, PutObject: what it does not say of an object is not there; so does moto.",
    ),
];

/// moto 5.2.5.
pub(crate) const MOTO: [Difference; 24] = [
    ("a policy that is none", "400 MalformedPolicy", "200", POLICY),
    ("a policy without a statement", "400 MalformedPolicy", "200", POLICY),
    ("a policy is put", "204", "200", "Reference, PutBucketPolicy, examples: 204; so does ministack."),
    (
        "encryption that nobody asked for",
        "200 SSEAlgorithm=[\"AES256\"]",
        "404 ServerSideEncryptionConfigurationNotFoundError",
        DEFAULT,
    ),
    ("an object that asks for nothing", "200 aws:kms md5=false", "200 aws:kms md5=true", OPAQUE),
    ("it says how it is encrypted", "200 aws:kms md5=false", "200 aws:kms md5=true", OPAQUE),
    (
        "encryption of an unknown kind",
        "400 MalformedXML",
        "200",
        "Reference, ServerSideEncryptionByDefault, SSEAlgorithm: three are known; so does ministack.",
    ),
    ("encryption that is none", "400 MalformedXML", "500", "It breaks; ministack answers as ours."),
    (
        "encryption is as at first",
        "200 SSEAlgorithm=[\"AES256\"]",
        "404 ServerSideEncryptionConfigurationNotFoundError",
        DEFAULT,
    ),
    ("an object that asks for KMS", "200 aws:kms x-amz", "200 aws:kms x-amz", OPAQUE),
    (
        "a KMS header on a read",
        "400 InvalidArgument",
        "200",
        "Reference, GetObject: such headers on a read are answered 400; so does ministack.",
    ),
    ("known bytes", "304 etag=true last-modified=true", "304 etag=true last-modified=false", FRESH),
    ("known bytes by star", "304", "200", STAR),
    ("known head", "304 etag=true last-modified=true", "304 etag=true last-modified=false", FRESH),
    ("known head by star", "304", "200", STAR),
    ("one of two", "200 a", "412", "RFC 9110, section 13.1.1: a list of ETags; so does ministack."),
    (
        "a copy of another",
        "412 PreconditionFailed",
        "200",
        "Reference, CopyObject, x-amz-copy-source-if-match: 412; so does ministack.",
    ),
    ("a copy over nothing", "412 PreconditionFailed", "200", TARGET),
    ("a copy over another", "412 PreconditionFailed", "200", TARGET),
    ("a copy without the key", "400 InvalidRequest", "200", NO_KEYS),
    ("it needs the key", "400 InvalidRequest", "200", NO_KEYS),
    ("a tag without a key", "400 InvalidArgument", "200", KEYLESS),
    (
        "a marker cannot be read",
        "405 MethodNotAllowed",
        "404",
        "Guide, \"Working with delete markers\": 405; so does ministack.",
    ),
    (
        "the marker is deleted",
        "204 true",
        "204",
        "Reference, DeleteObject, x-amz-delete-marker: true if what was deleted was one; so does ministack.",
    ),
];
