//! Images whose layers have no digests yet: they are packed one after the other, and each is on its way while the next one is packed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use contract::Digest;
use tokio::sync::mpsc;

use crate::error::Error;
use crate::send::pack::{Packer, Ready, in_order};
use crate::send::stream::{self, Desk, Passed, Stopped, Word};
use crate::send::upload::{Shipment, carry_on};
use crate::source::{Choice, Draft, Image, Layer, Packed};

/// So many layers are packed ahead of the question whether the registry has them.
const AHEAD: usize = 128;

/// Packs and sends the layers of an image, and writes its manifest.
///
/// # Errors
/// A layer is not what it should be, or cannot be sent.
pub(crate) async fn ship_draft(draft: Draft, packing: &Packer, shipment: &mut Shipment<'_>) -> Result<Image, Error> {
    let known: BTreeMap<Digest, Packed> =
        draft.layers.iter().filter_map(|layer| Some((layer.diff_id.clone(), packing.recall_for(layer)?))).collect();
    let mut asked: Vec<Digest> = known.values().map(|packed| packed.digest.clone()).collect();
    asked.push(draft.config_digest.clone());
    let missing = shipment.registry().missing(&asked).await?;
    let mut packed: BTreeMap<Digest, Packed> =
        known.into_iter().filter(|(_, packed)| !missing.contains(&packed.digest)).collect();
    for Packed { digest, size, .. } in packed.values() {
        shipment.note_cached(digest, *size);
    }
    shipment.send_missing(vec![draft.config_blob().into()], &missing)?;
    let rest = in_order(draft.layers.iter().filter(|layer| !packed.contains_key(&layer.diff_id)));
    pack_and_send(rest, packing, shipment, &mut packed).await?;
    Ok(draft.finish_best(&packed)?)
}

async fn pack_and_send(
    layers: Vec<Layer>,
    packing: &Packer,
    shipment: &mut Shipment<'_>,
    packed: &mut BTreeMap<Digest, Packed>,
) -> Result<(), Error> {
    let (outlet, mut ready) = mpsc::channel(AHEAD);
    let packing = packing.clone();
    tokio::task::spawn_blocking(move || {
        for layer in layers {
            let ready = packing.pack(&layer);
            let is_last = ready.is_err();
            if outlet.blocking_send(ready).is_err() || is_last {
                return;
            }
        }
    });
    let mut batch: Vec<Result<Ready, Error>> = Vec::new();
    loop {
        // All that was packed while the last question was answered is asked for at once.
        tokio::select! {
            count = ready.recv_many(&mut batch, AHEAD) => if count == 0 { return Ok(()) },
            ended = shipment.next_ended() => { ended?; continue; }
        }
        let mut parcels = Vec::new();
        for layer in batch.drain(..) {
            let layer = layer?;
            packed.insert(layer.diff_id.clone(), layer.packed.clone());
            parcels.push(layer.blob().into());
        }
        shipment.send(parcels).await?;
    }
}

/// Reads an image from a stream, and sends its layers while they go by. Says whether its manifest had to be written.
///
/// # Errors
/// It is no image, a layer is not what it should be, or cannot be sent.
pub(crate) async fn ship_stream(
    stream: Box<dyn Read + Send>,
    choice: &Choice,
    packing: &Packer,
    shipment: &mut Shipment<'_>,
) -> Result<(Image, bool), Error> {
    let (words, mut heard) = mpsc::channel(AHEAD);
    let (desk, choice, own) = (Desk::new(words), choice.clone(), packing.clone());
    let reader = tokio::task::spawn_blocking(move || stream::read(stream, &choice, &own, &desk));
    loop {
        let word = tokio::select! {
            word = heard.recv() => word,
            ended = shipment.next_ended() => { ended?; continue; }
        };
        match word {
            Some(Word::Ask(digest, answer)) => {
                let missing = shipment.registry().missing(std::slice::from_ref(&digest)).await?;
                // The reader is gone only if it has failed: it says why.
                let _ = answer.send(missing.is_empty());
            }
            Some(Word::Send(parcel)) => shipment.send(vec![parcel]).await?,
            Some(Word::SendMissing(parcel)) => {
                let missing = BTreeSet::from([parcel.blob.digest.clone()]);
                shipment.send_missing(vec![parcel], &missing)?;
            }
            Some(Word::Cached(packed)) => shipment.note_cached(&packed.digest, packed.size),
            None => break,
        }
    }
    let passed = reader.await.unwrap_or_else(|broken| carry_on(broken));
    match passed {
        Ok(Passed::Image(image)) => Ok((image, false)),
        Ok(Passed::Draft(draft, mut packed, rest)) => {
            shipment.send(vec![draft.config_blob().into()]).await?;
            pack_and_send(in_order(&rest), packing, shipment, &mut packed).await?;
            Ok((draft.finish_best(&packed)?, true))
        }
        Err(Stopped::Stream(error)) => Err(error),
        // It stops by itself only when nobody listens, and this is who listens.
        Err(Stopped::Sender) => Err(Error::StreamStopped),
    }
}
