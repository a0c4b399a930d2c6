//! `pipec new event NAME`

use pipec_core::names::{pascal, snake};

use crate::args::{Args, NewWhat};
use crate::project::Project;
use crate::{Exit, Failure, output};

const EVENT: &str = include_str!("../../templates/event/event.pipe");
const HANDLER: &str = include_str!("../../templates/event/handler.py");

/// Writes an event's file and its handler.
pub fn run(args: &Args, what: &NewWhat) -> Result<Exit, Failure> {
    let NewWhat::Event { name } = what;
    let project = Project::open(args.project.as_deref())?;
    let event = pascal(name);
    let file = snake(&event);
    if !event.chars().next().is_some_and(|first| first.is_ascii_alphabetic()) {
        return Err(Failure::usage(format!("`{name}` cannot name an event"))
            .help("a name begins with a letter: `pipec new event BuildingExited`"));
    }
    let fill = |text: &str| text.replace("EventName", &event).replace("event_name", &file);
    let files =
        [(format!("events/{file}.pipe"), fill(EVENT)), (format!("handlers/on_{file}.py"), fill(HANDLER))];
    output::create(&project.root, &files)?;
    for (path, _) in &files {
        crate::out!("wrote {path}");
    }
    crate::out!("next: fill in the schema, then `pipec check`");
    Ok(Exit::Fine)
}
