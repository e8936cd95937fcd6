//! A service in a process of its own.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::World;
use super::world::{Ran, program};

/// `scopelog serve` on a socket; killed where it was not stopped.
pub struct Service {
    child: Child,
    socket: PathBuf,
}

/// The user of this process.
pub fn me() -> u32 {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").unwrap().uid()
}

impl Service {
    /// Starts a service of a world's archive, with these further arguments, and waits until it answers.
    pub fn start(world: &World, with: &[&str]) -> Self {
        let mut command = program();
        command.arg("serve").arg("--archive").arg(world.archive());
        Self::of(command, world.at("socket"), with)
    }

    /// The same of a command that ends with the words of `serve`.
    pub fn of(mut command: Command, socket: PathBuf, with: &[&str]) -> Self {
        command.arg("--listen").arg(format!("unix:{}", socket.display())).args(with);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        for _ in 0..3_000 {
            if UnixStream::connect(&socket).is_ok() {
                return Self { child, socket };
            }
            if child.try_wait().unwrap().is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = child.kill();
        panic!("no service: {}", Ran::from(child.wait_with_output().unwrap()).stderr);
    }

    /// The socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// What `--server` takes.
    pub fn address(&self) -> String {
        format!("unix:{}", self.socket.display())
    }

    /// The program as a client with a credential, not yet started.
    pub fn command(&self, credential: &Path, arguments: &[&str]) -> Command {
        let mut command = program();
        command.args(arguments).arg("--server").arg(self.address()).arg("--credential").arg(credential);
        command
    }

    /// Runs the program as a client.
    pub fn run(&self, credential: &Path, arguments: &[&str]) -> Ran {
        self.command(credential, arguments).output().unwrap().into()
    }

    /// Kills it: it cannot clean up.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, as service managers do, and gives how it ended.
    pub fn stop(mut self) -> Ran {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let mut text = String::new();
        std::io::Read::read_to_string(&mut self.child.stderr.take().unwrap(), &mut text).unwrap();
        let code = self.child.wait().unwrap().code();
        Ran { code, stdout: String::new(), stderr: text }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
