//! Logins and jobs of hosts.

use super::world::{self, put};
use super::{LogFile, write_time};
use crate::random::Random;

pub(super) fn line(file: &LogFile, row: u64, second_of_day: f64, random: &mut Random, line: &mut Vec<u8>) {
    let host = random.below(24);
    let program = match random.below(100) {
        0..70 => "sshd",
        70..90 => "sudo",
        _ => "CRON",
    };
    let process = 1000 + random.below(30_000);
    let level = if program == "CRON" { 78 } else { 86 };
    // Every other line is of the older form, which has no year; the first line tells it.
    if row.is_multiple_of(2) {
        put(line, format_args!("<{level}>1 {}T", file.day));
        write_time(second_of_day, line);
        put(
            line,
            format_args!(
                ".{:06}Z host{host:02}.northwind.example {program} {process} - - ",
                (second_of_day.fract() * 1e6) as u32
            ),
        );
    } else {
        put(line, format_args!("<{level}>{} ", file.day.format("%b %e")));
        write_time(second_of_day, line);
        put(line, format_args!(" host{host:02} {program}[{process}]: "));
    }
    match program {
        "sshd" => sshd(file, random, line),
        "sudo" => {
            let account = file.world.account(random);
            world::name(account, line);
            line.extend(b" : TTY=pts/1 ; PWD=/home/");
            world::name(account, line);
            put(line, format_args!(" ; USER=root ; COMMAND=/usr/bin/systemctl restart unit{}", random.below(40)));
        }
        _ => put(line, format_args!("(root) CMD (/usr/local/bin/job{:02} --quiet)", random.below(30))),
    }
    line.push(b'\n');
}

fn sshd(file: &LogFile, random: &mut Random, line: &mut Vec<u8>) {
    let port = 1024 + random.below(64_000);
    if random.chance(120) {
        line.extend(if random.chance(500) {
            &b"Failed password for invalid user "[..]
        } else {
            b"Failed password for "
        });
        world::upn(random.below(400), line);
        line.extend(b" from ");
        world::attacker(random, line);
        return put(line, format_args!(" port {port} ssh2"));
    }
    let account = file.world.account(random);
    let (before, between) = match random.below(100) {
        0..45 => ("Accepted publickey for ", " from "),
        45..50 => ("Failed password for ", " from "),
        50..75 => ("Disconnected from user ", " "),
        _ => ("Accepted password for ", " from "),
    };
    line.extend(before.as_bytes());
    world::upn(account, line);
    line.extend(between.as_bytes());
    world::address(account, random, line);
    put(line, format_args!(" port {port}{}", if before.starts_with("Disconnected") { "" } else { " ssh2" }));
}
