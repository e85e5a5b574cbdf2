//! A connection that became a WebSocket: bytes both ways as they come, and a copy of them for the ear.

use super::Outcome;
use super::hear::Ear;
use hyper::body::Bytes;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Bytes that are passed on at once.
const PIECE_BYTES: usize = 16 << 10; // 16 KiB
/// How long one side may still be heard once the other has ended: what they said may have crossed.
const LINGER: Duration = Duration::from_secs(1);

/// Passes on what the two sides say, until one of them ends. Its place is the one that its connection had.
pub(super) async fn pass(client: OnUpgrade, server: OnUpgrade, ear: Ear, places: Arc<Semaphore>) {
    let (Ok(_place), Ok(client), Ok(server)) = tokio::join!(places.acquire_owned(), client, server) else {
        return;
    };
    let (from_client, to_client) = tokio::io::split(TokioIo::new(client));
    let (from_server, to_server) = tokio::io::split(TokioIo::new(server));
    let mut asks = pin!(copy(from_client, to_server, |bytes| ear.asked(bytes)));
    let mut answers = pin!(copy(from_server, to_client, |bytes| ear.answer(bytes)));
    let outcome = tokio::select! {
        _ = &mut asks => {
            let _ = timeout(LINGER, answers).await;
            Outcome::HungUp
        }
        _ = &mut answers => {
            let _ = timeout(LINGER, asks).await;
            Outcome::Cut
        }
    };
    ear.end(outcome);
}

/// Passes bytes on until there are no more.
async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    hear: impl Fn(&Bytes),
) -> io::Result<()> {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let count = from.read(&mut piece).await?;
        if count == 0 {
            return to.shutdown().await;
        }
        hear(&Bytes::copy_from_slice(&piece[..count]));
        to.write_all(&piece[..count]).await?;
        to.flush().await?;
    }
}
