//! From a build of pipec to running stacks: the only part that talks to AWS.
//!
//! ```text
//! build ─┐                          ┌─ bootstrap, upload
//!        ├─ plan (estate, template) ┤
//! cloud ─┘  settle                  └─ apply → watch → explain
//! ```
//!
//! [`cloud::Cloud`] is the only door to AWS and [`host::Host`] the only one to people; [`deploy()`], [`destroy()`],
//! [`inspect::status`] and [`inspect::outputs`] are what a user asks for. Nothing is kept between two runs: what is
//! true is asked of AWS every time, so a run may end anywhere and another goes on.

mod apply;
pub mod aws;
mod bootstrap;
mod build;
pub mod cloud;
mod delete;
mod deploy;
mod deployed;
mod destroy;
pub mod estate;
mod explain;
pub mod facts;
pub mod host;
pub mod inspect;
pub mod names;
pub mod plan;
mod session;
mod settle;
pub mod status;
mod stop;
mod survey;
pub mod template;
mod upload;
mod values;
mod watch;

pub use build::Build;
pub use deploy::{Report, deploy};
pub use destroy::{Destroyed, Retained, destroy};
pub use session::{APP_TAG, DOMAIN_TAG, ENVIRONMENT_TAG, Options, Session};
pub use stop::{Side, Stop};
