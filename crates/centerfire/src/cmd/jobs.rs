//! `centerfire jobs`: what a model was asked about conversations, and what that cost.

use crate::config::jobs::words;
use crate::context::Context;
use crate::fit;
use crate::intake::up_to_date;
use crate::progress::Progress;
use crate::term::{counted, one_line};
use crate::when::{ago, at_home};
use crate::wrap;
use anyhow::bail;
use conversation::jobs::{Choice, Given, Ledger, Overview, PATIENCE, Settings, Step, Worker, dollars};
use protocol::Time;
use serde_json::json;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// What it waits for may be over before.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Show what a model made of conversations in the background (off by default): what waits, failed and was spent
///
/// A model reads conversations that are over, gives them titles and summaries, and lists what was decided and is left to do. Each
/// costs money, with the usual model about a cent. It is off until you set `jobs.endpoint` or `jobs.key_env`: before that nothing
/// is sent and nothing is paid. Then `centerfire serve` does it by itself, ten minutes after the last word, and `jobs run` does it
/// now; nothing else does. No day costs more than `jobs.daily_budget`: what a request can cost at most is set aside before it is
/// made. To look at what there is, as this command does without another word, and `jobs retry` cost nothing.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  centerfire jobs\n  centerfire jobs run --limit 5\n  centerfire jobs run --set jobs.key_env=ANTHROPIC_API_KEY --set jobs.daily_budget=0.20\n  centerfire jobs retry"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(clap::Subcommand)]
enum What {
    /// Do now what is to do, also for conversations that are not over; it costs money, and needs no server
    Run {
        /// So many conversations at most, those included that were asked about in vain
        #[arg(long, short = 'n', value_name = "N")]
        limit: Option<u64>,
    },
    /// Have tried again what was given up, and end what all others wait for; `jobs run` or the server does it, and pays
    Retry {
        /// Only this conversation: the CLI's own id, or the beginning of it
        conversation: Option<String>,
    },
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        match self.what {
            None => show(context),
            Some(What::Run { limit }) => run(context, limit.unwrap_or(u64::MAX)),
            Some(What::Retry { conversation }) => retry(context, conversation.as_deref()),
        }
    }
}

fn overview(context: &Context) -> anyhow::Result<Overview> {
    Ok(Overview::read(&context.home.state, &context.config.jobs(), Time::now())?)
}

fn show(context: &Context) -> anyhow::Result<ExitCode> {
    let overview = overview(context)?;
    let page = || {
        let page = told(&overview).join("\n");
        fit::cols().map_or(page.clone(), |cols| wrap::prose(&page, cols).trim_end().to_owned())
    };
    context.say(&json!(overview), page);
    Ok(ExitCode::SUCCESS)
}

fn told(overview: &Overview) -> Vec<String> {
    let mut lines = Vec::new();
    if overview.state == "off" {
        lines
            .push("off, as it is by default: nothing is sent to a model, and nothing costs money".to_owned());
    }
    if let (Some(model), Some(endpoint), Some(kinds)) = (&overview.model, &overview.endpoint, overview.kinds)
    {
        lines.push(format!("{} by {model} at {endpoint}", words(kinds).join(", ")));
    }
    if let Some(why) = &overview.why {
        let until = overview.until.map(|until| format!(" (until {})", when(until))).unwrap_or_default();
        let (head, why) = match overview.state {
            "on" => ("waits: ", why.as_str()),
            "off" => ("to turn it on, which costs money: ", why.strip_prefix("off: ").unwrap_or(why)),
            _ => ("", why.as_str()),
        };
        lines.push(format!("{head}{}{until}", one_line(why)));
    }
    // Where it never was on there is nothing to count.
    if overview.state == "off" && (overview.done, overview.failed, overview.spent) == (0, 0, 0) {
        return lines;
    }
    let budget = overview.budget.map(|budget| format!(" of {}", dollars(budget))).unwrap_or_default();
    let resets = format!("the next day begins at {}", when(overview.resets));
    lines.push(format!("spent today: {}{budget}; {resets}", dollars(overview.spent)));
    let Overview { waiting, done, failed, .. } = overview;
    lines.push(format!("{waiting} to do, {done} done, {failed} given up"));
    lines.extend(next(overview));
    if let Some(running) = &overview.running {
        lines.push(format!("now: {} {}", running.cli, one_line(&running.conversation)));
    }
    lines.extend(overview.failures.iter().map(line));
    lines
}

/// What a person can do now.
fn next(overview: &Overview) -> Option<String> {
    let is_ready = overview.state == "on" && overview.why.is_none();
    let next = match (overview.waiting, overview.failed) {
        (1.., _) => {
            "`centerfire serve` does it by itself; `centerfire jobs run --limit 5` does five now; both cost money"
        }
        (0, 1..) => "`centerfire jobs retry` has tried again what was given up",
        (0, 0) => return None,
    };
    is_ready.then(|| next.to_owned())
}

fn line(given: &Given) -> String {
    let next = match given.again {
        _ if given.is_given_up => "given up".to_owned(),
        Some(again) => format!("again at {}", when(again)),
        None => "again".to_owned(),
    };
    let Given { cli, conversation, tries, why, .. } = given;
    let tries = if *tries == 1 { "1 try".to_owned() } else { format!("{tries} tries") };
    format!(
        "{cli:<8}  {}  {} ago, {tries}, {next}: {}",
        one_line(conversation),
        ago(given.time),
        one_line(why)
    )
}

/// A time of today or tomorrow, with its day.
fn when(time: Time) -> String {
    at_home(time, "%a %H:%M")
}

fn retry(context: &Context, name: Option<&str>) -> anyhow::Result<ExitCode> {
    let state = &context.home.state;
    let count = if Ledger::path(state).exists() { Ledger::open(state)?.retry(name)? } else { 0 };
    if let (0, Some(name)) = (count, name) {
        bail!("no conversation `{name}` failed; `centerfire jobs` shows those that did");
    }
    context.say(&json!({ "retried": count }), || {
        format!(
            "{} tried again: `centerfire jobs run`, or a running server",
            if count == 1 { "1 conversation is".to_owned() } else { format!("{count} conversations are") }
        )
    });
    Ok(ExitCode::SUCCESS)
}

/// What `run` did.
#[derive(Default)]
struct Did {
    done: u64,
    failed: u64,
    /// Answers that came, or may have: those in vain cost as much.
    paid: u64,
    cost: u64,
    /// Why it ended before all was done.
    why: Option<String>,
}

fn run(context: &Context, limit: u64) -> anyhow::Result<ExitCode> {
    let settings = match context.config.jobs() {
        Choice::On(settings) => settings,
        Choice::Wrong(why) => bail!(why),
        Choice::Off => bail!(overview(context)?.why.unwrap_or_default()),
    };
    drop(up_to_date(context)?);
    let did = work(context, &settings, limit)?;
    let left = overview(context)?.waiting;
    let answer =
        json!({ "done": did.done, "failed": did.failed, "cost": did.cost, "waiting": left, "why": did.why });
    if let Some(why) = &did.why {
        crate::exit::warn(&one_line(why));
    }
    context.say(&answer, || {
        let failed = match did.failed {
            0 => String::new(),
            failed => format!(", {failed} in vain (`centerfire jobs` tells why)"),
        };
        let read = counted(did.done, "conversation");
        format!("read {read} for {}{failed}; {left} left to do", dollars(did.cost))
    });
    let is_well = did.failed == 0 && did.why.is_none();
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn work(context: &Context, settings: &Settings, limit: u64) -> anyhow::Result<Did> {
    let mut worker = Worker::new(&context.home.state, settings)?;
    let of = overview(context)?.waiting.min(limit);
    let mut line = Progress::new(context, "jobs", 0);
    let mut did = Did::default();
    let (began, mut patience) = (Time::now(), Instant::now() + PATIENCE);
    while did.paid < limit {
        line.count(did.done, of, &format!("{} of {of}, {}", did.done, dollars(did.cost)));
        let (until, why) = match worker.step(Time::now(), Some(began))? {
            Step::Tried(report) => {
                did.cost += report.cost.unwrap_or_default();
                did.paid += u64::from(report.is_paid());
                match &report.failed {
                    None => did.done += 1,
                    Some(why) => {
                        did.failed += u64::from(!report.is_tried_again);
                        say_failed(context, &report.conversation, why);
                    }
                }
                patience = Instant::now() + PATIENCE;
                continue;
            }
            Step::PassedOver => continue,
            Step::Idle(None) => break,
            Step::Idle(Some(again)) => (again, "some conversations are tried again later".to_owned()),
            Step::Waits { until, why } => (until, why),
        };
        if until.since(Time::now()) > patience.saturating_duration_since(Instant::now()) {
            did.why = Some(why);
            break;
        }
        std::thread::sleep(until.since(Time::now()).min(LOOK_EVERY));
    }
    if did.why.is_none() && did.paid == limit && did.done < did.paid {
        did.why = Some("what was asked in vain counts to the limit; `centerfire jobs` tells why".to_owned());
    }
    Ok(did)
}

fn say_failed(context: &Context, conversation: &str, why: &str) {
    if context.json {
        return;
    }
    eprintln!("{}: {}", one_line(conversation), one_line(why));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overview_says_what_is_spent_and_how_to_go_on() {
        let given = Given {
            cli: "claude".to_owned(),
            conversation: "c1".to_owned(),
            is_given_up: true,
            tries: 5,
            why: "no\nanswer".to_owned(),
            time: Time::now(),
            again: None,
        };
        let overview = Overview {
            state: "on",
            budget: Some(1_000_000),
            spent: 21_300,
            waiting: 2,
            failed: 1,
            failures: vec![given],
            ..Overview::default()
        };
        let told = told(&overview).join("\n");
        assert!(told.starts_with("spent today: $0.0213 of $1.00; the next day begins"), "{told}");
        assert!(
            told.contains("2 to do, 0 done, 1 given up\n`centerfire serve` does it by itself; `centerfire jobs run --limit 5` does five now; both cost money\nclaude    c1  0s ago, 5 tries, given up: no answer"),
            "{told}"
        );
    }
}
