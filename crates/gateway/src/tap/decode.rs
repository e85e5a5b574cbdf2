//! Undoes the compression of a copy. On the way nothing is touched: what the CLI and its server agreed on goes through.

use std::io::{self, Write};

/// A body at most when it is unpacked: a small one can hold a very large one.
const UNPACKED_MAX_BYTES: usize = 256 << 20; // 256 MiB
/// What a decoder of zstd may be asked to remember, as a power of two.
const WINDOW_LOG_MAX: u32 = 27; // 128 MiB

/// Unpacks a body piece by piece.
pub(super) struct Decoder {
    kind: Kind,
    plain: Vec<u8>,
    failed: bool,
}

/// What is unpacked, with a limit of its own: a few bytes can make very many in one go.
#[derive(Default)]
struct Plain {
    bytes: Vec<u8>,
    total: usize,
}

enum Kind {
    Plain,
    Gzip(Box<flate2::write::MultiGzDecoder<Plain>>),
    Zlib(Box<flate2::write::ZlibDecoder<Plain>>),
    Raw(Box<flate2::write::DeflateDecoder<Plain>>),
    Brotli(Box<brotli_decompressor::DecompressorWriter<Plain>>),
    Zstd(Box<zstd::stream::write::Decoder<'static, Plain>>),
}

impl Decoder {
    /// A decoder for what a `content-encoding` names. What it does not know it does not understand, and says so.
    pub(super) fn new(encoding: Option<&str>) -> Self {
        let encoding = encoding.unwrap_or_default().trim().to_ascii_lowercase();
        let kind = match encoding.as_str() {
            "" | "identity" => Some(Kind::Plain),
            "gzip" | "x-gzip" => {
                Some(Kind::Gzip(Box::new(flate2::write::MultiGzDecoder::new(Plain::default()))))
            }
            "deflate" => Some(Kind::Zlib(Box::new(flate2::write::ZlibDecoder::new(Plain::default())))),
            "br" => Some(Kind::Brotli(Box::new(brotli_decompressor::DecompressorWriter::new(
                Plain::default(),
                4096,
            )))),
            "zstd" => zstd::stream::write::Decoder::new(Plain::default()).ok().and_then(|mut decoder| {
                decoder.window_log_max(WINDOW_LOG_MAX).ok()?;
                Some(Kind::Zstd(Box::new(decoder)))
            }),
            _ => None,
        };
        let failed = kind.is_none();
        Self { kind: kind.unwrap_or(Kind::Plain), plain: Vec::new(), failed }
    }

    /// A decoder for texts of a WebSocket, each of which [`renew`](Self::renew) ends.
    pub(super) fn raw() -> Self {
        let kind = Kind::Raw(Box::new(flate2::write::DeflateDecoder::new(Plain::default())));
        Self { kind, plain: Vec::new(), failed: false }
    }

    /// The next text begins, with what is remembered of those before, and may be as long as they.
    pub(super) fn renew(&mut self) {
        if let Kind::Raw(decoder) = &mut self.kind {
            decoder.get_mut().total = 0;
        }
    }

    /// Whether something could not be unpacked; nothing is told from there on.
    pub(super) fn failed(&self) -> bool {
        self.failed
    }

    /// Takes the next bytes; returns what is known of the plain ones.
    pub(super) fn decode<'a>(&'a mut self, bytes: &'a [u8]) -> &'a [u8] {
        if self.failed {
            return &[];
        }
        // Flushed, so that an event is told when it came, not with the next.
        let (written, out) = match &mut self.kind {
            Kind::Plain => return bytes,
            Kind::Gzip(decoder) => {
                (decoder.write_all(bytes).and_then(|()| decoder.flush()), decoder.get_mut())
            }
            Kind::Zlib(decoder) => {
                (decoder.write_all(bytes).and_then(|()| decoder.flush()), decoder.get_mut())
            }
            Kind::Raw(decoder) => {
                (decoder.write_all(bytes).and_then(|()| decoder.flush()), decoder.get_mut())
            }
            Kind::Brotli(decoder) => (decoder.write_all(bytes), decoder.get_mut()),
            Kind::Zstd(decoder) => {
                (decoder.write_all(bytes).and_then(|()| decoder.flush()), decoder.get_mut())
            }
        };
        self.plain = std::mem::take(&mut out.bytes);
        self.failed = written.is_err();
        &self.plain
    }
}

impl Write for Plain {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.total += bytes.len();
        if self.total > UNPACKED_MAX_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
