//! A program that has exited: its exit code and what it said, judged with assert_cmd.

use std::process::Output;
use std::rc::Rc;

use assert_cmd::assert::{Assert, AssertResult};
use predicates::prelude::*;
use socket2::{Domain, Socket, Type};

use crate::course::cause::Cause;
use crate::diagnose::Symptom;
use crate::diagnose::failure::Problem;
use crate::evidence::settle::{Calm, Look};
use crate::harness::context::Scene;
use crate::process::child::Running;

#[derive(Debug)]
pub struct Ended {
    output: Output,
    scene: Rc<Scene>,
}

impl Ended {
    /// Waits for the exit. A program that settles instead has failed.
    pub(crate) fn wait_for(running: &Running, scene: &Rc<Scene>) -> Result<Self, Box<Problem>> {
        let mut calm = Calm::default();
        scene.deadline().until(|| match scene.look(&mut calm) {
            Look::Moving => None,
            _ => Some(()),
        });
        let Some(status) = running.exited() else {
            return Err(scene.fails(
                Symptom::NoExit,
                "a program that exits by itself",
                "it goes on running",
                None,
            ));
        };
        running.wait_for_output();
        let output = Output {
            status,
            // Judged while it is printed; it may be long.
            stdout: Vec::new(),
            stderr: running.stderr.bytes(),
        };
        Ok(Self {
            output,
            scene: Rc::clone(scene),
        })
    }

    /// It exited with `code`.
    pub fn exits_with(&self, code: i32) -> Result<&Self, Box<Problem>> {
        let exit = self.assert().try_code(code);
        self.agrees(exit, Cause::WrongExit, &format!("exit code {code}"))
    }

    /// Its error output is one line, and `text` occurs in it.
    pub fn says_in_one_line(&self, text: &str) -> Result<&Self, Box<Problem>> {
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

    /// It gave up where `connect` failed: what it says is not the error of a later call, which finds the socket without a
    /// peer.
    pub fn gave_up_at_connect(&self) -> Result<&Self, Box<Problem>> {
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

    fn assert(&self) -> Assert {
        Assert::new(self.output.clone())
    }

    fn agrees(
        &self,
        result: AssertResult,
        cause: Cause,
        expected: &str,
    ) -> Result<&Self, Box<Problem>> {
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
        Err(self.scene.fails_because(cause, expected, received))
    }
}
