//! Projects on disk, and their templates.

use std::fs;
use std::path::{Path, PathBuf};

use pipec_core::Stage;
use pipec_tests::{Project, findings, repository};

/// Reads a project from disk.
pub fn load(folder: &Path) -> Project {
    fn gather(root: &Path, folder: &Path, project: &mut Project) {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            let name = path.strip_prefix(root).expect("below").to_string_lossy().into_owned();
            if path.is_dir() {
                if name != "build" && !name.contains("__pycache__") {
                    gather(root, &path, project);
                }
            } else {
                project.files.insert(name, fs::read(&path).expect("a file"));
            }
        }
    }
    let mut project = Project::default();
    gather(folder, folder, &mut project);
    project
}

/// Writes the templates of a project's build.
pub fn write(project: &Project, environment: Option<&str>, to: &Path) {
    let done = project.compile(environment, Stage::Artifacts);
    let bundle = done.bundle.as_ref().unwrap_or_else(|| panic!("{}", findings(&done)));
    for (path, bytes) in bundle.files.iter().filter(|(path, _)| path.ends_with(".yaml")) {
        let full = to.join(path);
        fs::create_dir_all(full.parent().expect("a folder")).expect("folders");
        fs::write(full, bytes.as_slice()).expect("a template");
    }
}

/// Writes the templates of every example, once without an environment and once for each that it has.
pub fn write_examples(to: &Path) {
    let mut examples: Vec<PathBuf> = fs::read_dir(repository().join("examples"))
        .expect("examples")
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.join("app.pipe").is_file())
        .collect();
    examples.sort();
    for path in examples {
        let project = load(&path);
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        write(&project, None, &to.join(&name));
        let app = String::from_utf8_lossy(&project.files["app.pipe"]).into_owned();
        for environment in
            app.lines().filter_map(|line| line.strip_prefix("environment ")?.split_whitespace().next())
        {
            write(&project, Some(environment), &to.join(format!("{name}-{environment}")));
        }
    }
}
