//! The socket to a host, in two halves. It wakes the server only for what can be read: tokio's own stream is woken too each
//! time that the host has taken what was sent. (Measured over 100 keys it made little difference: 3.1 waits for a key against 3.2,
//! because both mostly come together.)

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// The half that reads.
pub(crate) struct ReadHalf(Arc<AsyncFd<UnixStream>>);

/// The half that writes. The host hears of its end.
pub(crate) struct WriteHalf(Arc<AsyncFd<UnixStream>>);

/// Connects to a host's socket.
pub(crate) async fn connect(path: &Path) -> io::Result<(ReadHalf, WriteHalf)> {
    let socket = tokio::net::UnixStream::connect(path).await?.into_std()?;
    let socket = Arc::new(register(socket, Interest::READABLE)?);
    Ok((ReadHalf(Arc::clone(&socket)), WriteHalf(socket)))
}

fn register(socket: UnixStream, interest: Interest) -> io::Result<AsyncFd<UnixStream>> {
    // SAFETY: a `UnixStream` owns its descriptor and is the same one until it is dropped, after its registration.
    Ok(unsafe { AsyncFd::register_with_interest(socket, interest)? })
}

impl ReadHalf {
    /// Reads what there is, once there is something; 0 at the end.
    pub(crate) async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut ready = self.0.readable().await?;
            if let Ok(result) = ready.try_io(|socket| socket.get_ref().read(buffer)) {
                return result;
            }
        }
    }
}

impl WriteHalf {
    /// Writes all of it.
    pub(crate) async fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.0.get_ref().write(bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.await_room().await?,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Waits until the host has taken some: it is rare that it has not.
    async fn await_room(&self) -> io::Result<()> {
        let socket = register(self.0.get_ref().try_clone()?, Interest::WRITABLE)?;
        socket.writable().await.map(drop)
    }
}

impl Drop for WriteHalf {
    fn drop(&mut self) {
        // Fails where the host is gone already.
        let _ = self.0.get_ref().shutdown(Shutdown::Write);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    #[tokio::test]
    async fn what_does_not_fit_is_written_as_the_other_end_reads_and_the_end_is_heard() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        let (mut read, mut write) = connect(&path).await.unwrap();
        let reader = std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            let mut all = Vec::new();
            socket.read_to_end(&mut all).unwrap();
            socket.write_all(b"heard").unwrap();
            all
        });
        let bytes: Vec<u8> = (0..4 << 20).map(|place: u32| place as u8).collect();
        write.write_all(&bytes).await.unwrap();
        drop(write);
        let mut buffer = [0; 16];
        assert_eq!(read.read(&mut buffer).await.unwrap(), 5);
        assert_eq!(read.read(&mut buffer).await.unwrap(), 0);
        assert!(reader.join().unwrap() == bytes);
    }
}
