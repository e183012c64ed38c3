//! Settings of the kernel as teaching clusters have them: they change neither what a right program gets nor what a wrong
//! one fails for.
//!
//! All of them belong to a network namespace, and are changed there only. Each file is below /proc/sys/net; see tcp(7),
//! ip(7) and listen(2).

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::inside;
use crate::support::gallery_file::{gallery, subject};
use crate::support::scratch::root;

/// A buffer that may grow to 32 MiB, and one that begins with 16 MiB.
const LARGE_BUFFERS: &[(&str, &str)] = &[("ipv4/tcp_wmem", "4096 16384 33554432")];
const LARGE_FROM_THE_START: &[(&str, &str)] = &[
    ("ipv4/tcp_wmem", "4096 16777216 16777216"),
    ("ipv4/tcp_rmem", "4096 16777216 16777216"),
];

/// A kernel that takes little more than it can send, and sends segments of 1460 bytes.
const LITTLE_AT_A_TIME: &[(&str, &str)] = &[
    ("ipv4/tcp_notsent_lowat", "16384"),
    ("ipv4/tcp_syncookies", "2"),
];

/// A send buffer that has less room than a message of stage 05 needs.
const SMALL_BUFFERS: &[(&str, &str)] = &[("ipv4/tcp_wmem", "4096 8192 8192")];

/// A backlog in which five clients may wait at most, and as many ports as two hundred clients use up.
const FEW_OF_ALL: &[(&str, &str)] = &[
    ("core/somaxconn", "4"),
    ("ipv4/tcp_abort_on_overflow", "1"),
    ("ipv4/ip_local_port_range", "40000 40199"),
    ("ipv4/tcp_tw_reuse", "0"),
];

/// What becomes of the checks of `stages` there. `None` where there is no such place.
fn checks(
    settings: &[(&str, &str)],
    stages: &[&str],
    subject: &Path,
    seed: &str,
) -> Option<Vec<Value>> {
    let set = |(file, value): &(&str, &str)| format!("echo \"{value}\" > /proc/sys/net/{file}");
    let mut script = vec!["ip link set lo up".to_string()];
    script.extend(settings.iter().map(set));
    let subject = subject.to_str().expect("a path of ours is text");
    let mut arguments = vec!["check", "--json", "--subject", subject, "--seed", seed];
    arguments.extend(stages);
    let ran = inside(&["--net"], &script.join("\n"), &arguments)?.run();
    Some(ran.checks())
}

/// The solutions of `stages` pass there, but for the checks in `not_judged`, which say that this is not the place.
fn solutions_pass(settings: &[(&str, &str)], stages: &[&str], not_judged: &[&str]) {
    let Some(checks) = checks(settings, stages, &root().join("solutions"), "1") else {
        return;
    };
    let mut elsewhere = BTreeSet::new();
    for check in &checks {
        match check["verdict"].as_str() {
            Some("passed") => {}
            Some("not judged here") => {
                elsewhere.insert(check["check"].as_str().unwrap_or_default());
            }
            _ => panic!("{settings:?}: {check:#}"),
        }
    }
    assert_eq!(elsewhere, not_judged.iter().copied().collect());
}

/// The mutant at `path` in the gallery fails there what it must fail, for its cause.
fn mutant_fails(settings: &[(&str, &str)], path: &str, check: &str, cause: &str) {
    let piece = gallery().into_iter().find(|piece| piece.path() == path);
    let piece = piece.unwrap_or_else(|| panic!("the gallery has no {path}"));
    let name = format!("surroundings/{path}");
    let subject = subject(&name, &[(piece.stage, &piece.sources)]);
    let Some(checks) = checks(settings, &[piece.stage.slug], &subject, "1") else {
        return;
    };
    let row = checks.iter().find(|row| row["check"] == check);
    let row = row.unwrap_or_else(|| panic!("no check {check}"));
    assert_eq!(
        (&row["verdict"], &row["cause"]),
        (&"failed".into(), &cause.into()),
        "{row:#}"
    );
}

#[test]
fn buffers_that_grow_change_nothing() {
    solutions_pass(LARGE_BUFFERS, &["6", "9"], &[]);
}

#[test]
fn buffers_that_begin_large_hide_no_queue_without_bound() {
    mutant_fails(
        LARGE_FROM_THE_START,
        "06-nonblocking-send/reads-without-bound",
        "keeps_little_for_a_client_that_does_not_read",
        "unbounded-queue",
    );
}

#[test]
fn a_kernel_that_takes_little_at_a_time_changes_nothing() {
    let floods = ["makes_nobody_wait_for_clients_that_send_without_end"];
    solutions_pass(LITTLE_AT_A_TIME, &["5", "9"], &floods);
    mutant_fails(
        LITTLE_AT_A_TIME,
        "09-select/forgets-what-was-not-taken",
        "makes_nobody_wait_for_a_silent_or_a_slow_client",
        "tail-lost",
    );
}

#[test]
fn a_kernel_with_no_room_for_a_message_is_no_place_to_trust_it() {
    let trusted = [
        "echoes_messages_of_every_size",
        "sends_the_rest_and_the_end_after_a_half_close",
    ];
    solutions_pass(SMALL_BUFFERS, &["5"], &trusted);
}

#[test]
fn a_backlog_that_the_kernel_cuts_short_is_not_the_programs() {
    let sixteen = ["lets_sixteen_clients_wait_while_it_is_stopped"];
    solutions_pass(FEW_OF_ALL, &["1", "7"], &sixteen);
}
