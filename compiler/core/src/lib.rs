//! pipec's compiler.
//!
//! ```text
//!  *.pipe ──parse──▶ SyntaxFile ──resolve──▶ Model ──connect──▶ FlowGraph ──lower──▶ StackTree ─┬─render──▶ Bundle
//!            syntax               model              graph         │        ▲ stacks            │ artifacts
//!                                    ▲                             │        │                   └─verify──▶ findings
//!                                    │                         package──▶ Packages
//!                                    │                          handlers    │
//!                                    └────────────── library ───────────────┘
//! ```
//!
//! Each phase is one public function from one plain data type to the next. Findings go to
//! [`diagnostic::Diagnostics`]; `None` means "cannot go on", not "has errors".
//!
//! The crate is pure: no files, environment, clock, network. `clippy.toml` beside this crate holds that.

pub mod artifacts;
mod compile;
pub mod diagnostic;
pub mod graph;
pub mod handlers;
pub mod library;
pub mod model;
pub mod names;
pub mod source;
pub mod stacks;
pub mod syntax;
pub mod verify;

pub use compile::{Compiled, Input, Stage, compile};
