//! The servers that are measured: one row each in `SERVERS`, with how to find it and how to start it around a child.
//! One that is not on this machine is a line in the report.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::dialect::Dialect;
use super::viewer::Viewer;
use crate::bench::command;
use crate::bench::ground::Ground;
use crate::bench::peer::{Named, OURS, Places, existing, on_path};
use crate::bench::session::child;
use crate::bench::workload::READY;

/// The yardstick of servers: what most web terminals are built from.
pub const NODE_PTY: &str = "node-pty";

/// A server that does not listen by then hangs.
const START_LIMIT: Duration = Duration::from_secs(15);
/// How often it is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(1);
/// Longest wait for one of our own commands.
const COMMAND_LIMIT: Duration = Duration::from_secs(20);
/// The name of the one session behind a server.
pub const SESSION: &str = "work";

/// One row.
pub struct Server {
    pub name: &'static str,
    program: fn(&Places) -> Option<PathBuf>,
    /// Words that make the program say its version, and what it is the version of.
    version: (&'static str, &'static str),
    pub missing: &'static str,
    dialect: Dialect,
    /// Several viewers see one session.
    pub shares: bool,
    /// The words that start it at a port.
    start: fn(&Found, port: u16, child: &[String]) -> Vec<String>,
}

/// A server that is on this machine.
pub struct Found {
    pub server: &'static Server,
    program: PathBuf,
    pub version: String,
    places: Places,
}

/// All of them, in the order of the tables.
pub const SERVERS: &[Server] = &[
    Server {
        name: NODE_PTY,
        program: |places| on_path("node").filter(|_| installed(places, "node-pty/package.json").is_file()),
        version: ("--version", "node "),
        missing: "not installed (`make bench` does it)",
        dialect: Dialect::Plain,
        shares: true,
        start: |found, port, child| {
            let script = found.places.root.join("xtask/peers/node-pty.mjs");
            [&[script.to_string_lossy().into_owned(), port.to_string()], child].concat()
        },
    },
    Server {
        name: "wetty",
        program: |places| existing(installed(places, ".bin/wetty")),
        version: ("--version", "wetty "),
        missing: "not installed (`make bench` does it)",
        dialect: Dialect::SocketIo,
        shares: false,
        start: |_, port, child| {
            let port = port.to_string();
            let line = child.join(" ");
            ["--host", "127.0.0.1", "--port", &port, "--base", "/", "--command", &line]
                .map(str::to_owned)
                .to_vec()
        },
    },
    Server {
        name: OURS,
        program: |places| existing(places.centerfire.clone()),
        version: ("--version", ""),
        missing: "not built",
        dialect: Dialect::Centerfire,
        shares: true,
        start: |_, port, _| ["serve", "--listen", &format!("127.0.0.1:{port}")].map(str::to_owned).to_vec(),
    },
];

fn installed(places: &Places, name: &str) -> PathBuf {
    places.root.join("xtask/peers/node_modules").join(name)
}

impl Server {
    pub fn find(&'static self, places: &Places) -> Result<Found, String> {
        let program = (self.program)(places).ok_or_else(|| self.missing.to_owned())?;
        let said =
            command::text(Command::new(&program).arg(self.version.0), COMMAND_LIMIT).unwrap_or_default();
        let version =
            format!("{}{}", self.version.1, said.lines().next().unwrap_or("version unknown").trim());
        Ok(Found { server: self, program, version, places: places.clone() })
    }
}

impl Named for Found {
    fn name(&self) -> &'static str {
        self.server.name
    }
}

impl Found {
    /// Where a script of the repository is, and our program.
    pub fn script(&self, name: &str) -> PathBuf {
        self.places.root.join(name)
    }

    pub fn program(&self) -> &Path {
        &self.program
    }

    pub fn is(&self, name: &str) -> bool {
        self.server.name == name
    }
}

/// A server at work over a session. Leaving the ground ends its processes.
pub struct Running<'a> {
    found: &'a Found,
    pub ground: Ground,
    process: Child,
    port: u16,
    token: Option<String>,
}

impl<'a> Running<'a> {
    /// Starts a server over a session with a workload, and waits until it listens.
    pub fn start(found: &'a Found, work: &[&str]) -> Result<Running<'a>> {
        let ground = Ground::new()?;
        if found.is(OURS) {
            start_session(found, &ground, SESSION, work)?;
        }
        Self::over(found, ground, work)
    }

    /// Starts a server on a ground on which others were at work.
    pub fn over(found: &'a Found, ground: Ground, work: &[&str]) -> Result<Running<'a>> {
        let token = if found.is(OURS) { Some(Self::make_token(found, &ground)?) } else { None };
        let port = free_port()?;
        let process = spawn(found, &ground, port, &child(work)?)?;
        let running = Running { found, ground, process, port, token };
        running.await_listening()?;
        Ok(running)
    }

    fn make_token(found: &Found, ground: &Ground) -> Result<String> {
        let mut command = ground.command(&found.program);
        let said = command::text(command.args(["token", "create", "--role", "manage"]), COMMAND_LIMIT)?;
        Ok(said.lines().last().context("a token is printed")?.trim().to_owned())
    }

    /// Kills the server, as nothing can prepare for, and starts it anew at the same port; the moment of the kill.
    pub fn restart(&mut self) -> Result<Instant> {
        let began = Instant::now();
        self.process.kill().context("kill the server")?;
        self.process.wait().context("wait for the server")?;
        self.process = spawn(self.found, &self.ground, self.port, &[])?;
        Ok(began)
    }

    /// Joins the session and waits until its child listens.
    pub fn join(&self) -> Result<Viewer> {
        let mut viewer = Viewer::join(self, None)?;
        viewer.await_text(READY, START_LIMIT).context("wait for the child")?;
        Ok(viewer)
    }

    /// Starts one more session behind the server: ours alone.
    pub fn add_session(&self, name: &str, work: &[&str]) -> Result<()> {
        start_session(self.found, &self.ground, name, work)
    }

    pub fn address(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    pub fn dialect(&self) -> Dialect {
        self.found.server.dialect
    }

    pub fn session(&self) -> &'static str {
        SESSION
    }

    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The process that speaks to the clients.
    pub fn process(&self) -> i32 {
        self.process.id() as i32
    }

    fn await_listening(&self) -> Result<()> {
        let deadline = Instant::now() + START_LIMIT;
        while TcpStream::connect(self.address()).is_err() {
            if Instant::now() > deadline {
                bail!("{} does not listen", self.found.name());
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        // The ground ends what is left; here only the server itself, so that nothing new comes of it.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(found: &Found, ground: &Ground, port: u16, work: &[String]) -> Result<Child> {
    let mut command = ground.command(&found.program);
    command.args((found.server.start)(found, port, work));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().with_context(|| format!("start {}", found.name()))
}

/// Starts a session with a workload: of ours alone.
pub fn start_session(found: &Found, ground: &Ground, name: &str, work: &[&str]) -> Result<()> {
    let mut command = ground.command(&found.program);
    command.args(["run", "--detached", "--size", "120x40", "--name", name, "--"]).args(child(work)?);
    let status = command::run(command.stdout(Stdio::null()), COMMAND_LIMIT)?;
    ensure!(status.success(), "the session did not start: {status}");
    Ok(())
}

/// A port that nobody has at this moment.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("find a free port")?;
    Ok(listener.local_addr().context("ask for the port")?.port())
}
