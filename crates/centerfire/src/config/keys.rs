//! All settings by name: what each takes, what it is for, and where it goes.

use super::tree::Value;
use super::value::{
    MEGABYTES_MAX, choice, file, named, number, optional, optional_text, or_none, states, text, words,
    yes_or_no,
};
use super::{Colours, Config, jobs};
use serde_json::{Value as Json, json};
use std::num::NonZeroU32;
use terminal::key::KeyError;

/// One setting. A dot in its name is a level in the file and a `_` in the environment.
pub(crate) struct Key {
    pub name: &'static str,
    /// What may be written, in words.
    pub takes: &'static str,
    /// What it is for, in sentences.
    pub about: &'static str,
    pub set: fn(&mut Config, &Value) -> Result<(), String>,
    pub get: fn(&Config) -> Json,
}

impl Key {
    /// Its variable in the environment.
    pub(crate) fn variable(&self) -> String {
        format!("CENTERFIRE_{}", self.name.replace('.', "_").to_ascii_uppercase())
    }
}

/// A history of more does not go through a hook.
pub(crate) const RESTORE_MAX_TOKENS: u64 = 10_000;

/// All settings, in the order of the reference.
pub(crate) const KEYS: &[Key] = &[
    Key {
        name: "detach_key",
        takes: "a key such as `C-]` or `C-a`, or `none`",
        about: "The key that detaches from a session when it is pressed twice within a second.",
        set: |config, value| {
            config.detach_key = text(value)?.parse().map_err(|error: KeyError| error.to_string())?;
            Ok(())
        },
        get: |config| json!(config.detach_key),
    },
    Key {
        name: "history_lines",
        takes: "a number of lines, at most 1000000",
        about: "Lines kept for a later attach when they scroll off a session's screen. The recording has all of them.",
        set: |config, value| {
            config.history_lines =
                usize::try_from(number(value, 1_000_000)?).map_err(|error| error.to_string())?;
            Ok(())
        },
        get: |config| json!(config.history_lines),
    },
    Key {
        name: "min_free_mb",
        takes: "a number of megabytes (10⁶ bytes)",
        about: "Recording stops where the disk has less than this free. The sessions go on, and say that they are not \
                recorded.",
        set: |config, value| {
            config.min_free_mb = number(value, MEGABYTES_MAX)?;
            Ok(())
        },
        get: |config| json!(config.min_free_mb),
    },
    Key {
        name: "retention_days",
        takes: "a number of days, or `none`",
        about: "`centerfire prune` removes sessions that ended longer ago. With `none` it removes none for their age.",
        set: |config, value| {
            config.retention_days = optional(value, 100_000)?;
            Ok(())
        },
        get: |config| or_none(config.retention_days),
    },
    Key {
        name: "quota_mb",
        takes: "a number of megabytes (10⁶ bytes), or `none`",
        about: "`centerfire prune` removes the oldest ended sessions until all together take no more than this.",
        set: |config, value| {
            config.quota_mb = optional(value, MEGABYTES_MAX)?;
            Ok(())
        },
        get: |config| or_none(config.quota_mb),
    },
    Key {
        name: "colours",
        takes: "`auto`, `always` or `never`",
        about: "Colours in what Centerfire itself prints. `auto` uses them in a terminal, unless NO_COLOR is set.",
        set: |config, value| {
            config.colours = match text(value)? {
                "auto" => Colours::Auto,
                "always" => Colours::Always,
                "never" => Colours::Never,
                other => return Err(format!("`{other}` is none of auto, always, never")),
            };
            Ok(())
        },
        get: |config| {
            json!(match config.colours {
                Colours::Auto => "auto",
                Colours::Always => "always",
                Colours::Never => "never",
            })
        },
    },
    Key {
        name: "claude.hooks",
        takes: "`true` or `false`",
        about: "Whether Claude Code's hooks tell its session what happens, so that what it asks can be seen and answered \
                from anywhere. They are put in when it starts; nothing in its own configuration changes.",
        set: |config, value| {
            config.claude_hooks = yes_or_no(value)?;
            Ok(())
        },
        get: |config| json!(config.claude_hooks),
    },
    Key {
        name: "codex.hooks",
        takes: "`true` or `false`",
        about: "The same for Codex, of versions that are known to take hooks without a question. It then runs on its own, without \
                the server that its terminals share otherwise. What its servers of tools (MCP) ask is read off its screen.",
        set: |config, value| {
            config.codex_hooks = yes_or_no(value)?;
            Ok(())
        },
        get: |config| json!(config.codex_hooks),
    },
    Key {
        name: "opencode.hooks",
        takes: "`true` or `false`",
        about: "The same for opencode, by a plugin of the session's own.",
        set: |config, value| {
            config.opencode_hooks = yes_or_no(value)?;
            Ok(())
        },
        get: |config| json!(config.opencode_hooks),
    },
    Key {
        name: "gemini.questions",
        takes: "`true` or `false`",
        about: "Whether what Gemini CLI asks is read off its screen, so that it can be seen and answered from anywhere: it has no \
                hooks for one session.",
        set: |config, value| {
            config.gemini_questions = yes_or_no(value)?;
            Ok(())
        },
        get: |config| json!(config.gemini_questions),
    },
    Key {
        name: "claude.restore_context",
        takes: "a number of tokens, at most 10000, or `none`",
        about: "How much of its project's history Claude Code is told when a conversation starts, is taken up again or was \
                shortened. It comes with the hook of the start, which holds it up for 0.9 s at most; with `none`, for nothing.",
        set: |config, value| {
            config.claude_restore_context = optional(value, RESTORE_MAX_TOKENS)?;
            Ok(())
        },
        get: |config| or_none(config.claude_restore_context),
    },
    Key {
        name: "codex.restore_context",
        takes: "a number of tokens, at most 10000, or `none`",
        about: "The same for Codex, which asks for it with the first prompt of a conversation.",
        set: |config, value| {
            config.codex_restore_context = optional(value, RESTORE_MAX_TOKENS)?;
            Ok(())
        },
        get: |config| or_none(config.codex_restore_context),
    },
    Key {
        name: "claude.otel_bodies",
        takes: "`true` or `false`",
        about: "Whether Claude Code itself keeps all that it asks its model and is answered, in the session's folder, as with \
                `--otel-bodies`. Nothing else of it changes. Each request has the whole conversation before it, so this grows fast.",
        set: |config, value| {
            config.claude_otel_bodies = yes_or_no(value)?;
            Ok(())
        },
        get: |config| json!(config.claude_otel_bodies),
    },
    Key {
        name: "tap.enabled",
        takes: "`true` or `false`",
        about: "Whether `centerfire run` reads along what Claude Code or Codex and its model say to each other, as with `--tap`. \
                With it Claude Code has no remote control and leaves out what it does only with its own server.",
        set: |config, value| {
            config.tap_enabled = yes_or_no(value)?;
            Ok(())
        },
        get: |config| json!(config.tap_enabled),
    },
    Key {
        name: "tap.upstream",
        takes: "an address such as `https://api.anthropic.com`, or `none`",
        about: "Where the tap passes on what Claude Code asks. With `none` it is ANTHROPIC_BASE_URL, if that is set, else the \
                server of its maker. What Codex asks goes where its own configuration says.",
        set: |config, value| {
            config.tap_upstream = match value {
                Value::Null => None,
                value => Some(text(value)?).filter(|text| *text != "none").map(str::to_owned),
            };
            Ok(())
        },
        get: |config| or_none(config.tap_upstream.as_ref()),
    },
    Key {
        name: "tap.bodies",
        takes: "`true` or `false`",
        about: "Whether the tap keeps all that was asked and answered in the session's folder, and not only how it went. Each \
                request has the whole conversation before it, so this grows fast.",
        set: |config, value| {
            config.tap_bodies = yes_or_no(value)?;
            Ok(())
        },
        get: |config| json!(config.tap_bodies),
    },
    Key {
        name: "approvals.unanswered",
        takes: "`wait`, `deny` or `escalate`",
        about: "What becomes of a program's question that nobody answers: it waits for as long as the program asks; or after \
                `approvals.after` it is denied, and the program is told so; or then it waits on, and `notify.command` and \
                `notify.webhook` are told once more.",
        set: |config, value| {
            config.approvals_unanswered = choice(value)?;
            Ok(())
        },
        get: |config| named(&config.approvals_unanswered),
    },
    Key {
        name: "approvals.after",
        takes: "a number of seconds",
        about: "How long a question waits until it is denied or told of again, where `approvals.unanswered` is `deny` or \
                `escalate`.",
        set: |config, value| {
            config.approvals_after = number(value, 10_000_000)?;
            Ok(())
        },
        get: |config| json!(config.approvals_after),
    },
    Key {
        name: "notify.on",
        takes: "states with commas between: `blocked`, `done`, `error`, `limit`, `idle`, `working`, `exited`; or `none`",
        about: "The states of a session of which `notify.command` and `notify.webhook` are told when they begin.",
        set: |config, value| {
            config.notify_on = states(text(value)?)?;
            Ok(())
        },
        get: |config| match &config.notify_on[..] {
            [] => json!("none"),
            states => {
                let words: Vec<Json> = states.iter().map(|state| json!(state)).collect();
                json!(words.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(","))
            }
        },
    },
    Key {
        name: "notify.command",
        takes: "`none`, or a command of the shell, such as `notify-send \"$CENTERFIRE_SESSION_NAME\" \"$CENTERFIRE_STATE\"`",
        about: "What is run when a session comes into a state of `notify.on`: by `sh -c`, for 30 s at most, with JSON on its \
                standard input and CENTERFIRE_SESSION, _SESSION_NAME, _EVENT, _STATE, _ON and _REASON in its environment. No \
                server has to run for it.",
        set: |config, value| {
            config.notify_command = words(value)?;
            Ok(())
        },
        get: |config| or_none(config.notify_command.as_ref()),
    },
    Key {
        name: "notify.webhook",
        takes: "`none`, or an address, such as `http://127.0.0.1:8080/hook`",
        about: "Where the same JSON is sent by POST; three times at most, until it is taken.",
        set: |config, value| {
            config.notify_webhook = words(value)?;
            if config.notify_webhook.as_ref().is_some_and(|url| !url.starts_with("http")) {
                return Err("an address begins with http:// or https://".to_owned());
            }
            Ok(())
        },
        get: |config| or_none(config.notify_webhook.as_ref()),
    },
    Key {
        name: "serve.listen",
        takes: "an address and a port, such as `127.0.0.1:7333`",
        about: "Where `centerfire serve` listens. An address that others can reach is refused without \
                `--insecure-network`.",
        set: |config, value| {
            let text = text(value)?;
            config.serve_listen = text
                .parse()
                .map_err(|_| format!("`{text}` is no address and port, such as 127.0.0.1:7333"))?;
            Ok(())
        },
        get: |config| json!(config.serve_listen.to_string()),
    },
    Key {
        name: "serve.tls",
        takes: "`true` or `false`",
        about: "Whether `centerfire serve` encrypts, as with `--tls`: with a certificate of its own, made once, where no \
                other is named.",
        set: |config, value| {
            config.serve_tls = yes_or_no(value)?;
            Ok(())
        },
        get: |config| json!(config.serve_tls),
    },
    Key {
        name: "serve.tls_cert",
        takes: "the path of a file in PEM, or `none`",
        about: "The certificate with which `centerfire serve` encrypts, with those that vouch for it. It is read again at \
                `centerfire upgrade`.",
        set: |config, value| {
            config.serve_tls_cert = file(value)?;
            Ok(())
        },
        get: |config| or_none(config.serve_tls_cert.as_ref()),
    },
    Key {
        name: "serve.tls_key",
        takes: "the path of a file in PEM, or `none`",
        about: "The key of `serve.tls_cert`.",
        set: |config, value| {
            config.serve_tls_key = file(value)?;
            Ok(())
        },
        get: |config| or_none(config.serve_tls_key.as_ref()),
    },
    Key {
        name: "auth.loopback",
        takes: "`token` or `open`",
        about: "Whether programs and browsers of this machine need a token at `centerfire serve`. With `open` every user and \
                program of the machine may do everything, and so may whoever comes through a proxy or a tunnel that ends on \
                it; pages of other sites are refused all the same.",
        set: |config, value| {
            config.auth_loopback = choice(value)?;
            Ok(())
        },
        get: |config| named(&config.auth_loopback),
    },
    Key {
        name: "conversations.follow",
        takes: "`true` or `false`",
        about: "Whether `centerfire serve` takes in what AI CLIs on this machine write down of their conversations, as they \
                write it. `conversation`, `search` and `import` do so by themselves in any case.",
        set: |config, value| {
            config.conversations_follow = yes_or_no(value)?;
            Ok(())
        },
        get: |config| json!(config.conversations_follow),
    },
    Key {
        name: "search.model",
        takes: "`auto`, `off`, or the name of a model",
        about: "What finds by meaning: with `auto` the model that `centerfire models install` installed last, if there is one; \
                by its name another of those, or of `search.endpoint`. With `off` search is by words alone.",
        set: |config, value| {
            config.search_model = text(value)?.to_owned();
            Ok(())
        },
        get: |config| json!(config.search_model),
    },
    Key {
        name: "search.endpoint",
        takes: "the address of a server, such as `http://127.0.0.1:11434`, or `none`",
        about: "A server that makes vectors of texts in the place of a model on this machine; `search.model` names the one it \
                is to use. What was said is sent there, with secrets masked.",
        set: |config, value| {
            config.search_endpoint = optional_text(value)?;
            Ok(())
        },
        get: |config| or_none(config.search_endpoint.as_ref()),
    },
    Key {
        name: "search.dialect",
        takes: "`openai` or `ollama`",
        about: "How `search.endpoint` is asked: `POST /v1/embeddings` as OpenAI has it, and many others, or `POST /api/embed` of \
                Ollama.",
        set: |config, value| {
            config.search_dialect = choice(value)?;
            Ok(())
        },
        get: |config| named(&config.search_dialect),
    },
    Key {
        name: "search.api_key_env",
        takes: "the name of an environment variable, or `none`",
        about: "The variable that holds the key for `search.endpoint`.",
        set: |config, value| {
            config.search_api_key_env = optional_text(value)?;
            Ok(())
        },
        get: |config| or_none(config.search_api_key_env.as_ref()),
    },
    Key {
        name: "jobs.endpoint",
        takes: "the address of a server, such as `https://api.anthropic.com`, or `none`",
        about: "A server that speaks as Anthropic's Messages API does. With it, or with `jobs.key_env`, a model reads conversations \
                that are over and gives them titles and summaries: what was said is sent there, with secrets masked. Without both, nothing is.",
        set: |config, value| {
            config.jobs_endpoint = optional_text(value)?;
            Ok(())
        },
        get: |config| or_none(config.jobs_endpoint.as_ref()),
    },
    Key {
        name: "jobs.key_env",
        takes: "the name of an environment variable, or `none`",
        about: "The variable that holds the key for `jobs.endpoint`; without that it is a key for https://api.anthropic.com. A variable \
                that is not named here is not looked at.",
        set: |config, value| {
            config.jobs_key_env = optional_text(value)?;
            Ok(())
        },
        get: |config| or_none(config.jobs_key_env.as_ref()),
    },
    Key {
        name: "jobs.model",
        takes: "the name of a model",
        about: "The model that is asked. Its price must be known: `prices.json` in the state may give it.",
        set: |config, value| {
            config.jobs_model = text(value)?.to_owned();
            Ok(())
        },
        get: |config| json!(config.jobs_model),
    },
    Key {
        name: "jobs.daily_budget",
        takes: "a number of US dollars",
        about: "What may be spent on it in a day (UTC). What a request can cost at most is set aside before it is made, so that this \
                is never exceeded; the rest waits for the next day.",
        set: |config, value| {
            config.jobs_daily_budget = jobs::read_budget(value)?;
            Ok(())
        },
        get: |config| jobs::budget(config.jobs_daily_budget),
    },
    Key {
        name: "jobs.kinds",
        takes: "any of `titles`, `summaries` and `extraction`, with commas in between",
        about: "What is made of a conversation, in one request: a title, a summary, and a list of what was decided and is left to do.",
        set: |config, value| {
            config.jobs_kinds = jobs::read_kinds(text(value)?)?;
            Ok(())
        },
        get: |config| jobs::kinds(config.jobs_kinds),
    },
    Key {
        name: "serve.writes_per_second",
        takes: "a number, or `none`",
        about: "How often one token may change something at `centerfire serve`, on average; who was quiet may do what is due \
                in five seconds at once. A request beyond it, as one to join a WebSocket, is refused with 429 and \
                `Retry-After`; what is typed and changed over a WebSocket, each message of which counts, is taken more \
                slowly, and not refused.",
        set: |config, value| {
            let rate = optional(value, 1_000_000)?;
            let rate =
                rate.map(|rate| u32::try_from(rate).ok().and_then(NonZeroU32::new).ok_or("needs 1 or more"));
            config.serve_writes_per_second = rate.transpose()?;
            Ok(())
        },
        get: |config| or_none(config.serve_writes_per_second),
    },
    Key {
        name: "serve.log_format",
        takes: "`text` or `json`",
        about: "The form of what `centerfire serve` logs on standard error.",
        set: |config, value| {
            config.serve_log_format = choice(value)?;
            Ok(())
        },
        get: |config| named(&config.serve_log_format),
    },
    Key {
        name: "serve.log_level",
        takes: "`error`, `warn`, `info` or `debug`",
        about: "What `centerfire serve` logs: with `error` what failed, with `warn` also what it refused, with `info` every \
                request.",
        set: |config, value| {
            config.serve_log_level = choice(value)?;
            Ok(())
        },
        get: |config| named(&config.serve_log_level),
    },
];
