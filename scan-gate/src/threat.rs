//! What is known about vulnerabilities beside the reports: which are being exploited, and which probably will be.

pub mod exploit_prediction;
pub mod known_exploited;
