//! pipec's standard library: constructs, runtimes, proofs and facts about AWS, as data. No logic.

use include_dir::{Dir, include_dir};

static BOOTSTRAP: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/bootstrap");
static CONSTRUCTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/constructs");
static FACTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/facts");
static PROOFS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/proofs");
static RUNTIMES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/runtimes");

/// Every file by its path below `stdlib/`, sorted.
#[must_use]
pub fn files() -> Vec<(String, &'static [u8])> {
    let mut all = Vec::new();
    for (root, dir) in [
        ("bootstrap", &BOOTSTRAP),
        ("constructs", &CONSTRUCTS),
        ("facts", &FACTS),
        ("proofs", &PROOFS),
        ("runtimes", &RUNTIMES),
    ] {
        gather(root, dir, &mut all);
    }
    all.sort_unstable();
    all
}

fn gather(root: &str, dir: &Dir<'static>, all: &mut Vec<(String, &'static [u8])>) {
    for file in dir.files() {
        let path: Vec<_> = file.path().iter().filter_map(|part| part.to_str()).collect();
        all.push((format!("{root}/{}", path.join("/")), file.contents()));
    }
    for inner in dir.dirs() {
        gather(root, inner, all);
    }
}
