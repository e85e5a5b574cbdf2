//! `centerfire serve`: sessions for browsers and programs.

use crate::config::{Config, LogFormat, Loopback};
use crate::context::Context;
use crate::serve_log;
use crate::tap::ReadAlong;
use crate::term::say;
use anyhow::Context as _;
use gateway::server::{Left, Server};
use gateway::tls::Tls;
use gateway::{AgentapiPort, Options};
use serde_json::{Value, json};
use session::launch::Extra;
use session::starter::Starter;
use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// At the end, how long work beside the server's thread may take that nobody waits for any more, such as a question to a
/// host that does not answer.
const WORK_WITHIN: Duration = Duration::from_secs(1);
/// Where agentapi itself listens.
const AGENTAPI_LISTEN: &str = "127.0.0.1:3284";

/// Open all sessions to browsers and programs, over HTTP and WebSocket
///
/// It prints a link that logs one browser in, once, within 15 minutes. Programs send a token of `centerfire token create`
/// as `Authorization: Bearer TOKEN`. The server may be ended at any moment: sessions go on without it, and whoever watched
/// goes on where he was when it is back.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  centerfire serve --open\n  centerfire serve --listen 127.0.0.1:9000\n  centerfire serve --listen 0.0.0.0:7333 --tls --host desk.example"
)]
pub(crate) struct Args {
    /// Where to listen; only this machine can reach a loopback address
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Open the link in a browser
    #[arg(long)]
    open: bool,
    /// A name by which browsers may call the server, such as that of a proxy before it; may be given more than once
    #[arg(long, value_name = "NAME")]
    host: Vec<String>,
    /// A quiet event stream says a word after so many ms
    #[arg(long, value_name = "MS", env = "SSE_KEEPALIVE_INTERVAL", default_value_t = 30_000, value_parser = clap::value_parser!(u64).range(1..))]
    sse_keepalive: u64,
    /// Event streams at most
    #[arg(long, value_name = "COUNT", env = "SSE_MAX_CONNECTIONS", default_value_t = 100)]
    sse_max: usize,
    /// Encrypt, with a certificate of its own that is made once and signed by nobody; its fingerprint is printed
    #[arg(long, conflicts_with = "tls_cert")]
    tls: bool,
    /// Encrypt with this certificate: a file in PEM, with those that vouch for it; `centerfire upgrade` reads it again
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's key: a file in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Give a session a port of its own for clients of agentapi, 127.0.0.1:3284 by default; may be given more than once
    ///
    /// Such clients send no token: every user and program of this machine can read the session there and type into it.
    /// Only a loopback address is taken, and pages of other sites are refused. With a token the same is at
    /// /agentapi/SESSION/ without this.
    #[arg(long, value_name = "SESSION[=ADDRESS:PORT]", value_parser = agentapi_port)]
    agentapi: Vec<AgentapiPort>,
    /// The form of the log on standard error; `serve.log_level` says what is in it
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<LogFormat>,
    /// Listen on an address that others can reach, without encryption
    #[arg(long)]
    insecure_network: bool,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let listen = self.listen.unwrap_or(context.config.serve_listen);
        let options = Options {
            listen,
            hosts: self.host.clone(),
            insecure_network: self.insecure_network,
            tls: self.tls(context)?,
            model: context.config.search_choice()?,
            jobs: context.config.jobs(),
            follows_conversations: context.config.conversations_follow,
            open_loopback: context.config.auth_loopback == Loopback::Open,
            starter: Starter { own: vec![gateway::SOCKETS_VARIABLE], ..context.starter() },
            beside: beside(context.config.clone()),
            sse_keep_alive: Duration::from_millis(self.sse_keepalive),
            sse_connections_max: self.sse_max,
            writes_per_second: context.config.serve_writes_per_second,
            agentapi: self.agentapi.clone(),
        };
        let format = self.log_format.unwrap_or(context.config.serve_log_format);
        // Until the end: what is still to be written then, is.
        let log = serve_log::begin(format, context.config.serve_log_level)?;
        // One thread: what it does takes microseconds, and a key goes through without waking another. What takes longer is
        // done beside it.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("start the server's thread")?;
        let left = runtime.block_on(async {
            let server = Server::bind(context.home.clone(), options).await?;
            if !server.was_given_its_socket() {
                self.tell(context, &server)?;
            }
            server.run().await.context("serve")
        })?;
        runtime.shutdown_timeout(WORK_WITHIN);
        drop(log);
        match left {
            Left::Stopped => Ok(ExitCode::SUCCESS),
            Left::Replaced(sockets) => {
                Err(gateway::become_successor(&sockets)).context("become the new binary")
            }
        }
    }

    /// What flags say, and else the configuration.
    fn tls(&self, context: &Context) -> anyhow::Result<Option<Tls>> {
        let config = &context.config;
        let of_flags = self.tls_cert.clone().zip(self.tls_key.clone());
        if self.tls {
            return Ok(Some(Tls::Own));
        }
        match (of_flags, &config.serve_tls_cert, &config.serve_tls_key) {
            (Some((cert, key)), ..) => Ok(Some(Tls::Files { cert, key })),
            (None, Some(cert), Some(key)) => Ok(Some(Tls::Files { cert: cert.clone(), key: key.clone() })),
            (None, None, None) => Ok(config.serve_tls.then_some(Tls::Own)),
            _ => anyhow::bail!("`serve.tls_cert` and `serve.tls_key` need each other; set both, or neither"),
        }
    }

    fn tell(&self, context: &Context, server: &Server) -> anyhow::Result<()> {
        let (link, address) = (server.login_link()?, server.address()?);
        let ports: Vec<Value> = server
            .ports()
            .iter()
            .map(|(session, address)| json!({ "session": session, "address": address.to_string() }))
            .collect();
        let told = json!({ "url": link, "address": address.to_string(), "agentapi": ports, "fingerprint": server.fingerprint() });
        context.say(&told, || {
            let ports = server.ports();
            let ports =
                ports.iter().map(|(session, address)| format!("\nagentapi: {session} at http://{address}"));
            let certificate = server.fingerprint().map(|print| format!("\ncertificate: SHA-256 {print}"));
            link.clone() + &ports.collect::<String>() + &certificate.unwrap_or_default()
        });
        if self.open {
            open(&link);
        }
        if std::io::stdout().is_terminal() && !context.json {
            say("the link works once; C-c ends the server, and no session");
        }
        if context.config.auth_loopback == Loopback::Open {
            say("auth.loopback is open: every user and program of this machine may do everything");
        }
        Ok(())
    }
}

/// `SESSION` or `SESSION=ADDRESS:PORT`.
/// Sessions that are started over HTTP are tapped where the configuration says so.
fn beside(config: Config) -> gateway::Beside {
    Arc::new(move |plan| {
        let along = ReadAlong::prepare(&config, false, false, plan);
        // Nothing was asked for, so nothing is refused.
        Box::new(|folder| along.map_or_else(|_| Ok(Extra::default()), |along| along.start(folder)))
    })
}

fn agentapi_port(text: &str) -> Result<AgentapiPort, String> {
    let (session, address) = text.split_once('=').unwrap_or((text, AGENTAPI_LISTEN));
    let listen = address
        .parse()
        .map_err(|_| format!("`{address}` is no address and port, such as {AGENTAPI_LISTEN}"))?;
    if session.is_empty() {
        return Err("name the session".to_owned());
    }
    Ok(AgentapiPort { session: session.to_owned(), listen })
}

/// Asks the desktop to show an address; where there is none the link has been printed.
fn open(link: &str) {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let started = Command::new(opener)
        .arg(link)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if let Err(error) = started {
        eprintln!("centerfire: cannot open a browser ({opener}: {error}); open the link yourself");
    }
}
