//! Uploads what the bucket lacks. Keys hold a hash of the content, so what is there is right.

use std::cell::Cell;
use std::collections::BTreeSet;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use crate::cloud::{Cloud, Object};
use crate::host::{Host, News};
use crate::session::Session;
use crate::stop::Stop;

/// Files at the same time.
const AT_ONCE: usize = 8;

/// Uploads every artifact of the build that the bucket lacks; gives the number of those that had to be sent.
///
/// # Errors
/// When S3 refuses; what was sent until then stays, and is not sent again.
pub async fn upload<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    bucket: &str,
    owner: &str,
) -> Result<usize, Stop> {
    // Equal content under two paths has one key.
    let artifacts: BTreeSet<(&str, &str)> =
        session.build.manifest().artifacts.iter().map(|(path, key)| (key.as_str(), path.as_str())).collect();
    let mut files: Vec<(&str, &str)> = artifacts.into_iter().collect();
    files.dedup_by_key(|(key, _)| *key);
    let of = files.len();
    let (done, sent) = (Cell::new(0), Cell::new(0));
    let (done, sent) = (&done, &sent);
    session.host.tell(&News::Uploaded { done: 0, of, sent: 0 });
    stream::iter(files)
        .map(|(key, path)| async move {
            let object = Object { bucket, key, owner };
            if !session.cloud.has_object(object).await? {
                let bytes = session.build.bytes(path).ok_or_else(|| incomplete(path))?;
                session.cloud.put_object(object, bytes).await?;
                sent.set(sent.get() + 1);
            }
            done.set(done.get() + 1);
            session.host.tell(&News::Uploaded { done: done.get(), of, sent: sent.get() });
            Ok::<(), Stop>(())
        })
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await?;
    Ok(sent.get())
}

/// A key holds a hash of the content: an empty file under it would stay wrong for ever.
pub fn incomplete(path: &str) -> Stop {
    Stop::world(format!("the build has no `{path}`")).help("this is a mistake of pipec; please report it")
}
