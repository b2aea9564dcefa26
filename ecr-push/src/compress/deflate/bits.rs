//! Bits, packed into bytes from the lowest one on.

/// Writes bits into bytes that are there already.
pub(super) struct BitWriter<'a> {
    bytes: &'a mut [u8],
    position: usize,
    /// Bits that are not written yet, the first one lowest.
    pending: u64,
    count: u32,
}

impl<'a> BitWriter<'a> {
    pub(super) fn new(bytes: &'a mut [u8]) -> Self {
        Self { bytes, position: 0, pending: 0, count: 0 }
    }

    /// The writer itself. What is left in its place has no bytes to write to.
    pub(super) fn take(&mut self) -> Self {
        Self { bytes: std::mem::take(&mut self.bytes), ..*self }
    }

    /// Takes the lowest `count` bits; the others are zero. Between two calls of [`Self::flush`] there is room for 57.
    #[inline]
    pub(super) fn put(&mut self, bits: u64, count: u32) {
        self.pending |= bits << self.count;
        self.count += count;
    }

    /// Writes all whole bytes.
    #[inline]
    pub(super) fn flush(&mut self) {
        self.bytes[self.position..][..8].copy_from_slice(&self.pending.to_le_bytes());
        self.position += (self.count >> 3) as usize;
        self.pending >>= self.count & !7;
        self.count &= 7;
    }

    /// Fills the byte that is begun with zeros.
    pub(super) fn align(&mut self) {
        self.count = self.count.next_multiple_of(8);
        self.flush();
    }

    /// An empty stored block, after which the next one begins at a whole byte.
    pub(super) fn put_sync(&mut self) {
        self.put_stored(&[]);
    }

    /// A stored block of at most 65535 bytes that is not the last one.
    pub(super) fn put_stored(&mut self, plain: &[u8]) {
        self.put(0, 3);
        self.align();
        let length = plain.len() as u64;
        self.put(length | (!length & 0xffff) << 16, 32);
        self.flush();
        self.bytes[self.position..][..plain.len()].copy_from_slice(plain);
        self.position += plain.len();
    }

    /// How many whole bytes are written.
    pub(super) fn position(&self) -> usize {
        self.position
    }
}
