//! The registry: the checks of each stage, one file a stage. The table at the top of a file is its rubric.

use crate::course::Stage;
use crate::judge::check::Check;

mod echo_client;
mod echo_server;
mod event_loop;
mod listen;
mod nonblocking_accept;
mod nonblocking_recv;
mod nonblocking_send;
mod polling_clients;
mod select;
mod threads;

/// The checks of `stage`, step by step.
#[must_use]
pub fn checks(stage: &Stage) -> &'static [Check] {
    match stage.package() {
        "listen" => listen::CHECKS,
        "echo-server" => echo_server::CHECKS,
        "echo-client" => echo_client::CHECKS,
        "nonblocking-accept" => nonblocking_accept::CHECKS,
        "nonblocking-recv" => nonblocking_recv::CHECKS,
        "nonblocking-send" => nonblocking_send::CHECKS,
        "polling-clients" => polling_clients::CHECKS,
        "threads" => threads::CHECKS,
        "select" => select::CHECKS,
        "event-loop" => event_loop::CHECKS,
        _ => &[],
    }
}
