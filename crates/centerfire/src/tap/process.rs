//! The two processes of a tap. The *worker* passes requests on; the *guard* holds the listening socket and starts a worker whenever
//! there is none, and the worker does the same for the guard. While there is no worker, connections wait in the socket.
//!
//! Both end with the session: they wait for the lock that its keeper and its hosts hold ([`Folder::wait_until_left`]).

use super::Way;
use gateway::tap::record::Keeper;
use gateway::tap::{Exchange, Sink, Tap};
use serde::{Deserialize, Serialize};
use session::backoff::Backoff;
use session::folder::Folder;
use session::role;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::os::fd::RawFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Bytes of the way on standard input at most: less than a pipe takes at once.
const WAY_MAX_BYTES: u64 = 32 << 10; // 32 KiB
/// How long what was heard may take to be written down when the session is over.
const WRITTEN_WITHIN: Duration = Duration::from_secs(2);

/// What a process of the tap is told on its command line.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Args {
    version: u16,
    folder: PathBuf,
    part: Part,
    /// The socket that the CLI connects to.
    listener: RawFd,
    /// The other process: it ends with it. The first guard has none yet.
    link: Option<RawFd>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Part {
    /// Starts the guard and leaves, so that nobody who goes on has a child of it.
    Starter,
    Guard,
    Worker,
}

impl Part {
    fn other(self) -> Self {
        match self {
            Self::Guard => Self::Worker,
            Self::Starter | Self::Worker => Self::Guard,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Starter => "starter",
            Self::Guard => "guard",
            Self::Worker => "worker",
        }
    }
}

/// What both parts know.
struct Pair {
    part: Part,
    folder: Folder,
    listener: TcpListener,
    way: Way,
}

/// Has the guard started, which does the rest.
pub(super) fn start(folder: &Folder, listener: &TcpListener, way: &Way) -> io::Result<()> {
    match spawn(Part::Starter, folder, listener, way, None)?.wait()? {
        left if left.success() => Ok(()),
        left => {
            Err(io::Error::other(format!("its first process ended with {left}; the session's log tells why")))
        }
    }
}

/// Runs one of the two until the session is over.
pub(crate) fn role(words: &[OsString]) -> anyhow::Result<()> {
    let args: Args = role::parse(words.get(2))?;
    let link = args.link.map(role::inherited).transpose()?.map(UnixStream::from);
    let listener = TcpListener::from(role::inherited(args.listener)?);
    let mut way = Vec::new();
    io::stdin().lock().take(WAY_MAX_BYTES).read_to_end(&mut way)?;
    let way = serde_json::from_slice(&way)?;
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let _ = std::env::set_current_dir("/");
    let pair = Arc::new(Pair { part: args.part, folder: Folder::at(&args.folder), listener, way });
    if args.part == Part::Starter {
        return Ok(spawn(Part::Guard, &pair.folder, &pair.listener, &pair.way, None).map(drop)?);
    }
    let keeping = Arc::clone(&pair);
    thread::Builder::new().name("keep".to_owned()).spawn(move || keeping.keep_other(link))?;
    match args.part {
        Part::Starter | Part::Guard => {
            role::set_name(c"cf-tap-guard");
            Ok(pair.folder.wait_until_left()?)
        }
        Part::Worker => {
            role::set_name(c"cf-tap");
            pair.pass_on()
        }
    }
}

impl Pair {
    /// Starts the other one whenever it is gone, until the session is over.
    fn keep_other(&self, mut link: Option<UnixStream>) {
        let part = self.part.other();
        let mut child: Option<Child> = None;
        let mut backoff = Backoff::new();
        loop {
            if let Some(mut other) = link.take() {
                // Nothing is ever said: it ends when the other one does.
                let _ = other.read(&mut [0]);
                if let Some(mut child) = child.take() {
                    let _ = child.kill();
                    let _ = child.wait();
                }
                if self.folder.is_left() {
                    return;
                }
                session::log::error("tap", format_args!("the {} is gone; starting another", part.name()));
                thread::sleep(backoff.died().saturating_duration_since(Instant::now()));
            }
            match self.start_other(part) {
                Ok((started, to)) => {
                    backoff.started();
                    (child, link) = (Some(started), Some(to));
                }
                Err(error) => {
                    session::log::error("tap", format_args!("cannot start the {}: {error}", part.name()));
                    thread::sleep(backoff.died().saturating_duration_since(Instant::now()));
                }
            }
        }
    }

    fn start_other(&self, part: Part) -> io::Result<(Child, UnixStream)> {
        let (ours, its) = UnixStream::pair()?;
        let child = spawn(part, &self.folder, &self.listener, &self.way, Some(&its))?;
        Ok((child, ours))
    }

    /// Passes requests on.
    fn pass_on(&self) -> anyhow::Result<()> {
        let (tell, over) = oneshot::channel();
        let folder = self.folder.clone();
        thread::Builder::new().name("over".to_owned()).spawn(move || {
            let _ = folder.wait_until_left();
            let _ = tell.send(());
        })?;
        let bodies = self.folder.api_bodies();
        let bodies = self.way.bodies.then_some(bodies.as_path());
        let keeper = Keeper::new(&self.folder.api(), bodies, self.way.min_free_bytes);
        let (written, is_written) = mpsc::channel();
        let sink = Box::new(Writing { keeper, _written: written });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let tap =
                Tap::start_on(self.listener.try_clone()?, super::callers(self.way.is_shown), sink).await?;
            tap.open_at("", &self.way.upstream, self.way.secret.clone())?;
            let _ = over.await;
            anyhow::Ok(())
        })?;
        // All connections end, and with the last one the thread that writes: then nobody holds `written`.
        drop(runtime);
        let _ = is_written.recv_timeout(WRITTEN_WITHIN);
        Ok(())
    }
}

/// Says that it was dropped, by being dropped.
struct Writing {
    keeper: Keeper,
    _written: mpsc::Sender<()>,
}

impl Sink for Writing {
    fn hear(&mut self, exchange: Exchange) {
        self.keeper.hear(exchange);
    }
}

fn spawn(
    part: Part,
    folder: &Folder,
    listener: &TcpListener,
    way: &Way,
    link: Option<&UnixStream>,
) -> io::Result<Child> {
    let args = Args {
        version: role::VERSION,
        folder: folder.path().to_owned(),
        part,
        listener: role::number(listener),
        link: link.map(role::number),
    };
    let inherit = [args.listener].into_iter().chain(args.link).collect();
    let mut command = role::command(&role::this_binary(), role::TAP, &args, &folder.log(), inherit)?;
    role::outlive_terminal(&mut command);
    let mut child = command.stdin(Stdio::piped()).spawn()?;
    // It fits into the pipe, so nobody waits for the other to read.
    let told = child.stdin.take().map_or(Ok(()), |mut input| input.write_all(&serde_json::to_vec(way)?));
    if let Err(error) = told {
        let _ = child.kill();
        let _ = child.wait();
        return Err(error);
    }
    Ok(child)
}
