//! `lab talk`: what it sends, shows, and measures.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::contains;

/// Types `lines` at a server that treats each of its clients in this way, and returns what is shown.
fn talk(lines: &'static str, serve: fn(TcpStream)) -> assert_cmd::assert::Assert {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = listener.local_addr().expect("a listener has an address");
    thread::spawn(move || {
        for client in listener.incoming() {
            thread::spawn(move || serve(client.expect("a client comes")));
        }
    });
    Command::new(env!("CARGO_BIN_EXE_lab"))
        .args(["talk", &address.to_string()])
        .write_stdin(lines)
        .assert()
}

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
fn keep(mut client: TcpStream) {
    let mut kept = Vec::new();
    client.read_to_end(&mut kept).expect("a client sends");
    client.write_all(&kept[..1000]).expect("a client takes");
}

/// Hangs up while bytes lie unread, which makes a reset of it.
fn hang_up(mut client: TcpStream) {
    let mut first = [0; 1000];
    client.read_exact(&mut first).expect("a client sends");
    client.write_all(&first).expect("a client takes");
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
    talk("/fill\n/end\ntext\n/read\n", keep)
        .stdout(contains("your side has ended: nothing was sent"))
        .code(0)
        .stdout(contains("67108864 bytes went out, and there is still room"))
        .stdout(contains(
            "1000 bytes came back, 67107864 are missing: no more will come\nwhat came is right",
        ));
    talk("/time 3\n", keep)
        .code(0)
        .stdout(contains("round trip 1: nothing came for 5 seconds"));
}

#[test]
fn shows_no_filler_when_the_connection_breaks() {
    talk("/fill\n", hang_up)
        .stdout(contains(" bytes went out, and then no more: "))
        .stdout(contains(
            " are missing: no more will come\nwhat came is right",
        ))
        .stdout(contains("< ").not());
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
