//! What this machine is called.

use std::process::Command;
use std::{fs, thread};

use lab::bench::data::Machine;
use lab::platform;

pub fn ours() -> Machine {
    Machine {
        cpu: processor().unwrap_or_else(|| std::env::consts::ARCH.into()),
        cores: thread::available_parallelism().map_or(1, usize::from),
        system: platform::system(),
    }
}

/// The processor's model, where the system tells.
fn processor() -> Option<String> {
    let model = match std::env::consts::OS {
        "linux" => {
            let told = fs::read_to_string("/proc/cpuinfo").ok()?;
            let line = told.lines().find(|line| line.starts_with("model name"))?;
            line.split_once(':')?.1.to_owned()
        }
        "macos" => {
            let mut command = Command::new("sysctl");
            let told = command.args(["-n", "machdep.cpu.brand_string"]).output();
            String::from_utf8(told.ok()?.stdout).ok()?
        }
        _ => return None,
    };
    let model = model.trim();
    (!model.is_empty()).then(|| model.to_owned())
}
