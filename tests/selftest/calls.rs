//! What the calls of a program tell, on calls that are made up here.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use lab::evidence::calls::CallLog;
use lab::evidence::connection::Connection;
use lab::platform::{CallCounts, CallKind, SocketOption, TcpRow, WatchedCall};

use crate::support::samples::{connection, rows};

fn option(descriptor: i32, option: SocketOption) -> WatchedCall {
    WatchedCall::Option { descriptor, option }
}

fn send(descriptor: i32, more: bool) -> WatchedCall {
    on(CallKind::Send, descriptor, more)
}

fn recv(descriptor: i32) -> WatchedCall {
    on(CallKind::Recv, descriptor, false)
}

fn close(descriptor: i32) -> WatchedCall {
    WatchedCall::Close { descriptor }
}

fn on(kind: CallKind, descriptor: i32, more: bool) -> WatchedCall {
    WatchedCall::On {
        kind,
        descriptor,
        bytes: 1,
        more,
        peer: None,
    }
}

#[test]
fn bytes_are_held_back_until_the_cork_is_out_or_the_last_piece_is_sent() {
    use SocketOption::{Cork, NoCork};
    let cork = || option(4, Cork);
    let cases = [
        (vec![send(4, false)], None),
        (vec![cork(), send(4, false)], Some("TCP_CORK")),
        (vec![cork(), send(4, false), option(4, NoCork)], None),
        (vec![cork(), option(5, NoCork)], Some("TCP_CORK")),
        (vec![send(4, true), send(4, true)], Some("MSG_MORE")),
        (vec![send(4, true), send(4, false)], None),
        (vec![send(4, true), send(5, false)], Some("MSG_MORE")),
        (
            vec![send(4, true), recv(4), send(4, false)],
            Some("MSG_MORE"),
        ),
        (vec![recv(4), send(4, true), send(4, false), recv(4)], None),
        // With the socket goes all that is left; but who has closed it may have kept people waiting before.
        (vec![send(4, true), close(4)], None),
        (vec![cork(), send(4, false), close(4)], Some("TCP_CORK")),
    ];
    for (calls, expected) in cases {
        let log = CallLog::new(calls.iter().map(|call| (1, call.clone())).collect());
        assert_eq!(log.holds_back(), expected, "{calls:?}");
    }
}

#[test]
fn the_same_send_again_and_again_is_a_try_in_vain() {
    let sends = |sizes: &[u64]| {
        let calls = sizes.iter().map(|bytes| {
            let call = WatchedCall::On {
                kind: CallKind::Send,
                descriptor: 4,
                bytes: *bytes,
                more: false,
                peer: None,
            };
            (1, call)
        });
        CallLog::new(calls.collect()).most_tries_to_send()
    };
    assert_eq!(sends(&[500, 400, 300]), 0, "each took a part");
    assert_eq!(sends(&[500, 500, 500, 400]), 2);
    assert_eq!(sends(&[1, 1, 1, 1]), 0, "one byte after the other");
}

#[test]
fn a_socket_that_was_asked_between_them_ends_a_row_of_naps() {
    let nap = || WatchedCall::Nap(Duration::from_millis(1));
    let most = |calls: Vec<WatchedCall>| {
        let calls = calls.into_iter().map(|call| (1, call));
        CallLog::new(calls.collect()).most_naps_in_a_row()
    };
    assert_eq!(most(vec![nap(), recv(4), nap(), recv(5), nap()]), 1);
    assert_eq!(most(vec![nap(), nap(), close(4), nap(), recv(5), nap()]), 3);

    let alone = |calls: Vec<WatchedCall>| {
        let calls = calls.into_iter().map(|call| (1, call));
        CallLog::new(calls.collect()).most_naps_in_a_row_before_the_first_client()
    };
    assert_eq!(alone(vec![nap(), nap(), recv(5), nap(), nap(), nap()]), 2);
    assert_eq!(alone(vec![recv(5), nap(), nap()]), 0);
}

#[test]
fn what_was_asked_before_the_answer_is_counted_by_the_connection() {
    let client = SocketAddr::from((Ipv4Addr::LOCALHOST, 40_000));
    let with_client = |kind, descriptor| WatchedCall::On {
        kind,
        descriptor,
        bytes: 1,
        more: false,
        peer: Some(client),
    };
    let recv = || with_client(CallKind::Recv, 4);
    let before = [recv(), recv(), recv()];
    let count = |since: &[WatchedCall]| {
        let calls = before.iter().chain(since).map(|call| (1, call.clone()));
        CallLog::new(calls.collect()).receives_before_a_send(since.len() as u64, client)
    };
    let send = |descriptor| with_client(CallKind::Send, descriptor);
    assert_eq!(count(&[recv(), send(4), recv()]), 1);
    assert_eq!(count(&[recv(), recv(), send(4)]), 2);
    let copy = with_client(CallKind::Recv, 9);
    assert_eq!(count(&[copy, send(9), recv()]), 1, "another descriptor");
    assert_eq!(count(&[]), 0, "no call since");
}

#[test]
fn a_client_that_is_asked_no_more_is_not_among_the_last_calls() {
    let (here, there): (SocketAddr, SocketAddr) = (
        "127.0.0.1:5001".parse().expect("an address"),
        "127.0.0.1:5002".parse().expect("an address"),
    );
    let recv_from = |peer| WatchedCall::On {
        kind: CallKind::Recv,
        descriptor: 4,
        bytes: 4096,
        more: false,
        peer: Some(peer),
    };
    let accept = || on(CallKind::Accept, 3, false);
    let log =
        |calls: Vec<WatchedCall>| CallLog::new(calls.into_iter().map(|call| (1, call)).collect());
    let asked_last = log(vec![recv_from(there), accept(), recv_from(here)]);
    assert_eq!(asked_last.last_received_from(2, here), Some(true));
    assert_eq!(asked_last.last_received_from(2, there), Some(false));
    assert_eq!(
        asked_last.last_received_from(4, here),
        None,
        "too few to tell"
    );
    assert!(asked_last.accepts());
    assert!(!asked_last.never_received_from(there));
    let only_here = log(vec![recv_from(here), accept()]);
    assert!(only_here.never_received_from(there));
    let unknown = log(vec![recv_from(here), on(CallKind::Recv, 4, false)]);
    assert!(!unknown.never_received_from(there), "it may be that one");
    assert!(!log(vec![recv_from(here)]).accepts());
}

#[test]
fn a_client_waits_for_the_program_until_it_is_served() {
    let waits = |change: fn(&mut TcpRow, &Connection)| {
        let (mut rows, connection) = (rows(), connection());
        change(&mut rows[1], &connection);
        connection.waits_for_the_program(&rows)
    };
    assert!(!waits(|_, _| {}));
    assert!(waits(|theirs, _| theirs.inode = 0), "in the backlog");
    assert!(waits(|theirs, _| theirs.unread = 5));
    assert!(waits(|_, connection| connection.counts.add_sent(5)), "kept");
}

#[test]
fn a_thread_has_slept_for_as_long_as_its_long_naps_that_are_over() {
    let nap = |milliseconds| WatchedCall::Nap(Duration::from_millis(milliseconds));
    let (one, other) = (1, 2);
    let cases = [
        (vec![], 0),
        // It sleeps still.
        (vec![(one, nap(20))], 0),
        (vec![(one, nap(20)), (one, recv(4))], 20),
        (vec![(one, nap(20)), (other, recv(4))], 0),
        (vec![(one, nap(20)), (one, nap(30)), (one, nap(40))], 50),
        // The loops of the lab nap for a few milliseconds, and somebody may keep house once an hour.
        (vec![(one, nap(9)), (one, recv(4))], 0),
        (vec![(one, nap(3_600_000)), (one, recv(4))], 0),
        // Two that sleep at the same time.
        (
            vec![
                (one, nap(20)),
                (other, nap(30)),
                (one, recv(4)),
                (other, recv(5)),
            ],
            30,
        ),
    ];
    for (calls, expected) in cases {
        let mut counts = CallCounts::default();
        for (thread, call) in &calls {
            counts.add(*thread, call);
        }
        let slept = counts.most_slept();
        assert_eq!(slept, Duration::from_millis(expected), "{calls:?}");
    }
    let mut counts = CallCounts::default();
    counts.add(one, &nap(20));
    counts.take_back(one, &nap(20));
    counts.add(one, &recv(4));
    assert_eq!(counts.most_slept(), Duration::ZERO, "a nap that never was");
}
