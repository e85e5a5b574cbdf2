//! `raw`: every byte that the program wrote, answered queries included; nothing else.

use super::Encoder;
use protocol::{Body, Record};

pub(super) struct Raw;

impl Encoder for Raw {
    fn encode(&mut self, record: &Record<'_>, out: &mut Vec<u8>) {
        if let Body::Output { bytes, .. } = record.body {
            out.extend_from_slice(bytes);
        }
    }

    fn finish(&mut self, _: &mut Vec<u8>) {}
}
