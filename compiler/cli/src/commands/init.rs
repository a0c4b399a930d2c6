//! `pipec init`

use std::path::{Path, PathBuf};

use crate::args::Args;
use crate::{Exit, Failure, output};

const FILES: &[(&str, &str)] = &[
    ("app.pipe", include_str!("../../templates/init/app.pipe")),
    ("events/visitor_greeted.pipe", include_str!("../../templates/init/visitor_greeted.pipe")),
    ("handlers/greet.py", include_str!("../../templates/init/greet.py")),
    (".gitignore", "build/\n"),
];

/// Writes a project that builds.
pub fn run(args: &Args, name: Option<&str>) -> Result<Exit, Failure> {
    let base = args.project.clone().unwrap_or_else(|| PathBuf::from("."));
    let root = name.map_or_else(|| base.clone(), |name| base.join(name));
    let app = app_name(name, &root)?;
    let files: Vec<(String, String)> =
        FILES.iter().map(|(path, text)| ((*path).to_owned(), text.replace("my_app", &app))).collect();
    output::create(&root, &files)?;
    crate::out!("started `{app}` in {}", root.display());
    for (path, _) in &files {
        crate::out!("  {path}");
    }
    let go = name.map(|name| format!("cd {name} && ")).unwrap_or_default();
    crate::out!("next: {go}pipec build");
    Ok(Exit::Fine)
}

/// The app's name: the one given, or the folder's.
fn app_name(name: Option<&str>, root: &Path) -> Result<String, Failure> {
    let folder = || {
        root.canonicalize()
            .ok()
            .and_then(|path| path.file_name().map(|name| name.to_string_lossy().into_owned()))
    };
    let wanted = name.map(str::to_owned).or_else(folder).unwrap_or_default();
    let app: String = wanted
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' })
        .collect();
    let app = app.trim_matches('_').to_owned();
    let good = app.chars().next().is_some_and(|first| first.is_ascii_alphabetic());
    if good {
        Ok(app)
    } else {
        Err(Failure::usage(format!("`{wanted}` cannot name an app"))
            .help("a name begins with a letter: `pipec init my_app`"))
    }
}
