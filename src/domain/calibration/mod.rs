//! Fits a workspace's profile to the ratings of its own customers (R5.10; docs/scoring.md).
//!
//! Ratings first mend the **level**: where the workspace's customers rate on the scale, and how far apart. From more
//! ratings on, the **weights** move, drawn towards those of the profile. Nothing of it is offered unless it is better
//! on accounts that it was not fitted to, and a person applies it.
//!
//! Pure, and the same on every machine: additions, multiplications, divisions and roots in one order; results are
//! rounded to hundredths. (Only the interval of a rank correlation, which is shown, also has a logarithm: `libm`'s.)

pub mod agreement;
mod answers;
mod cases;
mod fitted;
pub mod gain;
pub mod level;
mod offer;
pub mod weights;

pub use answers::Answers;
pub use cases::{Case, MOST, case_weights, effective, fold};
pub use offer::{Measured, Offer, Part, Verdict, offer};

/// To hundredths, half up.
fn hundredths(value: f64) -> f64 {
    (value * 100.0 + 0.5).floor() / 100.0
}

#[cfg(test)]
mod tests;
