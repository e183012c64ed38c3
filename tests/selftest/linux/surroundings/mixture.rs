//! Surroundings drawn by chance: the solutions get all their points there, or an honest word.

use std::env;

use serde_json::Value;

use super::inside;

/// How many mixtures are tried, each of them so many times; more of them with
/// `UNBLOCKED_MIXTURES=20 cargo verify mixture`.
const MIXTURES: u32 = 2;
const TIMES: u32 = 1;
const SEED: u64 = 2;

/// Variables that mean something to some program, and nothing to a program of the lab.
const VARIABLES: &[(&str, &str)] = &[
    ("CARGO_BUILD_RUSTFLAGS", "-D warnings"),
    ("CARGO_INCREMENTAL", "0"),
    ("CARGO_PROFILE_DEV_OPT_LEVEL", "3"),
    ("CARGO_PROFILE_DEV_PANIC", "abort"),
    ("CARGO_TERM_COLOR", "always"),
    ("CARGO_TERM_VERBOSE", "true"),
    ("CLICOLOR_FORCE", "1"),
    ("GLIBC_TUNABLES", "glibc.malloc.check=3"),
    ("INSTA_UPDATE", "always"),
    ("LANG", "tr_TR.UTF-8"),
    ("LC_ALL", "C"),
    ("LD_PRELOAD", "/nowhere/library.so"),
    ("MALLOC_PERTURB_", "90"),
    ("NEXTEST", "1"),
    ("RUSTFLAGS", "-D warnings"),
    ("RUST_BACKTRACE", "full"),
    ("RUST_LOG", "trace"),
    ("RUST_MIN_STACK", "65536"),
    ("RUST_TEST_THREADS", "8"),
    ("TERM", "dumb"),
    ("TMPDIR", "/nowhere"),
    ("TZ", "Asia/Kathmandu"),
];

/// Shell commands that come first.
const COMMANDS: &[&str] = &[
    "umask 077",
    "umask 000",
    "ulimit -n 128",
    "ulimit -n 1024",
    "ulimit -s 1024",
    "ulimit -c unlimited",
    "ulimit -l 0",
    "nice -n 5 true",
    "trap '' HUP INT CHLD",
    "exec 7</dev/null 8</dev/null 9</dev/null",
    "exec 0</dev/zero",
    "ip link set lo mtu 1500",
    "echo '4096 16384 16777216' > /proc/sys/net/ipv4/tcp_wmem",
    "echo '4096 87380 1048576' > /proc/sys/net/ipv4/tcp_rmem",
    "echo 16384 > /proc/sys/net/ipv4/tcp_notsent_lowat",
    "echo 64 > /proc/sys/net/core/somaxconn",
    "echo 0 > /proc/sys/net/ipv4/tcp_timestamps",
    "echo 0 > /proc/sys/net/ipv4/tcp_sack",
    "echo 0 > /proc/sys/net/ipv4/tcp_window_scaling",
    "echo 0 > /proc/sys/net/ipv4/tcp_moderate_rcvbuf",
    "echo 32768 36000 > /proc/sys/net/ipv4/ip_local_port_range",
];

const NAMESPACES: &[&str] = &["--mount", "--ipc", "--uts", "--cgroup"];

#[test]
fn solutions_are_right_anywhere() {
    let number = |name: &str, usual: u32| {
        let wanted = env::var(name).ok().and_then(|text| text.parse().ok());
        wanted.unwrap_or(usual)
    };
    // Always the same ones, unless more of them are asked for: what comes by chance is for whoever waits for it.
    let seed = match env::var_os("UNBLOCKED_MIXTURES") {
        Some(_) => fastrand::u64(..),
        None => SEED,
    };
    let mut random = fastrand::Rng::with_seed(seed);
    for mixture in 0..number("UNBLOCKED_MIXTURES", MIXTURES) {
        let variables = draw(&mut random, VARIABLES, 6);
        let commands = draw(&mut random, COMMANDS, 4);
        let mut namespaces = vec!["--net"];
        namespaces.extend(draw(&mut random, NAMESPACES, 2));
        let script = ["ip link set lo up", &commands.join("\n")].join("\n");
        for _ in 0..number("UNBLOCKED_TIMES", TIMES) {
            let arguments = ["check", "--json", "--subject", "solutions"];
            let Some(mut lab) = inside(&namespaces, &script, &arguments) else {
                return;
            };
            for (name, value) in &variables {
                lab = lab.env(name, value);
            }
            let surroundings = format!(
                "mixture {mixture} of seed {seed}: {namespaces:?}, {commands:?}, {variables:?}"
            );
            let ran = lab.run();
            assert_eq!(ran.code, Some(0), "{surroundings}: {ran:?}");
            for row in ran.checks() {
                assert!(is_honest(&row), "{surroundings}: {row:#}");
            }
        }
        eprintln!("mixture {mixture}: {commands:?} {variables:?}: right");
    }
}

/// Whether a verdict on a right program is all right: where it says that it cannot tell, it says why.
fn is_honest(row: &Value) -> bool {
    match row["verdict"].as_str() {
        Some("passed") => match row["without"].as_array() {
            Some(without) => without.iter().all(is_a_part),
            None => true,
        },
        Some("not judged here") => row["why"].as_str().is_some_and(|why| why.contains(": ")),
        _ => false,
    }
}

/// Whether what was left out of a check is a whole part of it, and not something that a verb did without.
fn is_a_part(what: &Value) -> bool {
    what.as_str()
        .is_some_and(|what| what.contains(", which needs "))
}

fn draw<T: Copy>(random: &mut fastrand::Rng, from: &[T], most: usize) -> Vec<T> {
    let mut all = from.to_vec();
    random.shuffle(&mut all);
    all.truncate(random.usize(..=most));
    all
}
