//! What a comparison of designs has found out, as the JSON beside each picture keeps it: every run's values, so that
//! anybody can draw them again, or otherwise.

use anyhow::{Context, ensure};
use serde_json::{Value, json};

/// The version of the JSON.
const VERSION: u64 = 1;

/// Some designs, measured on one machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    pub machine: Machine,
    /// Bytes in one message.
    pub size: usize,
    /// How often everything was measured.
    pub runs: usize,
    /// The numbers of clients, from few to many.
    pub clients: Vec<usize>,
    pub designs: Vec<Design>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// The processor's model.
    pub cpu: String,
    pub cores: usize,
    /// The operating system.
    pub system: String,
}

/// One way to serve many clients.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    pub name: String,
    /// The stage, or the program beside the stages, that shows it.
    pub program: String,
    /// One for each number of clients, in the same order.
    pub points: Vec<Point>,
}

/// What was found with one number of clients.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Point {
    /// Clients that were answered at least once, in per cent of those that asked.
    pub answered: Values,
    /// Requests that were answered in a second.
    pub requests: Values,
    /// The median time from a question to its answer, in microseconds.
    pub median: Values,
    /// The time within which 99 of 100 answers came, in microseconds.
    pub late: Values,
    /// What the server used of one core while nobody asked, in per cent.
    pub idle: Values,
}

/// One value for each run in which there was one. Nothing, where nobody could tell.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Values(pub Vec<f64>);

/// What the values of some runs come to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    pub median: f64,
    pub least: f64,
    pub most: f64,
}

impl Values {
    /// `None` where there are no values.
    #[must_use]
    pub fn spread(&self) -> Option<Spread> {
        Some(Spread {
            median: self.median()?,
            least: self.least()?,
            most: self.most()?,
        })
    }

    /// The value in the middle; of an even number, the mean of the two.
    #[must_use]
    pub fn median(&self) -> Option<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        match sorted.len() {
            0 => None,
            odd if odd % 2 == 1 => Some(sorted[middle]),
            _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
        }
    }

    #[must_use]
    pub fn least(&self) -> Option<f64> {
        self.0.iter().copied().min_by(f64::total_cmp)
    }

    #[must_use]
    pub fn most(&self) -> Option<f64> {
        self.0.iter().copied().max_by(f64::total_cmp)
    }

    /// Adds what one run has found, if it has found anything, to the tenth.
    pub fn add(&mut self, value: Option<f64>) {
        self.0
            .extend(value.map(|value| (value * 10.0).round() / 10.0));
    }
}

impl Comparison {
    /// The text of the JSON file.
    #[must_use]
    pub fn to_json(&self) -> String {
        let designs: Vec<Value> = self.designs.iter().map(|one| self.design(one)).collect();
        let all = json!({
            "version": VERSION,
            "machine": {
                "cpu": self.machine.cpu,
                "cores": self.machine.cores,
                "system": self.machine.system,
            },
            "size": self.size,
            "runs": self.runs,
            "designs": designs,
        });
        format!("{all:#}\n")
    }

    fn design(&self, design: &Design) -> Value {
        let points = self.clients.iter().zip(&design.points);
        let points: Vec<Value> = points
            .map(|(clients, point)| {
                json!({
                    "clients": clients,
                    "answered_percent": point.answered.0,
                    "requests_per_second": point.requests.0,
                    "latency_median_us": point.median.0,
                    "latency_99_percent_us": point.late.0,
                    "idle_cpu_percent": point.idle.0,
                })
            })
            .collect();
        json!({ "name": design.name, "program": design.program, "points": points })
    }

    /// Reads the text of such a file.
    ///
    /// # Errors
    ///
    /// When it is none; the message says where it differs.
    pub fn from_json(text: &str) -> anyhow::Result<Self> {
        let all: Value = serde_json::from_str(text).context("this is no JSON")?;
        ensure!(
            all["version"] == VERSION,
            "its version is not {VERSION}, which is all that can be drawn here"
        );
        let machine = &all["machine"];
        let designs = list(&all, "designs")?;
        let first = designs.first().context("it has no designs")?;
        let clients = list(first, "points")?
            .iter()
            .map(|point| whole(point, "clients"))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let designs = designs
            .iter()
            .map(|design| read_design(design, &clients))
            .collect::<anyhow::Result<_>>()?;
        Ok(Self {
            machine: Machine {
                cpu: word(machine, "cpu")?,
                cores: whole(machine, "cores")?,
                system: word(machine, "system")?,
            },
            size: whole(&all, "size")?,
            runs: whole(&all, "runs")?,
            clients,
            designs,
        })
    }
}

fn read_design(design: &Value, clients: &[usize]) -> anyhow::Result<Design> {
    let name = word(design, "name")?;
    let points = list(design, "points")?;
    let numbers = points.iter().map(|point| point["clients"].as_u64());
    ensure!(
        numbers.eq(clients.iter().map(|clients| Some(*clients as u64))),
        "\"{name}\" has other numbers of clients than the first design"
    );
    let points = points
        .iter()
        .map(|point| {
            Ok(Point {
                answered: values(point, "answered_percent")?,
                requests: values(point, "requests_per_second")?,
                median: values(point, "latency_median_us")?,
                late: values(point, "latency_99_percent_us")?,
                idle: values(point, "idle_cpu_percent")?,
            })
        })
        .collect::<anyhow::Result<_>>()?;
    Ok(Design {
        name,
        program: word(design, "program")?,
        points,
    })
}

fn word(object: &Value, key: &str) -> anyhow::Result<String> {
    let found = object[key].as_str();
    Ok(found
        .with_context(|| format!("\"{key}\" is a text"))?
        .into())
}

fn whole(object: &Value, key: &str) -> anyhow::Result<usize> {
    let found = object[key].as_u64().and_then(|found| found.try_into().ok());
    found.with_context(|| format!("\"{key}\" is a whole number"))
}

fn list<'a>(object: &'a Value, key: &str) -> anyhow::Result<&'a Vec<Value>> {
    let found = object[key].as_array();
    found.with_context(|| format!("\"{key}\" is a list"))
}

fn values(object: &Value, key: &str) -> anyhow::Result<Values> {
    let numbers: Option<Vec<f64>> = list(object, key)?.iter().map(Value::as_f64).collect();
    Ok(Values(numbers.with_context(|| {
        format!("\"{key}\" is a list of numbers")
    })?))
}
