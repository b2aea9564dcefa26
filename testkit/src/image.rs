//! Builds small, real container images.
