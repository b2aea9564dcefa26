//! `--metrics FILE`: what became of a run, for Prometheus.
//!
//! The text is OpenMetrics and the older text format of Prometheus at once: gauges only, each with its help, and its unit if it has one. So the
//! textfile collector of `node_exporter`, a Pushgateway and a scrape of the file all read it. A run is over when it is measured, so nothing is
//! counted up: a file holds the last run, and Prometheus remembers those before.

mod exposition;
mod file;
mod labels;
mod run;

pub use self::exposition::{Family, Sample};
pub(crate) use self::file::{MetricsError, MetricsFile};
pub use self::labels::Labels;
pub(crate) use self::run::{Run, sections_shown};

/// What a section of the release document has to say in numbers.
pub trait Measured {
    /// The samples. A name and its labels stand for one thing: of two samples with the same, the last counts.
    fn samples(&self) -> Vec<Sample>;
}
