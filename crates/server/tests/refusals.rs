//! What must not work, whatever a client says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::time::Duration;

use arrow_flight::sql::{
    ActionCreatePreparedStatementRequest, ActionCreatePreparedStatementResult, Command, CommandPreparedStatementQuery,
    ProstMessageExt,
};
use arrow_flight::{Action, Ticket};
use common::*;
use prost::Message;
use scopelog_access::starter_policies;
use scopelog_server::{Address, Error, Options};
use tonic::{Code, Request};

const SQL: &str = "SELECT table_name FROM information_schema.tables";

async fn prepare(service: &Running, credential: &str, sql: &str) -> ActionCreatePreparedStatementResult {
    let body = ActionCreatePreparedStatementRequest { query: sql.to_owned(), transaction_id: None };
    let mut client = service.raw().await;
    let results = act(&mut client, credential, "CreatePreparedStatement", body.as_any().encode_to_vec()).await.unwrap();
    let Command::ActionCreatePreparedStatementResult(prepared) = command(&results[0]) else { panic!("no statement") };
    prepared
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_and_handles_are_of_one_credential() {
    let world = World::new().await;
    let service = world.serve(Options::default()).await;
    let mut client = service.raw().await;
    let (alice, bob) = (world.bound("alice"), world.bound("bob"));
    let own = ticket(&info(&mut client, &alice, statement(SQL)).await.unwrap());
    get(&mut client, &alice, own.clone()).await.unwrap();

    // A stolen one, and one of the same person's other credential.
    let admitted = world.count("admitted");
    refused(get(&mut client, &bob, own.clone()).await, Code::PermissionDenied, "26000");
    refused(get(&mut client, &world.bound("alice"), own.clone()).await, Code::PermissionDenied, "26000");
    let handle = prepare(&service, &alice, SQL).await.prepared_statement_handle;
    let prepared = CommandPreparedStatementQuery { prepared_statement_handle: handle.clone() };
    info(&mut client, &alice, descriptor(&prepared)).await.unwrap();
    refused(info(&mut client, &bob, descriptor(&prepared)).await, Code::PermissionDenied, "26000");

    // A handle is no ticket, and a ticket changed in any byte is none.
    let as_ticket = arrow_flight::sql::TicketStatementQuery { statement_handle: handle }.as_any().encode_to_vec();
    refused(get(&mut client, &alice, Ticket::new(as_ticket)).await, Code::PermissionDenied, "26000");
    let Command::TicketStatementQuery(inner) = command(&own.ticket) else { panic!("a ticket") };
    for at in (0..inner.statement_handle.len()).step_by(7) {
        let mut bytes = inner.statement_handle.to_vec();
        bytes[at] ^= 1;
        let forged = arrow_flight::sql::TicketStatementQuery { statement_handle: bytes.into() };
        let forged = Ticket::new(forged.as_any().encode_to_vec());
        refused(get(&mut client, &alice, forged).await, Code::PermissionDenied, "26000");
    }
    assert_eq!(world.count("admitted"), admitted, "nothing was admitted for any of them");
    get(&mut client, &alice, own).await.unwrap();
    // No line of the log holds what was asked, or a credential.
    let log = world.log.text();
    assert!(log.contains("ticket_refused") && !log.contains("information_schema") && !log.contains(&alice));
    service.ended().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_end() {
    let world = World::new().await;
    let service = world.serve(Options::default()).await;
    let mut client = service.raw().await;
    let alice = world.bound("alice");
    let old = ticket(&info(&mut client, &alice, statement(SQL)).await.unwrap());
    world.pass(Duration::from_secs(601));
    refused(get(&mut client, &alice, old).await, Code::PermissionDenied, "26000");

    // A policy version that came between: the scope is another one, and what was asked before it is not answered under it.
    let before = ticket(&info(&mut client, &alice, statement(SQL)).await.unwrap());
    let mut files = starter_policies(&teams());
    files.push((
        "more.cedar".to_owned(),
        "@id(\"more\")\nforbid (principal == User::\"eve\", action, resource);\n".to_owned(),
    ));
    world.activate(&files).await;
    refused(get(&mut client, &alice, before).await, Code::PermissionDenied, "26000");
    let after = ticket(&info(&mut client, &alice, statement(SQL)).await.unwrap());
    get(&mut client, &alice, after).await.unwrap();

    // A service that was started anew takes none of the former one's.
    let former = ticket(&info(&mut client, &alice, statement(SQL)).await.unwrap());
    service.ended().await;
    let service = world.serve(Options::default()).await;
    let mut client = service.raw().await;
    refused(get(&mut client, &alice, former).await, Code::PermissionDenied, "26000");
    service.ended().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_asked_of_every_request() {
    let world = World::new().await;
    let service = world.serve(Options::default()).await;
    let mut client = service.raw().await;
    let (id, alice) = world.credential("alice", "web", Some(me()));
    let own = ticket(&info(&mut client, &alice, statement(SQL)).await.unwrap());
    get(&mut client, &alice, own.clone()).await.unwrap();
    world.revoke(&id);
    let text = refused(get(&mut client, &alice, own.clone()).await, Code::Unauthenticated, "28000");
    assert!(text.contains("was revoked"), "{text}");
    refused(info(&mut client, &alice, statement(SQL)).await, Code::Unauthenticated, "28000");

    let late = world.bound("late");
    info(&mut client, &late, statement(SQL)).await.unwrap();
    world.pass(Duration::from_secs(9 * 3600));
    let text = refused(info(&mut client, &late, statement(SQL)).await, Code::Unauthenticated, "28000");
    assert!(text.contains("credential ended 3600 seconds ago"), "{text}");
    assert_eq!(world.newest("denied")["reason"], "credential");

    // None, an empty one, one that is text, one of another kind, two of them.
    let good = world.bound("good");
    refused(client.get_flight_info(Request::new(statement(SQL))).await, Code::Unauthenticated, "28000");
    for header in ["", "Bearer", "Bearer ", "Bearer x.y.z", "Basic YTpi"] {
        let mut request = Request::new(statement(SQL));
        request.metadata_mut().insert("authorization", header.parse().unwrap());
        refused(client.get_flight_info(request).await, Code::Unauthenticated, "28000");
    }
    let mut twice = with(&good, statement(SQL));
    twice.metadata_mut().append("authorization", format!("Bearer {alice}").parse().unwrap());
    refused(client.get_flight_info(twice).await, Code::Unauthenticated, "28000");
    info(&mut client, &good, statement(SQL)).await.unwrap();
    service.ended().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_give_nothing() {
    let world = World::new().await;
    let service = world.serve(Options::default()).await;
    let mut client = service.raw().await;
    let alice = world.bound("alice");
    let purpose = |purpose: &str| {
        let mut request = with(&alice, statement(SQL));
        request.metadata_mut().insert("x-scopelog-purpose", purpose.parse().unwrap());
        request
    };
    client.get_flight_info(purpose("incident-response")).await.unwrap();
    let text = refused(client.get_flight_info(purpose("benchmark")).await, Code::PermissionDenied, "42501");
    assert_eq!(text, "the credential does not allow this purpose: ask an administrator for one that does");
    assert_eq!(world.newest("denied")["reason"], "purpose_not_held");
    refused(client.get_flight_info(purpose("No Word")).await, Code::InvalidArgument, "22023");
    let mut twice = purpose("incident-response");
    twice.metadata_mut().append("x-scopelog-purpose", "benchmark".parse().unwrap());
    refused(client.get_flight_info(twice).await, Code::InvalidArgument, "22023");

    // What others take from headers is not looked at.
    let absent = refused(info(&mut client, &alice, statement("SELECT * FROM mail.iis")).await, Code::NotFound, "42P01");
    let mut forged = with(&alice, statement("SELECT * FROM mail.iis"));
    for (key, value) in [
        ("x-scopelog-team", "mail"),
        ("x-scope-orgid", "mail"),
        ("x-forwarded-user", "bob"),
        ("x-scopelog-role", "administrator"),
    ] {
        forged.metadata_mut().insert(key, value.parse().unwrap());
    }
    assert_eq!(refused(client.get_flight_info(forged).await, Code::NotFound, "42P01"), absent);
    // Absent and forbidden are one: the same text but for the name.
    let never = refused(info(&mut client, &alice, statement("SELECT * FROM none.iis")).await, Code::NotFound, "42P01");
    assert_eq!(absent.replace("mail", "none"), never);
    service.ended().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_is_who_the_system_says() {
    let world = World::new().await;
    let service = world.serve(Options::default()).await;
    let mut client = service.raw().await;
    // Somebody else's, shown by this user: a stolen credential.
    let (_, stolen) = world.credential("alice", "web", Some(me() + 1));
    let text = refused(info(&mut client, &stolen, statement(SQL)).await, Code::Unauthenticated, "28000");
    assert!(text.contains("for that user alone"), "{text}");
    let entry = world.newest("denied");
    assert_eq!((entry["reason"].clone(), entry["peer"].clone()), ("peer".into(), me().into()));
    let (_, unbound) = world.credential("bob", "web", None);
    let text = refused(info(&mut client, &unbound, statement(SQL)).await, Code::Unauthenticated, "28000");
    assert!(text.contains("--os-user"), "{text}");
    service.ended().await;

    let service = world.serve(Options { unbound: true, ..Options::default() }).await;
    let mut client = service.raw().await;
    info(&mut client, &unbound, statement(SQL)).await.unwrap();
    refused(info(&mut client, &stolen, statement(SQL)).await, Code::Unauthenticated, "28000");
    service.ended().await;

    // Over TCP nobody is known, so that a bound credential is nobody's.
    let service = world.serve_at(&Address::to_listen("127.0.0.1:0").unwrap(), Options::default()).await;
    let mut client = service.raw().await;
    info(&mut client, &unbound, statement(SQL)).await.unwrap();
    refused(info(&mut client, &world.bound("carol"), statement(SQL)).await, Code::Unauthenticated, "28000");
    service.ended().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_policy_opens_nothing() {
    let world = World::new().await;
    let service = world.serve(Options::default()).await;
    let mut client = service.raw().await;
    let alice = world.bound("alice");
    info(&mut client, &alice, statement(SQL)).await.unwrap();
    // A version that cannot be loaded: the one before it stays, and the log says so.
    let number = scopelog_custodian::last_activation(&world.archive).await.unwrap().unwrap().0 + 1;
    world.put(&scopelog_custodian::activation(number), "0".repeat(64).into_bytes()).await;
    info(&mut client, &alice, statement(SQL)).await.unwrap();
    assert!(world.log.text().contains("policy_not_loaded"));
    service.ended().await;
    // A service that never had one does not start.
    let log = scopelog_server::Log::new(std::io::sink(), world.clock());
    let address = Address::Unix(world.socket());
    let refused =
        scopelog_server::Server::bind(world.place.clone(), world.clock(), &address, None, Options::default(), log)
            .await;
    assert!(matches!(refused, Err(Error::Custodian(_))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_is_refused() {
    let world = World::new().await;
    let service = world.serve(Options::default()).await;
    let mut client = service.raw().await;
    let alice = world.bound("alice");
    for bytes in [&b""[..], b"x", &[0xff; 300]] {
        let garbage = arrow_flight::FlightDescriptor::new_cmd(bytes.to_vec());
        let status = info(&mut client, &alice, garbage).await.unwrap_err();
        assert!(matches!(status.code(), Code::InvalidArgument | Code::Unimplemented), "{status:?}");
        let status = get(&mut client, &alice, Ticket::new(bytes.to_vec())).await.unwrap_err();
        assert!(matches!(status.code(), Code::InvalidArgument | Code::PermissionDenied), "{status:?}");
    }
    for action in
        ["CreatePreparedStatement", "ClosePreparedStatement", "CancelFlightInfo", "CancelQuery", "scopelog.audit"]
    {
        let status = act(&mut client, &alice, action, vec![0xff; 40]).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{action}: {status:?}");
    }
    let unknown = Action { r#type: "BeginTransaction".to_owned(), body: Default::default() };
    refused(client.do_action(with(&alice, unknown)).await, Code::Unimplemented, "0A000");
    // Statements that are no queries, in both ways to ask.
    for sql in ["DELETE FROM iis", "COPY iis TO 'x'", "SET a = 1", "SELECT 1; SELECT 2", ""] {
        let one = info(&mut client, &alice, statement(sql)).await.unwrap_err();
        let body = ActionCreatePreparedStatementRequest { query: sql.to_owned(), transaction_id: None };
        let body = body.as_any().encode_to_vec();
        let two = act(&mut client, &alice, "CreatePreparedStatement", body).await.unwrap_err();
        assert_eq!((one.code(), one.message()), (two.code(), two.message()), "{sql}");
    }
    service.ended().await;
}
