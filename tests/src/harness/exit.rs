//! A program that has exited: its exit code and what it said, judged with assert_cmd.

use std::net::SocketAddr;
use std::process::Output;
use std::rc::Rc;

use assert_cmd::assert::{Assert, AssertResult};
use predicates::prelude::*;
use socket2::{Domain, Socket, Type};

use crate::course::cause::Cause;
use crate::diagnose::failure::Result;
use crate::diagnose::symptom::Symptom;
use crate::harness::audit;
use crate::harness::context::CheckContext;
use crate::process::child::Process;

#[derive(Debug)]
pub struct ExitedProgram {
    output: Output,
    context: Rc<CheckContext>,
}

impl ExitedProgram {
    /// Waits for the exit. A program that settles instead has failed.
    pub(crate) fn wait_for(process: &Process, context: &Rc<CheckContext>) -> Result<Self> {
        let Some(status) = context.wait_until(|| process.exited()).reached() else {
            let tries_again = context
                .calls()
                .is_some_and(|calls| calls.bound().nth(1).is_some());
            let (symptom, received) = match tries_again {
                true => (
                    Symptom::Known(Cause::NotAtItsAddress),
                    "it calls bind again and again",
                ),
                false => (Symptom::NoExit, "it goes on running"),
            };
            let expected = "a program that exits by itself";
            return Err(context.fail(symptom, expected, received, None));
        };
        process.wait_for_output();
        let output = Output {
            status,
            // Judged while it is printed; it may be long.
            stdout: Vec::new(),
            stderr: process.stderr.bytes(),
        };
        Ok(Self {
            output,
            context: Rc::clone(context),
        })
    }

    /// It exited with `code`.
    pub fn expect_code(&self, code: i32) -> Result<&Self> {
        let exit = self.assert().try_code(code);
        self.agrees(exit, Cause::WrongExit, &format!("exit code {code}"))
    }

    /// Its error output is one line, and `text` occurs in it.
    pub fn expect_one_line_naming(&self, text: &str) -> Result<&Self> {
        let one_line = predicate::function(|said: &str| said.lines().count() == 1);
        let said = self
            .assert()
            .try_stderr(one_line.and(predicate::str::contains(text)));
        self.agrees(
            said,
            Cause::AddressNotNamed,
            &format!("one line on its error output that names {text}"),
        )
    }

    /// It ended as a program does that cannot go on: with exit code 1, and with one line that names `address`.
    pub fn expect_error_exit(&self, address: SocketAddr) -> Result<&Self> {
        self.expect_code(1)?
            .expect_one_line_naming(&address.to_string())
    }

    /// It gave up where `connect` failed: what it says is not the error of a later call, which finds the socket without a
    /// peer.
    pub fn expect_failure_of_connect(&self) -> Result<&Self> {
        let never_connected = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        let Err(later) = never_connected.peer_addr() else {
            return Ok(self);
        };
        let said = self
            .assert()
            .try_stderr(predicate::str::contains(later.to_string()).not());
        self.agrees(
            said,
            Cause::NeverConnected,
            "the error that `connect` returned, and not that of a later call",
        )
    }

    /// It has not slept, nor waited with a timeout: what failed was not tried again.
    pub fn expect_no_waits_of_its_own(&self) -> Result<&Self> {
        let expected = "a program that ends when it has its answer";
        audit::no_waits_of_its_own(&self.context, self.context.calls(), expected)?;
        Ok(self)
    }

    /// It has tried to bind its address once, and not on and on.
    pub fn expect_one_bind(&self) -> Result<&Self> {
        match self
            .context
            .calls()
            .map_or(0, |calls| calls.bound().count())
        {
            0 | 1 => Ok(self),
            many => Err(self.context.fail_because(
                Cause::NotAtItsAddress,
                "one call of bind, whose answer is final",
                format!("{many} calls of bind"),
            )),
        }
    }

    fn assert(&self) -> Assert {
        Assert::new(self.output.clone())
    }

    fn agrees(&self, result: AssertResult, cause: Cause, expected: &str) -> Result<&Self> {
        if result.is_ok() {
            return Ok(self);
        }
        let exit = match self.output.status.code() {
            Some(code) => format!("exit code {code}"),
            None => self.output.status.to_string(),
        };
        let said = String::from_utf8_lossy(&self.output.stderr);
        let received = match said.trim() {
            "" => format!("{exit}, and nothing on its error output"),
            said => format!("{exit}, and on its error output:\n{said}"),
        };
        Err(self.context.fail_because(cause, expected, received))
    }
}
