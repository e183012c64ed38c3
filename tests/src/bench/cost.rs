//! What a request costs each design, as the table that is kept. It can be read again, so that anybody can draw it.

use std::fmt::Write;

use anyhow::{Context, ensure};

use crate::bench::data::{Machine, Spread, Values};
use crate::text::counted;

/// How wide the column of names is, and each of the others, in letters.
const NAME: usize = 26;
const CELL: usize = 24;

/// How the table begins, and how it goes on behind the number of bytes and before the number of runs.
const BEGINS: &str = "Server CPU in µs a request of ";
const GOES_ON: &str = " bytes, server and clients on one core: median (least to most) of ";

/// What stands where not every client was answered: what one costs is no answer to what many cost.
const NOTHING: &str = "–";

/// The server's own processor time for a request.
#[derive(Debug, Clone, PartialEq)]
pub struct CostTable {
    /// Bytes in one message.
    pub size: usize,
    /// How often everything was measured.
    pub runs: usize,
    pub machine: Machine,
    /// The numbers of clients, from few to many.
    pub clients: Vec<usize>,
    pub rows: Vec<CostRow>,
}

/// One way to serve many clients.
#[derive(Debug, Clone, PartialEq)]
pub struct CostRow {
    pub name: String,
    /// In microseconds, one for each number of clients. `None` where not every client was answered.
    pub costs: Vec<Option<Spread>>,
    /// Why it was measured no more.
    pub failed: Option<String>,
}

impl CostRow {
    #[must_use]
    pub fn new(name: &str, costs: &[Values], failed: Option<String>) -> Self {
        Self {
            name: name.into(),
            costs: costs.iter().map(Values::spread).collect(),
            failed,
        }
    }

    fn to_text(&self) -> String {
        let mut text = format!("{:<NAME$}", self.name);
        for cost in &self.costs {
            let word = cost.map_or_else(|| NOTHING.into(), Spread::to_text);
            text += &format!("{word:>CELL$}");
        }
        match &self.failed {
            Some(reason) => format!("{}\n  {reason}\n", text.trim_end()),
            None => text + "\n",
        }
    }
}

impl Spread {
    fn to_text(self) -> String {
        let Self {
            median,
            least,
            most,
        } = self;
        format!("{median:.2} ({least:.2} to {most:.2})")
    }

    fn from_text(text: &str) -> Option<Self> {
        let (median, rest) = text.strip_suffix(')')?.split_once(" (")?;
        let (least, most) = rest.split_once(" to ")?;
        Some(Self {
            median: median.parse().ok()?,
            least: least.parse().ok()?,
            most: most.parse().ok()?,
        })
    }
}

impl CostTable {
    /// The table as text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Machine { cpu, cores, system } = &self.machine;
        let (runs, cores) = (counted(self.runs, "run"), counted(*cores, "core"));
        let mut text = format!("{BEGINS}{}{GOES_ON}{runs}\n", self.size);
        text += &format!("{cpu}, {cores}, {system}\n\n{:<NAME$}", "");
        for clients in &self.clients {
            // Writing to a String cannot fail.
            let _ = write!(text, "{:>CELL$}", counted(*clients, "client"));
        }
        text.push('\n');
        self.rows.iter().for_each(|row| text += &row.to_text());
        text
    }

    /// Reads such a text, and leaves alone what stands below the table.
    ///
    /// # Errors
    ///
    /// When it is none; the message says where it differs.
    pub fn from_text(text: &str) -> anyhow::Result<Self> {
        let mut lines = text.lines();
        let mut line = || lines.next().unwrap_or_default();
        let first = line().strip_prefix(BEGINS);
        let (size, runs) = first
            .and_then(|line| line.split_once(GOES_ON))
            .context("its first line is not that of a table of costs")?;
        let machine = machine(line()).context("its second line names no machine")?;
        ensure!(line().is_empty(), "its third line is not empty");
        let clients: Option<Vec<usize>> = cells(line()).map(|cell| number(&cell)).collect();
        let clients = clients.context("its fourth line names no numbers of clients")?;
        let mut rows: Vec<CostRow> = Vec::new();
        for line in lines.take_while(|line| !line.is_empty()) {
            match (line.strip_prefix("  "), rows.last_mut()) {
                (Some(reason), Some(row)) => row.failed = Some(reason.into()),
                _ => rows.push(row(line, clients.len())?),
            }
        }
        Ok(Self {
            size: size.parse().context("bytes are a number")?,
            runs: number(runs).context("runs are a number")?,
            machine,
            clients,
            rows,
        })
    }
}

/// `AMD EPYC, 2 cores, Linux 6.18`; a processor's name may have a comma in it.
fn machine(line: &str) -> Option<Machine> {
    let mut words = line.rsplitn(3, ", ");
    let (system, cores, cpu) = (words.next()?, words.next()?, words.next()?);
    Some(Machine {
        cpu: cpu.into(),
        cores: number(cores)?,
        system: system.into(),
    })
}

/// The number in `50 clients` or `1 000 clients`.
fn number(counted: &str) -> Option<usize> {
    let digits: String = counted.chars().filter(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// What stands behind the name, cell by cell.
fn cells(line: &str) -> impl Iterator<Item = String> {
    let letters: Vec<char> = line.chars().skip(NAME).collect();
    let cells = letters.chunks(CELL).map(String::from_iter);
    cells.collect::<Vec<String>>().into_iter()
}

fn row(line: &str, columns: usize) -> anyhow::Result<CostRow> {
    let name: String = line.chars().take(NAME).collect();
    let name = name.trim_end();
    let costs: Option<Vec<Option<Spread>>> = cells(line)
        .map(|cell| match cell.trim() {
            NOTHING => Some(None),
            cell => Spread::from_text(cell).map(Some),
        })
        .collect();
    let costs = costs.filter(|costs| costs.len() == columns);
    Ok(CostRow {
        costs: costs.with_context(|| format!("\"{name}\" has a cell that is none"))?,
        name: name.into(),
        failed: None,
    })
}
