//! From values to places, and from values to words.

/// What is measured along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Percent,
    PerSecond,
    Microseconds,
}

/// The vertical axis that a column of panels shares.
#[derive(Debug, Clone)]
pub struct Axis {
    unit: Unit,
    /// The lowest and the highest value that have a place, as they are or as powers of ten.
    from: f64,
    to: f64,
}

impl Axis {
    /// An axis from 0 to 100 per cent, or as far as `values` go; or one in powers of ten around `values`.
    #[must_use]
    pub fn around(unit: Unit, values: impl Iterator<Item = f64>) -> Self {
        let mut axis = Self {
            unit,
            from: f64::INFINITY,
            to: f64::NEG_INFINITY,
        };
        for value in values {
            let value = axis.scaled(value);
            axis.from = axis.from.min(value);
            axis.to = axis.to.max(value);
        }
        (axis.from, axis.to) = match unit {
            // Clocks are read one after the other, so that a whole core may seem to be a little more.
            Unit::Percent if axis.to <= 110.0 => (0.0, 100.0),
            Unit::Percent => (0.0, (axis.to / 50.0).ceil() * 50.0),
            _ if axis.from.is_finite() => {
                let from = axis.from.floor();
                (from, (axis.to + 0.1).max(from + 1.0))
            }
            _ => (0.0, 1.0),
        };
        axis
    }

    /// How far up `value` stands: 0 is the lowest place, 1 the highest.
    #[must_use]
    pub fn place(&self, value: f64) -> f64 {
        ((self.scaled(value) - self.from) / (self.to - self.from)).clamp(0.0, 1.0)
    }

    /// The values that are named beside the axis.
    #[must_use]
    pub fn ticks(&self) -> Vec<f64> {
        match self.unit {
            Unit::Percent => {
                let step = if self.to > 200.0 { 100.0 } else { 50.0 };
                let count = (self.to / step).floor() as u32;
                (0..=count).map(|tick| f64::from(tick) * step).collect()
            }
            Unit::PerSecond | Unit::Microseconds => {
                let (from, to) = (self.from as i32, self.to.floor() as i32);
                let step = if to - from < 5 { 1 } else { 2 };
                let powers = (from..=to).step_by(step);
                powers.map(|power| 10_f64.powi(power)).collect()
            }
        }
    }

    /// `value` as people say it: `50 %`, `12 k`, `1 ms`.
    #[must_use]
    pub fn word(&self, value: f64) -> String {
        match self.unit {
            Unit::Percent => format!("{} %", short(value)),
            Unit::PerSecond if value >= 999_500.0 => format!("{} M", short(value / 1e6)),
            Unit::PerSecond if value >= 999.5 => format!("{} k", short(value / 1e3)),
            Unit::PerSecond => short(value),
            Unit::Microseconds if value >= 999_500.0 => format!("{} s", short(value / 1e6)),
            Unit::Microseconds if value >= 999.5 => format!("{} ms", short(value / 1e3)),
            Unit::Microseconds => format!("{} µs", short(value)),
        }
    }

    fn scaled(&self, value: f64) -> f64 {
        match self.unit {
            Unit::Percent => value,
            // What is less than one thing is nothing that a picture could show.
            Unit::PerSecond | Unit::Microseconds => value.max(1.0).log10(),
        }
    }
}

/// Two digits are enough for the eye: `0`, `1.6`, `14`, `105`.
fn short(value: f64) -> String {
    if value < 9.95 && (value * 10.0).round() % 10.0 != 0.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}
