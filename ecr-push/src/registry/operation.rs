//! What a registry is asked for, and how each request is called where it goes wrong.

/// A request to a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Where a reference points.
    LookUp,
    /// Whether a blob is there.
    CheckBlob,
    /// Begin of an upload, or a mount.
    StartUpload,
    /// How far an upload is.
    AskUpload,
    /// The bytes of an upload, and its end.
    FinishUpload,
    /// A manifest goes in.
    PutManifest,
    /// A manifest comes out.
    ReadManifest,
    /// A blob comes out.
    ReadBlob,
    /// A token is fetched from where the registry said.
    GetToken,
}

impl Operation {
    /// Its name: at ECR that of the IAM action that it needs, elsewhere what it does.
    ///
    /// Source: Amazon ECR user guide, IAM permissions for pushing and pulling an image.
    pub(crate) fn name(self, is_ecr: bool) -> &'static str {
        let names = match self {
            Self::LookUp | Self::ReadManifest => ("ecr:BatchGetImage", "registry:ReadManifest"),
            Self::CheckBlob => ("ecr:BatchCheckLayerAvailability", "registry:CheckBlob"),
            Self::StartUpload => ("ecr:InitiateLayerUpload", "registry:StartUpload"),
            Self::AskUpload => ("ecr:UploadLayerPart", "registry:AskUpload"),
            Self::FinishUpload => ("ecr:CompleteLayerUpload", "registry:FinishUpload"),
            Self::PutManifest => ("ecr:PutImage", "registry:PutManifest"),
            Self::ReadBlob => ("ecr:GetDownloadUrlForLayer", "registry:ReadBlob"),
            Self::GetToken => ("ecr:GetAuthorizationToken", "registry:GetToken"),
        };
        if is_ecr { names.0 } else { names.1 }
    }
}
