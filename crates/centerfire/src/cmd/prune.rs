//! `centerfire prune`: removes ended sessions by a policy.

use super::quantity::{age, bytes};
use crate::context::Context;
use crate::progress::Progress;
use crate::term;
use protocol::{Phase, Time};
use serde_json::json;
use session::registry::Entry;
use std::process::ExitCode;
use std::time::Duration;

/// Remove sessions that ended, by age, number or total size; those that run are never touched
///
/// Without a flag the policy is `retention_days` and `quota_mb` of the configuration. By default both are `none`, and
/// nothing is ever removed.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  centerfire prune --older-than 30d --dry-run\n  centerfire prune --max-total 10GB --keep-last 5\n  centerfire prune --keep-last 20"
)]
pub(crate) struct Args {
    /// Remove sessions that ended longer ago, such as 30d, 12h
    #[arg(long, value_name = "AGE", value_parser = age)]
    older_than: Option<Duration>,
    /// Keep the N that ended last whatever else is said; alone, remove all others
    #[arg(long, value_name = "N")]
    keep_last: Option<usize>,
    /// Remove the oldest until all sessions together take no more than this, such as 10GB
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    max_total: Option<u64>,
    /// Only say what would be removed
    #[arg(long, short = 'n')]
    dry_run: bool,
}

/// What is to go.
struct Policy {
    older_than: Option<Duration>,
    keep_last: usize,
    max_total: Option<u64>,
    /// Whether all go that are not kept.
    all: bool,
}

/// A session that ended.
struct Ended {
    entry: Entry,
    when: Time,
    bytes: u64,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let Some(policy) = self.policy(context) else {
            let value = json!({ "removed": [], "bytes": 0, "policy": null });
            context.say(&value, || {
                "nothing is removed: there is no policy. Give --older-than, --keep-last or --max-total, or set \
                 retention_days or quota_mb in the configuration"
                    .to_owned()
            });
            return Ok(ExitCode::SUCCESS);
        };
        let (ended, running_bytes) = look(context)?;
        let doomed = policy.choose(ended, running_bytes, Time::now());
        self.remove(context, &doomed)
    }

    fn policy(&self, context: &Context) -> Option<Policy> {
        let given = self.older_than.is_some() || self.keep_last.is_some() || self.max_total.is_some();
        let config = &context.config;
        let (older_than, max_total) = match given {
            true => (self.older_than, self.max_total),
            false => {
                (config.retention_days.map(|days| Duration::from_secs(days * 86_400)), config.quota_bytes())
            }
        };
        let keep_last = self.keep_last.unwrap_or(0);
        let all = self.keep_last.is_some() && older_than.is_none() && max_total.is_none();
        (all || older_than.is_some() || max_total.is_some()).then_some(Policy {
            older_than,
            keep_last,
            max_total,
            all,
        })
    }

    fn remove(&self, context: &Context, doomed: &[Ended]) -> anyhow::Result<ExitCode> {
        let registry = context.registry();
        let total = doomed.iter().map(|ended| ended.bytes).sum();
        let mut progress = Progress::new(context, "prune", total);
        let (mut done, mut removed, mut failed) = (0, Vec::new(), false);
        for Ended { entry, bytes, .. } in doomed {
            let result = if self.dry_run { Ok(()) } else { registry.remove(entry) };
            done += bytes;
            progress.at(done);
            match result {
                Ok(()) => removed.push((entry, *bytes)),
                Err(error) => {
                    failed = true;
                    eprintln!("centerfire: `{}` stays: {error}", entry.name);
                }
            }
        }
        drop(progress);
        if !self.dry_run {
            for path in registry.leftovers() {
                let _ = std::fs::remove_dir_all(path);
            }
        }
        self.tell(context, &removed);
        Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    fn tell(&self, context: &Context, removed: &[(&Entry, u64)]) {
        let total: u64 = removed.iter().map(|(_, bytes)| bytes).sum();
        let list: Vec<_> = removed
            .iter()
            .map(|(entry, bytes)| json!({ "id": entry.meta.id, "name": entry.name, "bytes": bytes }))
            .collect();
        let value = json!({ "removed": list, "bytes": total, "dry_run": self.dry_run });
        let word = if self.dry_run { "would remove" } else { "removed" };
        context.say(&value, || {
            let line = |(entry, bytes): &(&Entry, u64)| {
                format!("{word} {} ({}), {}", entry.name, entry.meta.id.short(), term::bytes(*bytes))
            };
            let mut lines: Vec<String> = removed.iter().map(line).collect();
            lines.push(format!("{word} {}, {}", term::counted(removed.len(), "session"), term::bytes(total)));
            lines.join("\n")
        });
    }
}

/// All that ended, the one that ended first at the head, and the bytes of those that run.
fn look(context: &Context) -> anyhow::Result<(Vec<Ended>, u64)> {
    let (mut ended, mut running_bytes) = (Vec::new(), 0);
    for entry in context.registry().list()?.into_iter().filter_map(Result::ok) {
        let bytes = entry.folder.disk_bytes();
        if entry.phase == Phase::Running {
            running_bytes += bytes;
            continue;
        }
        let exit = entry.folder.exit()?.map(|exit| exit.time);
        let last_words = entry.status.as_ref().map(|status| status.updated);
        ended.push(Ended { when: exit.or(last_words).unwrap_or(entry.meta.created), entry, bytes });
    }
    ended.sort_by_key(|ended| ended.when);
    Ok((ended, running_bytes))
}

impl Policy {
    /// Those that go; the oldest first.
    fn choose(&self, ended: Vec<Ended>, running_bytes: u64, now: Time) -> Vec<Ended> {
        let mut total = running_bytes + ended.iter().map(|ended| ended.bytes).sum::<u64>();
        let may_go = ended.len().saturating_sub(self.keep_last);
        let goes = |ended: &Ended| {
            let is_old = self.older_than.is_some_and(|limit| now.since(ended.when) > limit);
            let is_too_much = self.max_total.is_some_and(|max| total > max);
            let goes = self.all || is_old || is_too_much;
            total -= if goes { ended.bytes } else { 0 };
            goes
        };
        let mut goes = goes;
        ended.into_iter().take(may_go).filter(|ended| goes(ended)).collect()
    }
}
