//! Records of the Microsoft 365 unified audit log.

use super::world::{self, choose, put};
use super::{LogFile, write_time};
use crate::random::{Random, mix};

/// Operation, service, number of the record's kind, and how often of a thousand.
const OPERATIONS: [(&str, &str, u32, u64); 12] = [
    ("MailItemsAccessed", "Exchange", 50, 330),
    ("FileAccessed", "SharePoint", 6, 220),
    ("UserLoggedIn", "AzureActiveDirectory", 15, 180),
    ("FileModified", "SharePoint", 6, 80),
    ("Send", "Exchange", 2, 60),
    ("FileDownloaded", "SharePoint", 6, 45),
    ("SoftDelete", "Exchange", 3, 30),
    ("UserLoginFailed", "AzureActiveDirectory", 15, 30),
    ("Set-Mailbox", "Exchange", 1, 10),
    ("Add-MailboxPermission", "Exchange", 1, 8),
    ("New-InboxRule", "Exchange", 1, 5),
    ("Add member to role.", "AzureActiveDirectory", 8, 2),
];
const RIGHTS: [&str; 4] = ["FullAccess", "ReadPermission", "SendAs", "ChangeOwner"];

pub(super) fn line(file: &LogFile, second_of_day: f64, random: &mut Random, line: &mut Vec<u8>) {
    let mut left = random.below(1000);
    let (operation, workload, kind, _) = OPERATIONS
        .into_iter()
        .find(|(_, _, _, share)| {
            let found = left < *share;
            left = left.saturating_sub(*share);
            found
        })
        .unwrap_or(("Update", "Exchange", 2, 0));
    let attack = operation == "UserLoginFailed" && random.chance(700);
    let account = if attack { random.below(400) } else { file.world.account(random) };
    put(line, format_args!("{{\"CreationTime\":\"{}T", file.day));
    write_time(second_of_day, line);
    line.extend(b"\",\"Id\":\"");
    world::guid(random.bits(), line);
    let result = if operation == "UserLoginFailed" { "Failed" } else { "Succeeded" };
    put(line, format_args!("\",\"Operation\":\"{operation}\",\"OrganizationId\":\""));
    world::guid(4, line);
    put(
        line,
        format_args!(
            "\",\"RecordType\":{kind},\"ResultStatus\":\"{result}\",\"UserKey\":\"1003{:016X}\",\"UserType\":0,",
            mix(account)
        ),
    );
    put(line, format_args!("\"Version\":1,\"Workload\":\"{workload}\",\"ClientIP\":\""));
    if attack {
        world::attacker(random, line);
    } else {
        world::address(account, random, line);
    }
    line.extend(b"\",\"UserId\":\"");
    world::upn(account, line);
    line.push(b'"');
    match workload {
        "Exchange" => exchange(operation, account, random, line),
        "SharePoint" => share_point(file, random, line),
        _ => put(line, format_args!(",\"ActorIpAddress\":\"198.18.0.{}\",\"LogonError\":\"\"", random.below(250) + 1)),
    }
    line.extend(b"}\n");
}

fn exchange(operation: &str, account: u64, random: &mut Random, line: &mut Vec<u8>) {
    put(
        line,
        format_args!(
            ",\"ExternalAccess\":false,\"OriginatingServer\":\"MBX{:02}.northwind.example (15.20.4200.0)\"",
            random.below(12)
        ),
    );
    line.extend(b",\"MailboxOwnerUPN\":\"");
    world::upn(account, line);
    line.push(b'"');
    let other = random.below(400);
    let mut parameter = |name: &str, value: &dyn Fn(&mut Vec<u8>), first: bool| {
        put(line, format_args!("{}{{\"Name\":\"{name}\",\"Value\":\"", if first { ",\"Parameters\":[" } else { "," }));
        value(line);
        line.extend(b"\"}");
    };
    match operation {
        "Add-MailboxPermission" => {
            let rights = random.pick(&RIGHTS);
            parameter("Identity", &|l| world::upn(account, l), true);
            parameter("User", &|l| world::upn(other, l), false);
            parameter("AccessRights", &|l| l.extend(rights.bytes()), false);
            line.push(b']');
        }
        "New-InboxRule" => {
            parameter("Name", &|l| l.extend(b"rule"), true);
            parameter("ForwardTo", &|l| world::upn(other, l), false);
            line.push(b']');
        }
        "Set-Mailbox" => {
            parameter("Identity", &|l| world::upn(account, l), true);
            parameter("AuditEnabled", &|l| l.extend(b"True"), false);
            line.push(b']');
        }
        _ => put(
            line,
            format_args!(
                ",\"ClientInfoString\":\"Client={};Action=ViaProxy\"",
                choose(&["OWA", "MSExchangeRPC", "REST"], account)
            ),
        ),
    }
}

fn share_point(file: &LogFile, random: &mut Random, line: &mut Vec<u8>) {
    line.extend(
        b",\"ItemType\":\"File\",\"EventSource\":\"SharePoint\",\"SiteUrl\":\"https://northwind.example/sites/",
    );
    put(line, format_args!("{}/\",\"ObjectId\":\"https://northwind.example/sites", file.team));
    file.world.page(random, line);
    line.push(b'"');
}
