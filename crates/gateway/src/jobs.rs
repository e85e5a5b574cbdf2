//! Background jobs beside the server: a model gives conversations titles and summaries, on a thread of its own.

use crate::App;
use conversation::follower::Touched;
use conversation::jobs::{Choice, Report, work};
use conversation::store::Store;
use std::collections::BTreeSet;
use std::sync::Mutex;

/// Starts them, if they are configured. Nobody waits for the thread: whatever it is at when the process ends is accounted for.
pub(crate) fn start(app: &App) {
    let settings = match &app.0.options.jobs {
        Choice::Off => return,
        Choice::Wrong(why) => return tracing::error!(cause = %why, "no background jobs are done"),
        Choice::On(settings) => settings.clone(),
    };
    let app = app.clone();
    let started = std::thread::Builder::new().name("jobs".to_owned()).spawn(move || {
        let stopping = app.0.stopping.subscribe();
        // Each is said once in a row: it is tried again every few seconds.
        let told = Mutex::new(String::new());
        work(
            &app.0.home.state,
            &settings,
            &app.0.conversations.jobs_bell,
            &|| *stopping.borrow(),
            &|report| {
                tell(&app, report);
                told.lock().unwrap_or_else(|error| error.into_inner()).clear();
            },
            &|error| {
                let error = error.to_string();
                let mut told = told.lock().unwrap_or_else(|error| error.into_inner());
                if *told != error {
                    tracing::error!(cause = %error, "background jobs do not go on; it is tried again");
                    *told = error;
                }
            },
        );
    });
    if let Err(error) = started {
        tracing::error!(cause = %error, "no background jobs are done: there is no thread for them");
    }
}

/// A line of the log, the figures, and who looks at the conversation.
fn tell(app: &App, report: &Report) {
    let Report { cli, conversation, model, usage, cost, is_odd, took, failed, is_tried_again } = report;
    let (usage, took_ms) = (usage.unwrap_or_default(), took.as_millis() as u64);
    let (input, output, cost_usd) = (usage.context(), usage.output, cost.map(|cost| cost as f64 / 1e6));
    app.0.metrics.count_job(failed.is_none(), cost.unwrap_or_default());
    if *is_odd {
        tracing::warn!(
            cli,
            conversation,
            model,
            input,
            output,
            cost_usd,
            "a model's figures come to more than such a request can cost; look at what `jobs.endpoint` leads to"
        );
    }
    match failed {
        None => {
            tracing::info!(
                cli,
                conversation,
                model,
                input,
                output,
                cost_usd,
                took_ms,
                "a model read a conversation"
            );
        }
        Some(why) => {
            tracing::warn!(cli, conversation, model, input, output, cost_usd, took_ms, tried_again = is_tried_again, cause = %why, "a model was asked about a conversation in vain");
        }
    }
    if failed.is_none() {
        let conversations = BTreeSet::from([(cli.clone(), conversation.clone())]);
        let cursor =
            Store::open(&app.0.home.state).ok().flatten().and_then(|store| store.cursor_of_all().ok());
        let _ = cursor.map(|cursor| app.0.conversations.changes.0.send(Touched { cursor, conversations }));
    }
}
