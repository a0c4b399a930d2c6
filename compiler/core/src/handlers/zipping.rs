//! Zips with the same bytes for the same files.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};

use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

/// Files by path.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Smaller files of a handler, in bytes, stay as they are: what compressing them saves is less than what it costs to begin.
const WORTH_COMPRESSING: usize = 8 << 10;

/// The same of a base: it is compressed once for all packages.
const WORTH_SHARING: usize = 256;

/// Compressed files that many packages share: the runtime.
pub struct Base {
    bytes: Vec<u8>,
    names: Vec<String>,
}

impl Base {
    /// Compresses the files once.
    ///
    /// # Errors
    /// When the zip cannot be written, which for bytes in memory means that it is too large.
    pub fn new(files: &Files) -> Result<Base, ZipError> {
        Ok(Base { bytes: archive(files, None, None, WORTH_SHARING)?, names: files.keys().cloned().collect() })
    }
}

/// A zip of the files and the base's, sorted by path; times are zip's first day, rights `rw-r--r--`, and of the one file
/// that is a program `rwxr-xr-x`.
///
/// # Errors
/// When the zip cannot be written, which for bytes in memory means that it is too large.
pub fn zip(files: &Files, base: Option<&Base>, program: Option<&str>) -> Result<Vec<u8>, ZipError> {
    archive(files, base, program, WORTH_COMPRESSING)
}

fn archive(
    files: &Files,
    base: Option<&Base>,
    program: Option<&str>,
    worth: usize,
) -> Result<Vec<u8>, ZipError> {
    let plain = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default());
    let mut archive = match base {
        Some(base) => Some(ZipArchive::new(Cursor::new(base.bytes.as_slice()))?),
        None => None,
    };
    let shared = base.map_or(&[] as &[String], |base| base.names.as_slice());
    let mut names: Vec<(&str, Option<usize>)> =
        shared.iter().enumerate().map(|(at, name)| (name.as_str(), Some(at))).collect();
    names.extend(files.keys().map(|name| (name.as_str(), None)));
    names.sort_unstable();
    // Room for all of it, and for what a zip says of each file.
    let room = files.values().map(Vec::len).chain(base.map(|base| base.bytes.len())).sum::<usize>();
    let mut writer = ZipWriter::new(Cursor::new(Vec::with_capacity(room + names.len() * 512)));
    for (name, at) in names {
        match (at, &mut archive) {
            (Some(at), Some(archive)) => writer.raw_copy_file(archive.by_index_raw(at)?)?,
            _ => {
                let bytes = files.get(name).map_or(&[] as &[u8], Vec::as_slice);
                let method =
                    if bytes.len() < worth { CompressionMethod::Stored } else { CompressionMethod::Deflated };
                let rights = if program == Some(name) { 0o755 } else { 0o644 };
                writer.start_file(name, plain.compression_method(method).unix_permissions(rights))?;
                writer.write_all(bytes)?;
            }
        }
    }
    Ok(writer.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::{Base, Files, zip};

    #[test]
    fn same_files_same_bytes_with_and_without_a_base() {
        let one = |name: &str| Files::from([(name.to_owned(), b"text text text text".to_vec())]);
        let all = Files::from_iter([one("a"), one("m"), one("z")].into_iter().flatten());
        let base = Base::new(&one("m")).ok();
        let rest = Files::from_iter([one("a"), one("z")].into_iter().flatten());
        assert!(base.is_some());
        assert_eq!(zip(&rest, base.as_ref(), None).ok(), zip(&all, None, None).ok());
    }
}
