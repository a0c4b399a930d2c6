//! Projects in memory, compiled and deployed to the fake.

use pipec_core::artifacts::{SourceMap, source_map};
use pipec_core::diagnostic::Diagnostic;
use pipec_core::{Compiled, Stage};
use pipec_deploy::facts::facts;
use pipec_deploy::{Build, Destroyed, Options, Report, Session, Stop};
use pipec_tests::{Project, findings};

use super::Fake;
use super::host::Notes;

/// A small project: an api, an event with a store, a queue and a function.
pub const SMALL: &str = "app shop { region eu-central-1 }
api public { throttle 10/s }
event Ordered {
  ingress api POST /orders
  auth    none
  subscriber ship { handler python \"handlers/ship.py\" }
}
";

/// Another event, in a file of its own.
pub const SECOND: &str = "event Returned {
  ingress api POST /returns
  auth    none
  volume  high
  key     order
  schema  { order: string }
  subscriber refund { handler python \"handlers/refund.py\" }
}
";

/// An event in a domain of its own.
pub const DOMAIN: &str = "api doors { throttle 10/s }
event Opened { ingress api POST /doors; auth none; subscriber log { handler python \"handlers/log.py\"; emits Seen } }
";

/// A compiled project.
pub struct Built {
    pub done: Compiled,
    places: SourceMap,
}

/// Compiles; panics with the findings when there are any.
pub fn built(project: &Project, environment: Option<&str>) -> Built {
    let done = project.compile(environment, Stage::Artifacts);
    let Compiled { stacks: Some(tree), sources, bundle: Some(_), .. } = &done else {
        panic!("{}", findings(&done))
    };
    let places = source_map(tree, sources);
    Built { done, places }
}

/// `SMALL`, compiled.
pub fn small() -> Built {
    built(&Project::single(SMALL), None)
}

/// `SMALL` and `SECOND`, compiled.
pub fn two_events() -> Built {
    built(&two(), None)
}

/// `SMALL` and `SECOND`.
pub fn two() -> Project {
    let mut project = Project::single(SMALL);
    project.add("events/returned.pipe", SECOND);
    project.add("handlers/refund.py", "");
    project
}

/// An app with a domain.
pub fn with_domain() -> Project {
    let mut project = Project::single(&format!("{SMALL}event Seen {{ ingress sns; store s3 }}\n"));
    project.add("events/doors/doors.pipe", DOMAIN);
    project.add("handlers/log.py", "");
    project
}

impl Built {
    /// As the deployment wants it.
    pub fn build(&self) -> Build<'_> {
        let (tree, bundle) = (self.done.stacks.as_ref().unwrap(), self.done.bundle.as_ref().unwrap());
        Build { bundle, places: &self.places, app: tree.app.origin.span }
    }

    /// `P0801 app.pipe:3:5 message`
    pub fn line(&self, finding: &Diagnostic) -> String {
        format!("{} {}", pipec_tests::place(&self.done, finding), finding.message)
    }
}

/// Deploys to the fake.
pub async fn deploy(fake: &Fake, notes: &Notes, built: &Built, options: &Options) -> Result<Report, Stop> {
    let build = built.build();
    let session = Session { cloud: fake, host: notes, build: &build, facts: facts().unwrap(), options };
    pipec_deploy::deploy(&session).await
}

/// Deploys to the fake, and it must work.
pub async fn deployed(fake: &Fake, built: &Built) -> Report {
    let notes = Notes::default();
    match deploy(fake, &notes, built, &Options::default()).await {
        Ok(report) => report,
        Err(stop) => panic!("{stop:#?}"),
    }
}

/// Destroys what is in the fake.
pub async fn destroy(fake: &Fake, notes: &Notes, built: &Built) -> Result<Destroyed, Stop> {
    let build = built.build();
    let options = Options::default();
    let session =
        Session { cloud: fake, host: notes, build: &build, facts: facts().unwrap(), options: &options };
    pipec_deploy::destroy(&session).await
}

/// The message and the help of an end before the time, findings included.
pub fn told(built: &Built, stop: &Stop) -> String {
    let mut lines: Vec<String> = Vec::new();
    for finding in &stop.findings {
        lines.push(built.line(finding));
        lines.extend(finding.help.clone());
    }
    lines.extend(stop.message.clone());
    lines.extend(stop.help.clone());
    lines.join("\n")
}
