//! The data of metrics.

use crate::aws::shape::{Shape, numbers, text};

pub(in crate::aws) const METRIC_RESULT: Shape = &[text("Id"), text("StatusCode"), numbers("Values")];
