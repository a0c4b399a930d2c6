//! The commands that talk to AWS, in a `pipec` that was built without them.

use crate::args::{Args, Deploy, Destroy, Outputs, Status};
use crate::{Exit, Failure};

fn missing(command: &str) -> Result<Exit, Failure> {
    let message = format!("this `pipec` was built without `{command}`: it only compiles");
    Err(Failure::usage(message).help(
        "in the folder of pipec's source: `cargo install --path compiler/cli --features deploy`, which builds the AWS SDK too",
    ))
}

/// `pipec deploy`
pub fn deploy(_: &Args, _: &Deploy) -> Result<Exit, Failure> {
    missing("deploy")
}

/// `pipec destroy`
pub fn destroy(_: &Args, _: &Destroy) -> Result<Exit, Failure> {
    missing("destroy")
}

/// `pipec status`
pub fn status(_: &Args, _: &Status) -> Result<Exit, Failure> {
    missing("status")
}

/// `pipec outputs`
pub fn outputs(_: &Args, _: &Outputs) -> Result<Exit, Failure> {
    missing("outputs")
}
