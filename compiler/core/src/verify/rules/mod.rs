//! Rules: what must be allowed and what must hold, as data in `stdlib/proofs/`.

mod expression;
mod functions;
mod index;
mod need;
mod rule;
mod run;
mod scope;
mod show;

pub use index::{Indexes, at_path};
pub use rule::{Rule, read};
pub use run::{Asked, Finding, Ground, Outcome, Prover, Wire, by_kind};
pub use show::label;
