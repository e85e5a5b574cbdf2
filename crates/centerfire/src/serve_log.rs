//! The server's log, on standard error. A thread of its own writes it, so that nobody waits for whoever reads it; what comes
//! while too much is waiting is left out.

use crate::config::{LogFormat, LogLevel};
use anyhow::Context as _;
use std::io::{self, IsTerminal as _, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;

/// Lines that wait to be written; more are left out.
const LINES_MAX: usize = 4096;
/// How long the end of the server waits for the last lines.
const LAST_LINES: Duration = Duration::from_secs(1);
/// What the server's own crate is called in it.
const OURS: &str = "gateway";

/// What the thread is told.
enum Word {
    Line(Vec<u8>),
    /// All before it are to be written now.
    Flush(SyncSender<()>),
}

/// Writes what is left when it is dropped.
pub(crate) struct Log {
    words: SyncSender<Word>,
    #[cfg(feature = "otel")]
    _spans: Option<otel::Spans>,
}

/// Where lines go: to the thread.
#[derive(Clone)]
struct Pen(SyncSender<Word>);

/// Logs from now on.
pub(crate) fn begin(format: LogFormat, level: LogLevel) -> anyhow::Result<Log> {
    let (words, lines) = sync_channel(LINES_MAX);
    thread::Builder::new()
        .name("log".to_owned())
        .spawn(move || write(lines))
        .context("start the log's thread")?;
    let pen = Pen(words.clone());
    let fmt = tracing_subscriber::fmt::layer().with_writer(move || pen.clone());
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    let lines = match format {
        LogFormat::Text => fmt.with_target(false).with_ansi(io::stderr().is_terminal()).boxed(),
        LogFormat::Json => fmt.json().flatten_event(true).with_span_list(false).with_target(false).boxed(),
    };
    // Spans are wanted with every line, also where lines of their level are not.
    let ours = Targets::new().with_target(OURS, LevelFilter::INFO.max(level));
    let lines = lines.with_filter(tracing_subscriber::filter::FilterExt::and(
        ours,
        tracing_subscriber::filter::filter_fn(move |facts| facts.is_span() || *facts.level() <= level),
    ));
    let log = tracing_subscriber::registry().with(lines);
    #[cfg(feature = "otel")]
    let (log, spans) = {
        let (layer, spans) = otel::layer()?;
        (log.with(layer), spans)
    };
    tracing::subscriber::set_global_default(log).context("begin the log")?;
    Ok(Log {
        words,
        #[cfg(feature = "otel")]
        _spans: spans,
    })
}

fn write(words: Receiver<Word>) {
    let mut out = io::stderr();
    for word in words {
        // Whoever does not want to read it any more stops nobody.
        match word {
            Word::Line(line) => drop(out.write_all(&line)),
            Word::Flush(done) => drop(done.send(())),
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        let (done, written) = sync_channel(1);
        if self.words.try_send(Word::Flush(done)).is_ok() {
            let _ = written.recv_timeout(LAST_LINES);
        }
    }
}

impl Write for Pen {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let _ = self.0.try_send(Word::Line(line.to_owned()));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(feature = "otel")]
mod otel {
    //! Requests as spans for a collector, where `OTEL_EXPORTER_OTLP_ENDPOINT` names one. The variables are those of
    //! OpenTelemetry itself; a thread of its exporter sends them.

    use super::OURS;
    use anyhow::Context as _;
    use opentelemetry::trace::TracerProvider as _;
    use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _};
    use opentelemetry_sdk::Resource;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tracing_subscriber::Layer;
    use tracing_subscriber::filter::{LevelFilter, Targets};
    use tracing_subscriber::registry::LookupSpan;

    const VARIABLES: [&str; 2] = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];

    /// Sends what is left when it is dropped.
    pub(super) struct Spans(SdkTracerProvider);

    impl Drop for Spans {
        fn drop(&mut self) {
            // A collector that is gone takes nothing, and is not waited for longer than its own time limit.
            let _ = self.0.shutdown();
        }
    }

    pub(super) fn layer<S>() -> anyhow::Result<(Option<impl Layer<S>>, Option<Spans>)>
    where
        S: tracing::Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        if VARIABLES.iter().all(|name| std::env::var_os(name).is_none()) {
            return Ok((None, None));
        }
        let exporter = SpanExporter::builder().with_http().with_protocol(Protocol::HttpBinary);
        let exporter = exporter.build().context("prepare to send spans")?;
        let resource = Resource::builder().with_service_name("centerfire").build();
        let provider =
            SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build();
        let tracer = provider.tracer("centerfire");
        let ours = Targets::new().with_target(OURS, LevelFilter::INFO);
        let layer = tracing_opentelemetry::layer().with_tracer(tracer).with_filter(ours);
        Ok((Some(layer), Some(Spans(provider))))
    }
}
