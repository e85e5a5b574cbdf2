//! Checks of the machine: terminals left, the kernel, what we run inside of, what a logout ends.

use super::Finding;
use crate::cmd::status::ptys;
use crate::context::Context;
use protocol::Phase;
use std::path::Path;

/// Fewer pseudo-terminals than these left are soon none.
const FEW_PTYS: u64 = 64;

pub(super) fn terminals(_: &Context) -> Vec<Finding> {
    let Some((used, max)) = ptys() else {
        return vec![Finding::ok("the system does not tell how many terminals are in use")];
    };
    let left = max.saturating_sub(used);
    let what = format!("{used} of {max} pseudo-terminals are in use");
    let next = "end sessions, or raise kernel.pty.max (sysctl)";
    vec![match left {
        0 => Finding::fail(format!("{what}: no session can start"), next),
        1..FEW_PTYS => Finding::warn(what, next),
        _ => Finding::ok(what),
    }]
}

/// What the kernel can tell of a program whose keeper was killed.
pub(super) fn kernel(_: &Context) -> Vec<Finding> {
    if cfg!(not(target_os = "linux")) {
        return vec![Finding::ok("not Linux: an exit status is lost if a session's keeper is killed")];
    }
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    vec![match version(&release) {
        Some(version) if version >= (6, 15) => {
            Finding::ok(format!("Linux {release}: an exit status survives even its keeper"))
        }
        Some(version) if version >= (5, 3) => Finding::ok(format!(
            "Linux {release}: an exit status is lost if a session's keeper is killed (from 6.15 on it is not)"
        )),
        _ => Finding::fail(format!("Linux {release} has no pidfd"), "Linux 5.3 or later is needed"),
    }]
}

fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Another multiplexer between us and the person.
pub(super) fn nesting(_: &Context) -> Vec<Finding> {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let mut findings = Vec::new();
    for (variable, name) in [("TMUX", "tmux"), ("STY", "screen"), ("ZELLIJ", "zellij")] {
        if set(variable) {
            let what =
                format!("inside {name}: programs are told what {name} can show, not what your terminal can");
            findings
                .push(Finding::warn(what, "run Centerfire outside of it for all colours, keys and images"));
        }
    }
    if set("CENTERFIRE_SESSION") {
        findings.push(Finding::ok("inside a session of Centerfire"));
    }
    if std::env::var_os("CENTERFIRE_OFF").is_some_and(|off| off == "1") {
        findings.push(Finding::warn(
            "CENTERFIRE_OFF=1: `run` starts programs directly and records nothing",
            "unset it",
        ));
    }
    if findings.is_empty() {
        findings.push(Finding::ok("inside no other multiplexer"));
    }
    findings
}

/// Whose end is the end of the sessions: systemd kills all of a login session or service, however detached (T19).
pub(super) fn logout(context: &Context) -> Vec<Finding> {
    if !Path::new("/run/systemd/system").exists() {
        return vec![Finding::ok("no systemd: a logout ends no session")];
    }
    let entries = context.registry().list().unwrap_or_default().into_iter().filter_map(Result::ok);
    let running = entries.filter(|entry| entry.phase == Phase::Running);
    let hosts = running.filter_map(|entry| entry.status.map(|status| status.pids.host.to_string()));
    let mut groups: Vec<String> =
        hosts.chain(["self".to_owned()]).filter_map(|process| cgroup(&process)).collect();
    groups.sort();
    groups.dedup();
    let risks: Vec<Finding> = groups.iter().filter_map(|group| risk(group)).collect();
    if risks.is_empty() { vec![Finding::ok("systemd: a logout ends no session")] } else { risks }
}

fn cgroup(process: &str) -> Option<String> {
    let text = std::fs::read_to_string(format!("/proc/{process}/cgroup")).ok()?;
    Some(text.lines().find_map(|line| line.strip_prefix("0::"))?.to_owned())
}

/// What may kill the processes of a control group, judged by its last unit.
fn risk(group: &str) -> Option<Finding> {
    let unit = group.rsplit('/').find(|part| part.ends_with(".scope") || part.ends_with(".service"))?;
    let apart =
        "start sessions by `systemd-run --user --scope centerfire run -d -- …`, and `loginctl enable-linger`";
    if unit.starts_with("session-") && kills_user_processes() {
        let what = format!("sessions in {unit} end when you log out (KillUserProcesses=yes)");
        return Some(Finding::warn(what, apart));
    }
    if unit.ends_with(".service") && !unit.starts_with("user@") {
        let what = format!("sessions in {unit} end when that service stops or restarts");
        return Some(Finding::warn(what, format!("{apart}; or set KillMode=process in the service")));
    }
    None
}

fn kills_user_processes() -> bool {
    let mut files = vec!["/etc/systemd/logind.conf".into()];
    for folder in
        ["/etc/systemd/logind.conf.d", "/usr/lib/systemd/logind.conf.d", "/run/systemd/logind.conf.d"]
    {
        files.extend(
            std::fs::read_dir(folder).into_iter().flatten().filter_map(|file| Some(file.ok()?.path())),
        );
    }
    files.iter().filter_map(|file| std::fs::read_to_string(file).ok()).any(|text| {
        let mut lines = text.lines().rev();
        let value = lines.find_map(|line| line.trim().strip_prefix("KillUserProcesses="));
        value.is_some_and(|value| matches!(value, "yes" | "true" | "on" | "1"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_read() {
        assert_eq!(version("6.18.5-arch1"), Some((6, 18)));
        assert_eq!(version("5.10"), Some((5, 10)));
        assert_eq!(version("odd"), None);
    }

    #[test]
    fn a_service_takes_its_processes_with_it_and_the_users_own_manager_does_not() {
        assert!(risk("/system.slice/ssh-agent.service").is_some());
        assert!(risk("/user.slice/user-1000.slice/user@1000.service/app.slice/run-1.scope").is_none());
        assert!(risk("/").is_none());
    }
}
