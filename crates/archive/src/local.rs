//! A directory as an object store that keeps what it has acknowledged: files and their directories are synced before a put
//! returns, and the bytes before their name appears, so that no crash leaves a name without its content. Symbolic links are
//! refused: nothing in the archive may lead out of it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Component, Path as FilePath, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart,
};

use crate::Error;

const NAME: &str = "archive directory";

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct LocalStore {
    inner: Arc<LocalFileSystem>,
    root: Arc<FilePath>,
}

impl LocalStore {
    pub(crate) fn open(root: &FilePath, create: bool) -> Result<Self, Error> {
        let refuse = |source| Error::Store { action: "open", path: String::new(), source };
        if create {
            fs::create_dir_all(root).map_err(|e| refuse(generic(e)))?;
        } else if !root.is_dir() {
            return Err(Error::Absent);
        }
        let root = root.canonicalize().map_err(|e| refuse(generic(e)))?;
        let inner = LocalFileSystem::new_with_prefix(&root).map_err(refuse)?;
        Ok(Self { inner: Arc::new(inner), root: root.into() })
    }

    /// The file of an object, after making sure that no part of its path is a link.
    fn resolve(&self, location: &Path) -> Result<PathBuf> {
        let path = self.inner.path_to_filesystem(location)?;
        refuse_links(&self.root, &path).map_err(generic)?;
        Ok(path)
    }

    async fn blocking<T: Send + 'static>(&self, work: impl FnOnce(&Self) -> Result<T> + Send + 'static) -> Result<T> {
        let this = self.clone();
        tokio::task::spawn_blocking(move || work(&this)).await.map_err(generic)?
    }

    fn write(&self, location: &Path, payload: &PutPayload, mode: &PutMode) -> Result<PutResult> {
        let path = self.resolve(location)?;
        let parent = path.parent().unwrap_or(&self.root).to_owned();
        make_directories(&self.root, &parent).map_err(generic)?;
        let (staged, _lock) = stage(&path, payload).map_err(generic)?;
        let named = match mode {
            PutMode::Create => fs::hard_link(&staged, &path).and_then(|()| fs::remove_file(&staged)),
            PutMode::Overwrite => fs::rename(&staged, &path),
            PutMode::Update(_) => Err(io::ErrorKind::Unsupported.into()),
        };
        if let Err(e) = named {
            // Best effort: what stays is swept by listings.
            let _ = fs::remove_file(&staged);
            return Err(match e.kind() {
                io::ErrorKind::AlreadyExists => {
                    object_store::Error::AlreadyExists { path: location.to_string(), source: Box::new(e) }
                }
                _ => generic(e),
            });
        }
        sync_directory(&parent).map_err(generic)?;
        Ok(PutResult { e_tag: None, version: None })
    }

    /// Every file below a prefix whose path comes after the offset, in order.
    fn list_all(&self, prefix: Option<&Path>, offset: Option<&Path>) -> Result<Vec<ObjectMeta>> {
        let mut found = Vec::new();
        let mut open = vec![self.directory(prefix)?];
        while let Some(directory) = open.pop() {
            let (directories, files) = self.read_directory(&directory, offset)?;
            open.extend(directories);
            found.extend(files);
        }
        found.sort_unstable_by(|a, b| a.location.cmp(&b.location));
        Ok(found)
    }

    fn stream(&self, prefix: Option<Path>, offset: Option<Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let store = self.clone();
        let all = async move { store.blocking(move |s| s.list_all(prefix.as_ref(), offset.as_ref())).await };
        futures::stream::once(all).map_ok(|found| futures::stream::iter(found).map(Ok)).try_flatten().boxed()
    }

    fn directory(&self, prefix: Option<&Path>) -> Result<PathBuf> {
        match prefix.filter(|p| !p.as_ref().is_empty()) {
            None => Ok(self.root.to_path_buf()),
            Some(prefix) => self.resolve(prefix),
        }
    }

    /// Directories and files of one directory; none where it does not exist.
    fn read_directory(&self, directory: &FilePath, offset: Option<&Path>) -> Result<(Vec<PathBuf>, Vec<ObjectMeta>)> {
        let (mut directories, mut files) = (Vec::new(), Vec::new());
        let entries = match fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok((directories, files));
            }
            Err(e) => return Err(generic(e)),
        };
        for entry in entries {
            let entry = entry.map_err(generic)?;
            let kind = entry.file_type().map_err(generic)?;
            if kind.is_symlink() {
                return Err(generic(link_error()));
            } else if kind.is_dir() {
                directories.push(entry.path());
            } else if is_staged(&entry.path()) {
                sweep(&entry.path());
            } else if let Some(meta) = self.meta(&entry.path(), offset)? {
                files.push(meta);
            }
        }
        Ok((directories, files))
    }

    /// What is known of a file; `None` for one that has just gone or does not come after the offset.
    fn meta(&self, path: &FilePath, offset: Option<&Path>) -> Result<Option<ObjectMeta>> {
        let location = self.location(path)?;
        if offset.is_some_and(|offset| location <= *offset) {
            return Ok(None);
        }
        let meta = match fs::symlink_metadata(path) {
            Ok(meta) => meta,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(generic(e)),
        };
        let last_modified = DateTime::<Utc>::from(meta.modified().map_err(generic)?);
        Ok(Some(ObjectMeta { location, last_modified, size: meta.len(), e_tag: None, version: None }))
    }

    fn location(&self, path: &FilePath) -> Result<Path> {
        let parts = path.strip_prefix(&self.root).map_err(generic)?.components();
        let parts: Option<Vec<&str>> = parts.map(|c| c.as_os_str().to_str()).collect();
        let parts = parts.ok_or_else(|| generic(io::Error::other("a file's name is not UTF-8")))?;
        Ok(Path::parse(parts.join("/"))?)
    }
}

#[async_trait]
impl ObjectStore for LocalStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        let location = location.clone();
        self.blocking(move |s| s.write(&location, &payload, &opts.mode)).await
    }

    async fn put_multipart_opts(&self, location: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        Ok(Box::new(Upload { store: self.clone(), location: location.clone(), parts: Vec::new() }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.resolve(location)?;
        self.inner.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.resolve(location)?;
        self.inner.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        let delete = move |location: Path| {
            let store = store.clone();
            async move {
                let gone = location.clone();
                store.blocking(move |s| remove(&s.resolve(&gone)?, &gone)).await.map(|()| location)
            }
        };
        locations.and_then(delete).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.stream(prefix.cloned(), None)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.stream(prefix.cloned(), Some(offset.clone()))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let prefix = prefix.cloned();
        self.blocking(move |s| {
            let (directories, mut objects) = s.read_directory(&s.directory(prefix.as_ref())?, None)?;
            let prefixes: Result<Vec<_>> = directories.iter().map(|d| s.location(d)).collect();
            let mut common_prefixes: Vec<Path> = prefixes?;
            common_prefixes.sort_unstable();
            objects.sort_unstable_by(|a, b| a.location.cmp(&b.location));
            Ok(ListResult { common_prefixes, objects })
        })
        .await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let bytes = self.get(from).await?.bytes().await?;
        let mode = match options.mode {
            CopyMode::Create => PutMode::Create,
            CopyMode::Overwrite => PutMode::Overwrite,
        };
        self.put_opts(to, bytes.into(), mode.into()).await.map(|_| ())
    }
}

impl std::fmt::Display for LocalStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(NAME)
    }
}

/// Parts are kept until the upload is complete: what the archive writes is small enough, and its name must appear at once.
#[derive(Debug)]
struct Upload {
    store: LocalStore,
    location: Path,
    parts: Vec<Bytes>,
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.parts.extend(data.iter().cloned());
        Box::pin(async { Ok(()) })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let payload: PutPayload = std::mem::take(&mut self.parts).into_iter().collect();
        self.store.put_opts(&self.location, payload, PutMode::Overwrite.into()).await
    }

    async fn abort(&mut self) -> Result<()> {
        self.parts.clear();
        Ok(())
    }
}

fn generic(source: impl std::error::Error + Send + Sync + 'static) -> object_store::Error {
    object_store::Error::Generic { store: NAME, source: Box::new(source) }
}

fn link_error() -> io::Error {
    io::Error::other("a symbolic link stands in the archive; links are not followed")
}

fn refuse_links(root: &FilePath, path: &FilePath) -> io::Result<()> {
    let below = path.strip_prefix(root).map_err(io::Error::other)?;
    let mut current = root.to_owned();
    for part in below.components() {
        let Component::Normal(part) = part else { return Err(io::Error::other("a path leaves the archive")) };
        current.push(part);
        match fs::symlink_metadata(&current) {
            Ok(meta) if meta.is_symlink() => return Err(link_error()),
            Ok(_) => {}
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// Makes the directories that are missing, each synced into its parent.
fn make_directories(root: &FilePath, path: &FilePath) -> io::Result<()> {
    let missing: Vec<&FilePath> = path.ancestors().take_while(|a| *a != root && !a.is_dir()).collect();
    for directory in missing.into_iter().rev() {
        match fs::create_dir(directory) {
            Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(e),
            _ => sync_directory(directory.parent().unwrap_or(root))?,
        }
    }
    Ok(())
}

/// Between the name of an object and the number under which its bytes are written first; no object's name has it.
const STAGED: char = '#';

fn is_staged(path: &FilePath) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().contains(&(STAGED as u8)))
}

/// Writes and syncs the bytes under a name that listings pass over. The file is locked as long as it is given out, which tells
/// work that goes on from what a killed writer left.
fn stage(path: &FilePath, payload: &PutPayload) -> io::Result<(PathBuf, File)> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    loop {
        let mut name = path.as_os_str().to_owned();
        name.push(format!("{STAGED}{}{:06}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
        let mut file = match OpenOptions::new().write(true).create_new(true).open(&name) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(e) => return Err(e),
        };
        let locked = file.lock().and_then(|()| fs::exists(&name));
        if locked.as_ref().is_ok_and(|still_there| !still_there) {
            // It was swept before it was locked.
            continue;
        }
        let write = |_| payload.iter().try_for_each(|part| file.write_all(part)).and_then(|()| file.sync_all());
        if let Err(e) = locked.and_then(write) {
            let _ = fs::remove_file(&name);
            return Err(e);
        }
        return Ok((name.into(), file));
    }
}

/// Removes what a killed writer left: a staged file that nobody holds. Best effort, for whoever only reads may not remove.
fn sweep(path: &FilePath) {
    if let Ok(file) = OpenOptions::new().read(true).open(path)
        && file.try_lock().is_ok()
    {
        let _ = fs::remove_file(path);
    }
}

fn remove(path: &FilePath, location: &Path) -> Result<()> {
    fs::remove_file(path).map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => object_store::Error::NotFound { path: location.to_string(), source: Box::new(e) },
        _ => generic(e),
    })?;
    path.parent().map_or(Ok(()), sync_directory).map_err(generic)
}

fn sync_directory(path: &FilePath) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, LocalStore) {
        let dir = tempfile::tempdir().unwrap();
        let store = LocalStore::open(dir.path(), true).unwrap();
        (dir, store)
    }

    #[tokio::test]
    async fn puts_gets_lists_in_order_and_deletes() {
        let (_dir, store) = store();
        for name in ["b/2", "a/x/1", "b/1", "c"] {
            store.put(&Path::from(name), name.as_bytes().to_vec().into()).await.unwrap();
        }
        let all: Vec<String> = store.list(None).map_ok(|m| m.location.to_string()).try_collect().await.unwrap();
        assert_eq!(all, ["a/x/1", "b/1", "b/2", "c"]);
        let after = store.list_with_offset(Some(&Path::from("b")), &Path::from("b/1"));
        assert_eq!(after.map_ok(|m| m.location.to_string()).try_collect::<Vec<_>>().await.unwrap(), ["b/2"]);
        let top = store.list_with_delimiter(None).await.unwrap();
        assert_eq!(top.common_prefixes, [Path::from("a"), Path::from("b")]);
        assert_eq!(top.objects.len(), 1);
        store.delete(&Path::from("c")).await.unwrap();
        assert!(matches!(store.delete(&Path::from("c")).await, Err(object_store::Error::NotFound { .. })));
        assert_eq!(store.list(Some(&Path::from("absent"))).count().await, 0);
    }

    #[tokio::test]
    async fn conditional_puts_have_one_winner() {
        let (dir, store) = store();
        let path = Path::from("x/claim");
        let put = || store.put_opts(&path, PutPayload::from_static(b"1"), PutMode::Create.into());
        let results = futures::future::join_all((0..8).map(|_| put())).await;
        assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1);
        assert!(
            results
                .iter()
                .flat_map(|r| r.as_ref().err())
                .all(|e| matches!(e, object_store::Error::AlreadyExists { .. }))
        );
        assert_eq!(fs::read_dir(dir.path().join("x")).unwrap().count(), 1, "nothing staged is left");
    }

    #[tokio::test]
    async fn what_a_killed_writer_left_is_swept_and_work_that_goes_on_is_not() {
        let (dir, store) = store();
        let (left, at_work) = (dir.path().join("x/1#77000001"), dir.path().join("x/2"));
        store.put(&Path::from("x/0"), PutPayload::from_static(b"0")).await.unwrap();
        fs::write(&left, "half of").unwrap();
        let (staged, lock) = stage(&at_work, &PutPayload::from_static(b"2")).unwrap();
        let names = || store.list(None).map_ok(|m| m.location.to_string()).try_collect::<Vec<_>>();
        assert_eq!(names().await.unwrap(), ["x/0"]);
        assert!(!left.exists() && staged.exists());
        drop(lock);
        assert_eq!(names().await.unwrap(), ["x/0"]);
        assert!(!staged.exists());
    }

    #[tokio::test]
    #[cfg(unix)]
    async fn links_are_refused() {
        let (dir, store) = store();
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "s").unwrap();
        std::os::unix::fs::symlink(outside.path(), dir.path().join("day")).unwrap();
        let path = Path::from("day/secret");
        assert!(store.get(&path).await.is_err());
        assert!(store.get_ranges(&path, &[0..1, 1..2]).await.is_err());
        assert!(store.put(&Path::from("day/new"), PutPayload::from_static(b"x")).await.is_err());
        assert!(store.delete(&path).await.is_err());
        assert!(store.list(None).try_collect::<Vec<_>>().await.is_err());
        assert!(store.list_with_delimiter(None).await.is_err());
        assert!(outside.path().join("secret").exists());
    }
}
