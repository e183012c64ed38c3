//! The command line of a stage's program, its error line and its exit code.
//!
//! Exit codes: 0 done · 1 the network said no · 2 the command line was wrong.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use lexopt::prelude::*;

use crate::EventLog;

/// Where a server listens when nobody says otherwise.
const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7878);

/// Runs a server: `--listen ADDR`, then `serve`, which returns only when it cannot go on.
///
/// An error becomes one line on standard error that names the address, and exit code 1.
pub fn run_server(serve: impl FnOnce(SocketAddr, &EventLog) -> io::Result<()>) -> ExitCode {
    let usage = format!(
        "[--listen ADDR]    ADDR is an IP address and a port, {DEFAULT_ADDRESS} by default"
    );
    match server_address() {
        Ok(Some(address)) => finish(address, serve(address, &EventLog::new())),
        Ok(None) => help(&usage),
        Err(error) => misused(&error, &usage),
    }
}

/// Runs a client: `ADDR`, then `call`, which returns when the conversation is over.
///
/// An error becomes one line on standard error that names the address, and exit code 1.
pub fn run_client(call: impl FnOnce(SocketAddr) -> io::Result<()>) -> ExitCode {
    let usage = "ADDR    the server's IP address and port, such as 127.0.0.1:7878";
    match client_address() {
        Ok(Some(address)) => finish(address, call(address)),
        Ok(None) => help(usage),
        Err(error) => misused(&error, usage),
    }
}

/// `None` when help was asked for.
fn server_address() -> Result<Option<SocketAddr>, lexopt::Error> {
    let mut address = DEFAULT_ADDRESS;
    let mut words = lexopt::Parser::from_env();
    while let Some(word) = words.next()? {
        match word {
            Long("listen") => address = words.value()?.parse()?,
            Short('h') | Long("help") => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(address))
}

/// `None` when help was asked for.
fn client_address() -> Result<Option<SocketAddr>, lexopt::Error> {
    let mut address = None;
    let mut words = lexopt::Parser::from_env();
    while let Some(word) = words.next()? {
        match word {
            Value(value) if address.is_none() => address = Some(value.parse()?),
            Short('h') | Long("help") => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    address
        .map(Some)
        .ok_or_else(|| "the server's address is missing".into())
}

fn finish(address: SocketAddr, result: io::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {address}: {error}", program());
            ExitCode::FAILURE
        }
    }
}

fn help(usage: &str) -> ExitCode {
    println!("usage: {} {usage}", program());
    ExitCode::SUCCESS
}

fn misused(error: &lexopt::Error, usage: &str) -> ExitCode {
    eprintln!("{}: {error}\nusage: {0} {usage}", program());
    ExitCode::from(2)
}

/// The program's own name, as the shell found it.
fn program() -> String {
    let path = std::env::args_os().next().unwrap_or_default();
    let name = std::path::Path::new(&path).file_stem().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
