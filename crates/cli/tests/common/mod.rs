//! Archives made and asked by the program itself, as its users do.
#![allow(dead_code, unused_imports, reason = "each test file uses a part")]

pub mod kill;
pub mod logs;
pub mod service;
pub mod settled;
pub mod world;

pub use logs::Logs;
pub use world::World;
