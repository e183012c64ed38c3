//! `lab talk`: what it sends, shows, and measures.

use crate::support::scratch::lab_program;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use predicates::prelude::*;
use predicates::str::contains;

/// Types `lines` at a server that treats each of its clients in this way, and returns what is shown.
fn talk(lines: &'static str, serve: fn(TcpStream)) -> Assert {
    talk_to(lines, move |client, _| serve(client)).0
}

/// As [`talk`], with a server that says how far it is. The longest time that it took for one step is returned too.
fn talk_to(
    lines: &'static str,
    serve: impl Fn(TcpStream, &Sender<Instant>) + Copy + Send + 'static,
) -> (Assert, Duration) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = listener.local_addr().expect("a listener has an address");
    let (step, steps) = channel();
    thread::spawn(move || {
        for client in listener.incoming() {
            let step = step.clone();
            thread::spawn(move || serve(client.expect("a client comes"), &step));
        }
    });
    let mut before = Instant::now();
    let shown = Command::new(lab_program())
        .args(["talk", &address.to_string()])
        .write_stdin(lines)
        .assert();
    let mut longest = Duration::ZERO;
    for step in steps.try_iter() {
        longest = longest.max(step.duration_since(before));
        before = step;
    }
    (shown, longest)
}

/// Whom nobody reads from for so long, in `/fill`, takes it that nobody will. A server may be kept from it for longer on
/// a busy machine, and then talk is right to say so.
const STUCK: Duration = Duration::from_secs(1);

/// Sends back what comes, and waits with reading where nobody reads.
fn echo(mut client: TcpStream) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = client.read(&mut buffer) {
        client.write_all(&buffer[..count]).expect("a client takes");
    }
}

/// Echoes, but for one byte that comes back as another.
fn garble(mut client: TcpStream) {
    let mut first = [0; 1000];
    client.read_exact(&mut first).expect("a client sends");
    first[999] ^= 1;
    client.write_all(&first).expect("a client takes");
    echo(client);
}

/// Keeps everything, and answers at the end with its beginning.
fn keep(mut client: TcpStream, step: &Sender<Instant>) {
    let mut kept = Vec::new();
    let mut buffer = vec![0; 1 << 16];
    while let Ok(count @ 1..) = client.read(&mut buffer) {
        kept.extend_from_slice(&buffer[..count]);
        let _ = step.send(Instant::now());
    }
    client
        .write_all(&kept[..kept.len().min(1000)])
        .expect("a client takes");
}

/// Hangs up while bytes lie unread, which makes a reset of it.
fn hang_up(mut client: TcpStream, step: &Sender<Instant>) {
    let mut first = [0; 1000];
    client.read_exact(&mut first).expect("a client sends");
    client.write_all(&first).expect("a client takes");
    drop(client);
    let _ = step.send(Instant::now());
}

#[test]
fn shows_what_it_is_answered() {
    talk("hello\n/send \\x00a", echo)
        .code(0)
        .stdout(contains("hello\\n").and(contains("\\x00a")))
        .stdout(contains("the server has ended the stream"));
}

#[test]
fn fills_what_has_a_bound_and_reads_it_again() {
    talk("hello\n/fill\nnot sent\n/time 1\n/read\nagain\n", echo)
        .code(0)
        .stdout(contains(" bytes went out, and no more fits"))
        .stdout(contains("nothing was sent: first /read what /fill has sent").count(2))
        .stdout(contains(
            " bytes came back\nthe same bytes in the same order\n",
        ))
        .stdout(contains("hello\\n").and(contains("again\\n")));
}

#[test]
fn reads_what_fills_the_buffers_when_nobody_can_type_it() {
    for lines in ["/fill\n", "/fill\n/end\n/read\n", "/fill\n/fill\n/end"] {
        talk(lines, echo)
            .code(0)
            .stdout(contains("the same bytes in the same order\n").count(1));
    }
}

#[test]
fn sees_a_byte_that_is_another() {
    talk("/fill\n/read\n", garble)
        .code(0)
        .stdout(contains("byte 1000 is not the one that was sent"));
}

#[test]
fn sees_what_is_missing() {
    let (shown, longest) = talk_to("/fill\n/end\ntext\n/read\n", keep);
    let shown = shown
        .code(0)
        .stdout(contains("your side has ended: nothing was sent"));
    let text = String::from_utf8_lossy(&shown.get_output().stdout);
    let sent = text.split_once(" bytes went out, and ");
    let sent = sent.and_then(|(before, _)| before.rsplit('\n').next()?.parse().ok());
    let sent: u64 = sent.unwrap_or_else(|| panic!("{text}"));
    let how = match sent {
        67_108_864 => "there is still room: somebody keeps them",
        _ => "no more fits: nobody reads",
    };
    assert!(
        text.contains(&format!("{sent} bytes went out, and {how}\n")),
        "{text}"
    );
    assert!(
        sent == 67_108_864 || longest >= STUCK,
        "after {longest:?}: {text}"
    );
    let missing = format!(
        "1000 bytes came back, {} are missing: no more will come\nwhat came is right",
        sent - 1000
    );
    assert!(text.contains(&missing), "{missing}: {text}");

    let (shown, _) = talk_to("/time 3\n", keep);
    shown
        .code(0)
        .stdout(contains("round trip 1: nothing came for 5 seconds"));
}

#[test]
fn shows_no_filler_when_the_connection_breaks() {
    let (shown, longest) = talk_to("/fill\n", hang_up);
    let shown = shown
        .stdout(contains(
            " are missing: no more will come\nwhat came is right",
        ))
        .stdout(contains("< ").not());
    let text = String::from_utf8_lossy(&shown.get_output().stdout);
    let is_told = text.contains(" bytes went out, and then no more: ");
    assert!(is_told || longest >= STUCK, "after {longest:?}: {text}");
}

#[test]
fn times_round_trips_among_a_crowd() {
    talk("hello\n/crowd 5\n/crowd 2\n/time 20\n", echo)
        .code(0)
        .stdout(contains("5 more connections are open"))
        .stdout(contains("7 more connections are open"))
        .stdout(contains("20 round trips: median ").and(contains("slowest ")))
        .stdout(contains("hello\\n"));
}

#[test]
fn says_what_a_command_wants() {
    for (line, said) in [
        ("/time\n", "/time wants a number of round trips"),
        ("/time 0\n", "/time wants"),
        ("/crowd -1\n", "/crowd wants a number of connections"),
        ("/fill 9\n", "no such command: /fill 9; /help lists them"),
        ("/read\n", "nothing waits to be read: /fill comes first"),
        ("/help\n", "/crowd N "),
    ] {
        talk(line, echo).code(0).stdout(contains(said));
    }
}
