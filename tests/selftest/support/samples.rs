//! What the kernel may show of a program, made up for tests that need no process.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use lab::evidence::connection::Connection;
use lab::platform::{CallKind, Descriptor, SleepingCall, TcpRow, TcpState, Thread};

/// The socket that the program shares with client 1: descriptor and inode.
pub const SOCKET: (i32, u64) = (4, 77);

/// Client 1's connection.
pub fn connection() -> Connection {
    let [ours, _] = rows();
    Connection::new("client 1".into(), ours.local, ours.remote)
}

/// Our end of that connection, and the program's. Nothing is on its way.
pub fn rows() -> [TcpRow; 2] {
    let [client, server] = [40_000, 7878].map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let row = |local, remote, inode| TcpRow {
        local,
        remote,
        state: TcpState::Established,
        unsent: 0,
        unread: 0,
        received: None,
        retransmits: 0,
        inode,
    };
    [row(client, server, 5), row(server, client, SOCKET.1)]
}

/// The descriptors that the program has open.
pub fn open() -> Vec<Descriptor> {
    vec![Descriptor {
        number: SOCKET.0,
        socket: Some(SOCKET.1),
    }]
}

/// A thread that sleeps in a call.
pub fn sleeping(call: SleepingCall) -> Thread {
    Thread {
        id: 1,
        state: 'S',
        call: Some(call),
        cpu: Duration::from_millis(3),
        switches: 8,
        sleeps: 7,
    }
}

/// A call that does not return by itself.
pub fn call(kind: CallKind, descriptor: Option<i32>) -> SleepingCall {
    SleepingCall {
        kind,
        descriptor,
        other_end: None,
        timed: false,
        nap: None,
    }
}

/// A sleep of so long.
pub fn nap(time: Duration) -> SleepingCall {
    SleepingCall {
        timed: true,
        nap: Some(time),
        ..call(CallKind::Sleep, None)
    }
}
