//! A real server over an isolated instance, and what a test asks of it.

use crate::http::{Answer, Call};
use crate::socket::{Plain, Socket};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use testkit::wait::exit_of;
use testkit::{Instance, eventually};

/// How long anything may take before a test gives up.
pub(crate) use testkit::instance::LIMIT;

/// An isolated instance with a server.
pub(crate) struct Rig {
    // Dropped first: a server that is gone holds nothing of the instance.
    server: Server,
    /// What the tests send where no other role is told.
    pub manage: String,
    pub instance: Instance,
}

/// A running server.
struct Server {
    child: Child,
    address: SocketAddr,
    link: String,
    /// Where agentapi's clients are served.
    ports: Vec<SocketAddr>,
}

impl Server {
    fn start(instance: &Instance, address: SocketAddr, arguments: &[&str]) -> Self {
        let address = address.to_string();
        let listen: &[&str] = if arguments.contains(&"--listen") { &[] } else { &["--listen", &address] };
        Self::of(&mut instance.command(&[&["serve"], listen, arguments].concat()))
    }

    fn of(command: &mut Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("start the server");
        let asked = command.get_args().filter(|word| *word == "--agentapi").count();
        let stdout = child.stdout.take().expect("stdout is piped");
        let mut lines = BufReader::new(stdout).lines();
        let mut line = || lines.next().and_then(Result::ok).unwrap_or_default();
        let link = line();
        let port = |line: String| line.rsplit('/').next().and_then(|address| address.parse().ok());
        let ports = (0..asked).map(|_| port(line()).expect("the server prints its ports")).collect();
        let address = link.split_once("://").and_then(|(_, rest)| rest.split('/').next());
        // Where it is called by a name, it is this machine's all the same.
        let port =
            |name: &str| Some(SocketAddr::from(([127, 0, 0, 1], name.rsplit(':').next()?.parse().ok()?)));
        let address = address.and_then(|address| address.parse().ok().or_else(|| port(address)));
        let address = address.unwrap_or_else(|| panic!("the server printed no link but `{link}`"));
        Self { child, address, link, ports }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::serving(&[])
    }

    /// Of another file with the same binary.
    pub(crate) fn of_binary(binary: &Path) -> Self {
        let instance = Instance::new(binary);
        let server = Server::start(&instance, ([127, 0, 0, 1], 0).into(), &[]);
        Self::of(instance, server)
    }

    /// With more words for `serve`.
    pub(crate) fn serving(arguments: &[&str]) -> Self {
        let instance = Instance::new(env!("CARGO_BIN_EXE_centerfire"));
        let server = Server::start(&instance, ([127, 0, 0, 1], 0).into(), arguments);
        Self::of(instance, server)
    }

    /// With a server whose standard error is a file.
    pub(crate) fn logging(arguments: &[&str], file: &Path) -> Self {
        let instance = Instance::new(env!("CARGO_BIN_EXE_centerfire"));
        let words = [&["serve", "--listen", "127.0.0.1:0"], arguments].concat();
        let file = std::fs::File::create(file).expect("make the file of the log");
        let server = Server::of(instance.command(&words).stderr(file));
        Self::of(instance, server)
    }

    /// With a server that has one more variable.
    pub(crate) fn with_variable(name: &str, value: &str) -> Self {
        let instance = Instance::new(env!("CARGO_BIN_EXE_centerfire"));
        let server = Server::of(instance.command(&["serve", "--listen", "127.0.0.1:0"]).env(name, value));
        Self::of(instance, server)
    }

    /// With a setting.
    pub(crate) fn with_setting(setting: &str) -> Self {
        let instance = Instance::new(env!("CARGO_BIN_EXE_centerfire"));
        let arguments = ["--set", setting, "serve", "--listen", "127.0.0.1:0"];
        let server = Server::of(&mut instance.command(&arguments));
        Self::of(instance, server)
    }

    /// With a server that may have so many files open.
    pub(crate) fn with_files(files: usize) -> Self {
        let instance = Instance::new(env!("CARGO_BIN_EXE_centerfire"));
        let mut command = Command::new("/bin/bash");
        instance.settle(&mut command);
        let script = format!("ulimit -n {files}; exec \"$cf\" serve --listen 127.0.0.1:0");
        let server = Server::of(command.args(["-c", &script]).env("cf", instance.binary()));
        Self::of(instance, server)
    }

    /// With a server that finds no other programs than these.
    pub(crate) fn with_programs(programs: &[&str]) -> Self {
        let instance = Instance::new(env!("CARGO_BIN_EXE_centerfire"));
        let folder = instance.user_home().join("programs");
        std::fs::create_dir(&folder).expect("make a folder");
        for program in programs {
            let file = testkit::tools::program(program).expect("find a program");
            std::os::unix::fs::symlink(file, folder.join(program)).expect("link a program");
        }
        let mut command = instance.command(&["serve", "--listen", "127.0.0.1:0"]);
        let server = Server::of(command.env("PATH", folder));
        Self::of(instance, server)
    }

    fn of(instance: Instance, server: Server) -> Self {
        let manage = token(&instance, &["--role", "manage"]).0;
        Self { server, manage, instance }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// What the server printed first.
    pub(crate) fn link(&self) -> &str {
        &self.server.link
    }

    /// Where agentapi's clients are served, in the order of the words.
    pub(crate) fn ports(&self) -> &[SocketAddr] {
        &self.server.ports
    }

    pub(crate) fn server_pid(&self) -> u32 {
        self.server.child.id()
    }

    /// The secret in the link that the server printed.
    pub(crate) fn login(&self) -> &str {
        self.server.link.split_once("#login=").expect("the link has a secret").1
    }

    /// Kills the server as `kill -9` does, and starts another at the same address.
    pub(crate) fn restart_server(&mut self) {
        self.server.child.kill().expect("kill the server");
        self.server.child.wait().expect("wait for the server");
        self.server = Server::start(&self.instance, self.server.address, &[]);
    }

    pub(crate) fn signal_server(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.server.child), signal).expect("signal the server");
    }

    /// Tells the server to end; how it did.
    pub(crate) fn stop_server(&mut self, signal: Signal) -> std::process::ExitStatus {
        self.signal_server(signal);
        exit_of(&mut self.server.child, LIMIT).expect("wait for the server").expect("the server ends")
    }

    /// A session's host.
    pub(crate) fn host(&self, name: &str) -> Pid {
        let host = self.instance.json(&["show", name, "--json"])["pids"]["host"].as_i64().expect("a host");
        Pid::from_raw(i32::try_from(host).expect("a process")).expect("a process")
    }

    /// Starts a script in a session without a terminal, and waits until it says `ready`.
    pub(crate) fn start(&self, name: &str, script: &str) {
        let arguments = ["run", "--detached", "--name", name, "--", "bash", "-c", script];
        let output = self.instance.run(&arguments);
        assert!(output.status.success(), "{output:?}");
        self.wait_for_line(name, "ready");
    }

    /// Waits until a line of a session's screen fits.
    #[track_caller]
    pub(crate) fn wait_for_line(&self, name: &str, pattern: &str) {
        let output =
            self.instance.run(&["wait", name, "--for", "text", "--match", pattern, "--timeout", "25"]);
        let screen = || String::from_utf8_lossy(&self.run(&["screen", name]).stdout).into_owned();
        assert!(output.status.success(), "{output:?}\n{}", screen());
    }

    /// Waits until a session's program has ended.
    pub(crate) fn wait_for_end(&self, name: &str) {
        self.instance.out(&["wait", name, "--for", "exit", "--timeout", "25"]);
    }

    /// All output of a session that is stored.
    pub(crate) fn stored(&self, name: &str) -> Vec<u8> {
        self.instance.out(&["export", name, "--format", "raw"])
    }

    /// Waits until so much output is stored.
    pub(crate) fn wait_for_stored(&self, name: &str, bytes: u64) {
        let enough = || (self.offset(name) >= bytes).then_some(());
        eventually(LIMIT, enough).unwrap_or_else(|| panic!("{} bytes are stored", self.offset(name)));
    }

    /// How much output a session has.
    pub(crate) fn offset(&self, name: &str) -> u64 {
        let screen = Call::get(&format!("/api/v1/sessions/{name}/screen")).bearer(&self.manage).send(self);
        screen.json()["offset"].as_u64().expect("a screen has an offset")
    }

    /// Types these bytes.
    pub(crate) fn press(&self, name: &str, text: &str) {
        let path = format!("/api/v1/sessions/{name}/input");
        let answer = Call::post(&path, &json!({ "text": text })).bearer(&self.manage).send(self);
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// A client of `centerfire.v1` with the role `manage`.
    pub(crate) fn join(&self, name: &str, query: &str) -> Socket {
        self.join_as(&self.manage, name, query)
    }

    pub(crate) fn join_as(&self, secret: &str, name: &str, query: &str) -> Socket {
        Socket::open(self.address(), secret, name, query).expect("join a session")
    }

    /// A client without a subprotocol.
    pub(crate) fn join_plain(&self, name: &str) -> Plain {
        Plain::open(self.address(), &self.manage, name)
    }

    /// Makes a token; its secret.
    pub(crate) fn token(&self, arguments: &[&str]) -> String {
        token(&self.instance, arguments).0
    }

    /// Makes a token; its secret and its id.
    pub(crate) fn token_and_id(&self, arguments: &[&str]) -> (String, String) {
        token(&self.instance, arguments)
    }

    /// Logs a browser in; the secret of its cookie.
    pub(crate) fn cookie(&self, arguments: &[&str]) -> String {
        let login = self.token(&[arguments, &["--login"]].concat());
        cookie_of(&self.log_in(&login))
    }

    pub(crate) fn log_in(&self, login: &str) -> Answer {
        Call::post("/api/v1/login", &json!({ "token": login })).send(self)
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.instance.run(arguments)
    }

    /// Puts a file where scripts find it.
    pub(crate) fn file(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.instance.work().join(name), bytes).expect("write a file of the test");
    }
}

fn token(instance: &Instance, arguments: &[&str]) -> (String, String) {
    let made: Value = instance.json(&[&["token", "create", "--json"], arguments].concat());
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    (text(&made["token"]), text(&made["grant"]["id"]))
}

/// The secret of the cookie that an answer sets.
pub(crate) fn cookie_of(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie").unwrap_or_else(|| panic!("no cookie: {answer:?}"));
    let secret = cookie.split_once('=').and_then(|(_, rest)| rest.split(';').next());
    secret.expect("a cookie has a value").to_owned()
}
