//! The section in numbers.

use contract::metrics::{Family, Measured, Sample};

use super::{BlobAction, Push};

static IMAGE: Family = Family { name: "ecr_push_image_bytes", help: "Manifests and blobs of the image together." };
static SENT: Family =
    Family { name: "ecr_push_sent_bytes", help: "Bytes of blobs that were sent, those of failed attempts included." };
static BLOBS: Family = Family { name: "ecr_push_blobs", help: "Blobs by what became of them." };
static RETRIES: Family = Family { name: "ecr_push_retries", help: "Attempts to send a blob that failed." };

const ACTIONS: [BlobAction; 5] =
    [BlobAction::Exists, BlobAction::Cached, BlobAction::Missing, BlobAction::Mounted, BlobAction::Uploaded];

impl Measured for Push {
    fn samples(&self) -> Vec<Sample> {
        let retries = self.blobs.iter().map(|blob| blob.retries).sum::<u32>();
        let mut samples = vec![IMAGE.amounts(self.size), SENT.amounts(self.bytes_sent), RETRIES.is(f64::from(retries))];
        samples.extend(ACTIONS.map(|action| {
            let count = self.blobs.iter().filter(|blob| blob.action == action).count();
            BLOBS.counts(count).with("action", action.word())
        }));
        samples
    }
}
