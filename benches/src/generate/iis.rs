//! W3C extended lines of a web site.

use chrono::NaiveDate;

use super::world::{self, choose, put};
use super::{LogFile, write_time};
use crate::random::Random;

const FIELDS: &str = "#Fields: date time s-sitename s-computername s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs-version \
    cs(User-Agent) cs(Referer) cs-host sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken\r\n";
const SCANNED: [&str; 8] = [
    "/wp-login.php",
    "/.env",
    "/cgi-bin/test.sh",
    "/phpmyadmin/index.php",
    "/..%2f..%2fetc/passwd",
    "/admin/config.php",
    "/.git/config",
    "/vendor/phpunit/eval-stdin.php",
];
const SCANNERS: [&str; 5] =
    ["sqlmap/1.8.2", "Mozilla/4.0+(Hydra)", "nikto/2.5.0", "masscan/1.3", "python-requests/2.32.3"];

pub(super) fn header(day: NaiveDate, line: &mut Vec<u8>) {
    put(
        line,
        format_args!(
            "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: {day} 00:00:00\r\n{FIELDS}"
        ),
    );
}

pub(super) fn line(file: &LogFile, second_of_day: f64, random: &mut Random, line: &mut Vec<u8>) {
    put(line, format_args!("{} ", file.day));
    write_time(second_of_day, line);
    let server = random.below(4);
    put(
        line,
        format_args!(
            " W3SVC{} {}WEB{server:02} 192.0.2.{} ",
            1 + server % 2,
            file.team.as_str().to_ascii_uppercase(),
            10 + server
        ),
    );
    if random.chance(12) {
        return attack(random, line);
    }
    let account = file.world.account(random);
    line.extend(if random.chance(880) { &b"GET "[..] } else { b"POST " });
    let for_people = file.world.page(random, line);
    if for_people && random.chance(450) {
        put(line, format_args!(" id={}&ref=letter&page={}", random.below(50_000), random.below(9)));
    } else {
        line.extend(b" -");
    }
    line.extend(b" 443 ");
    match random.below(10) {
        0..=2 => line.push(b'-'),
        3 => {
            line.extend(b"NORTHWIND\\");
            world::name(account, line);
        }
        _ => world::upn(account, line),
    }
    line.push(b' ');
    world::address(account, random, line);
    put(line, format_args!(" HTTP/{} {} ", choose(&["2.0", "1.1", "2.0", "3.0"], account), file.world.agent(random)));
    if random.chance(600) {
        line.extend(b"https://www.northwind.example");
        file.world.page(random, line);
    } else {
        line.push(b'-');
    }
    line.extend(b" www.northwind.example ");
    status(random, line);
}

/// Status, bytes and time: mostly quick and good, some slow, server errors slowest.
fn status(random: &mut Random, line: &mut Vec<u8>) {
    let slow = 8.0 / random.unit().max(1e-6).powf(0.7);
    let (text, factor) = match random.below(1000) {
        0..840 => ("200 0 0", 1.0),
        840..920 => ("304 0 0", 0.3),
        920..945 => ("302 0 0", 0.5),
        945..975 => ("404 0 2", 0.5),
        975..985 => ("401 2 5", 0.5),
        985..990 => ("403 18 0", 0.5),
        990..996 => ("500 0 0", 40.0),
        _ => ("503 0 64", 60.0),
    };
    let sent = (300.0 / random.unit().max(1e-6).powf(0.9)).min(9e7) as u64;
    put(line, format_args!("{text} {sent} {} {}\r\n", 200 + random.below(1800), (slow * factor).min(240_000.0) as u64));
}

fn attack(random: &mut Random, line: &mut Vec<u8>) {
    let guesses = random.chance(600);
    if guesses {
        put(line, format_args!("POST /login user="));
        world::upn(random.below(400), line);
    } else {
        put(line, format_args!("GET {} -", random.pick(&SCANNED)));
    }
    line.extend(b" 443 - ");
    world::attacker(random, line);
    put(line, format_args!(" HTTP/1.1 {} - www.northwind.example ", random.pick(&SCANNERS)));
    let status = if guesses { "401 1 1326" } else { "404 0 2" };
    put(
        line,
        format_args!("{status} {} {} {}\r\n", 1100 + random.below(900), 180 + random.below(400), 2 + random.below(90)),
    );
}
