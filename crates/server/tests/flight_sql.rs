//! Every command of Flight SQL, over the loopback; and how queries end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::time::Duration;

use arrow::array::{Array, RecordBatch, cast::AsArray};
use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::error::FlightError;
use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::sql::{
    CommandGetCatalogs, CommandGetDbSchemas, CommandGetSqlInfo, CommandGetTableTypes, CommandGetTables,
    CommandStatementUpdate,
};
use arrow_flight::{CancelFlightInfoRequest, CancelFlightInfoResult, CancelStatus, FlightDescriptor, IpcMessage};
use common::*;
use futures::TryStreamExt;
use prost::Message;
use scopelog_engine::{Param, Params};
use scopelog_server::{Error, Fault, Options};
use tonic::Code;
use tonic::transport::Channel;

/// More rows than anybody reads: the names of columns, thrice with each other.
const ENDLESS: &str = "SELECT a.column_name, b.column_name, c.column_name FROM information_schema.columns a, \
    information_schema.columns b, information_schema.columns c";

type Raw = FlightServiceClient<Channel>;

async fn listed(client: &mut Raw, credential: &str, descriptor: FlightDescriptor) -> Vec<RecordBatch> {
    let described = info(client, credential, descriptor).await.unwrap();
    let schema = described.clone().try_decode_schema().unwrap();
    let messages = client.do_get(with(credential, ticket(&described))).await.unwrap().into_inner();
    let messages = messages.map_err(|status| FlightError::Tonic(Box::new(status)));
    let batches: Vec<RecordBatch> =
        FlightRecordBatchStream::new_from_flight_data(messages).try_collect().await.unwrap();
    for batch in &batches {
        assert_eq!(batch.schema().fields(), schema.fields(), "as was announced");
    }
    batches
}

fn column(batches: &[RecordBatch], name: &str) -> BTreeSet<String> {
    let cells = |batch: &RecordBatch| {
        let column = batch.column_by_name(name).unwrap().clone();
        let column = arrow::compute::cast(&column, &arrow::datatypes::DataType::Utf8).unwrap();
        let column = column.as_string::<i32>().clone();
        (0..column.len()).map(|row| column.value(row).to_owned()).collect::<Vec<_>>()
    };
    batches.iter().flat_map(cells).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_there_is_is_what_is_in_scope() {
    let world = World::new().await;
    let service = world.serve(Options::default()).await;
    let mut client = service.raw().await;
    let alice = world.bound("alice");
    let admitted = world.count("admitted");
    let catalogs = listed(&mut client, &alice, descriptor(&CommandGetCatalogs {})).await;
    assert_eq!(column(&catalogs, "catalog_name"), ["scopelog".to_owned()].into());
    let schemas = CommandGetDbSchemas { catalog: None, db_schema_filter_pattern: None };
    let schemas = column(&listed(&mut client, &alice, descriptor(&schemas)).await, "db_schema_name");
    assert!(schemas.contains("web") && schemas.contains("system") && !schemas.contains("mail"), "{schemas:?}");
    let tables = |pattern: Option<&str>, include_schema| CommandGetTables {
        catalog: None,
        db_schema_filter_pattern: pattern.map(str::to_owned),
        table_name_filter_pattern: None,
        table_types: vec![],
        include_schema,
    };
    let all = listed(&mut client, &alice, descriptor(&tables(None, false))).await;
    assert!(!column(&all, "db_schema_name").contains("mail"));
    assert!(column(&all, "table_name").contains("iis"));
    let none = listed(&mut client, &alice, descriptor(&tables(Some("mail"), true))).await;
    assert_eq!(none.iter().map(RecordBatch::num_rows).sum::<usize>(), 0);
    let own = listed(&mut client, &alice, descriptor(&tables(Some("information_schema"), true))).await;
    let message = own[0].column_by_name("table_schema").unwrap().as_binary::<i32>().value(0).to_vec();
    assert!(!arrow::datatypes::Schema::try_from(IpcMessage(message.into())).unwrap().fields().is_empty());
    assert!(world.count("admitted") > admitted, "reading of names is recorded like any other");

    let types = listed(&mut client, &alice, descriptor(&CommandGetTableTypes {})).await;
    assert_eq!(column(&types, "table_type"), ["BASE TABLE".to_owned(), "VIEW".to_owned()].into());
    let infos = listed(&mut client, &alice, descriptor(&CommandGetSqlInfo { info: vec![0, 3] })).await;
    assert_eq!(infos[0].num_rows(), 2, "the server's name, and that it is read-only");
    service.ended().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_with_and_without_parameters() {
    let world = World::new().await;
    let service = world.serve(Options::default()).await;
    let mut client = service.client(&world.bound("alice")).await;
    let mut one = async |sql: &str, params: Params| -> Result<Vec<String>, Error> {
        let mut rows = client.query(sql, &params).await?;
        assert!(rows.receipt().starts_with("scopelog-audit-receipt-v1 "), "{}", rows.receipt());
        let mut cells = vec![];
        while let Some(batch) = rows.next_batch().await? {
            cells.extend(
                arrow::util::pretty::pretty_format_columns("", batch.columns())
                    .unwrap()
                    .to_string()
                    .lines()
                    .filter(|l| !l.starts_with('+'))
                    .skip(1)
                    .map(|l| l.trim_matches(['|', ' ']).to_owned()),
            );
        }
        let figures = rows.figures().expect("the service tells its figures at the end");
        assert_eq!(usize::try_from(figures.rows).unwrap(), cells.len());
        Ok(cells)
    };
    assert_eq!(one("SELECT 6 * 7", Params::new()).await.unwrap(), ["42"]);
    let text = "x' OR '1' = '1";
    let bind = |pairs: &[(&str, Param)]| pairs.iter().map(|(n, p)| ((*n).to_owned(), p.clone())).collect::<Params>();
    let given = bind(&[("a", Param::Text(text.to_owned())), ("unused", Param::Int(1))]);
    assert_eq!(one("SELECT $a", given).await.unwrap(), [text]);
    let given = bind(&[("1", Param::Int(40)), ("2", Param::Int(2))]);
    assert_eq!(one("SELECT ? + ?", given.clone()).await.unwrap(), ["42"]);
    assert_eq!(one("SELECT $2 - $1", given).await.unwrap(), ["-38"]);
    let given = bind(&[("b", Param::Bool(true)), ("n", Param::Null)]);
    assert_eq!(one("SELECT 1 WHERE $b AND $n IS NULL", given).await.unwrap(), ["1"]);
    let missing = one("SELECT $a, $b", bind(&[("a", Param::Int(1))])).await.unwrap_err();
    let Error::Remote { fault, sqlstate, message } = missing else { panic!("{missing:?}") };
    assert_eq!((fault, sqlstate.as_str()), (Fault::Query, "42601"));
    assert_eq!(message, "parameter `$b`: no value is given for it");
    // An error on the way of rows comes through like one before it.
    let failed =
        one("SELECT 1 / (ordinal_position - 1) FROM information_schema.columns", Params::new()).await.unwrap_err();
    assert!(
        matches!(&failed, Error::Remote { fault: Fault::Query, sqlstate, .. } if sqlstate == "22000"),
        "{failed:?}"
    );
    let ended = world.newest("ended");
    assert_eq!(ended["outcome"], "failed");
    service.ended().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_says_so() {
    let world = World::new().await;
    let service = world.serve(Options::default()).await;
    let mut client = service.raw().await;
    let alice = world.bound("alice");
    let update = CommandStatementUpdate { query: "DELETE FROM iis".to_owned(), transaction_id: None };
    refused(info(&mut client, &alice, descriptor(&update)).await, Code::Unimplemented, "0A000");
    let put = arrow_flight::FlightData::new().with_descriptor(descriptor(&update));
    refused(client.do_put(with(&alice, futures::stream::iter([put]))).await, Code::Unimplemented, "0A000");
    let schema = client.get_schema(with(&alice, statement("SELECT 1 AS one"))).await.unwrap().into_inner();
    let schema = arrow::datatypes::Schema::try_from(&schema).unwrap();
    assert_eq!(schema.field(0).name(), "one");
    let actions = client.list_actions(with(&alice, arrow_flight::Empty {})).await.unwrap().into_inner();
    let actions: Vec<String> = actions.map_ok(|action| action.r#type).try_collect().await.unwrap();
    assert!(actions.contains(&"CreatePreparedStatement".to_owned()) && actions.len() == 7, "{actions:?}");
    service.ended().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_query_has_its_end() {
    let world = World::new().await;
    let service = world.serve(Options::default()).await;
    let (mut client, mut other) = (service.raw().await, service.raw().await);
    let (alice, bob) = (world.bound("alice"), world.bound("bob"));
    let described = info(&mut client, &alice, statement(ENDLESS)).await.unwrap();
    let mut rows = client.do_get(with(&alice, ticket(&described))).await.unwrap().into_inner();
    assert!(rows.message().await.unwrap().is_some());
    assert_eq!((world.count("admitted"), world.count("ended")), (1, 0));
    let body = CancelFlightInfoRequest::new(described).encode_to_vec();
    refused(act(&mut other, &bob, "CancelFlightInfo", body.clone()).await, Code::PermissionDenied, "26000");
    assert_eq!(world.count("ended"), 0, "nobody cancels what is not theirs");
    let result = act(&mut other, &alice, "CancelFlightInfo", body.clone()).await.unwrap();
    let result = CancelFlightInfoResult::decode(result[0].as_slice()).unwrap();
    assert_eq!(result.status, CancelStatus::Cancelled as i32);
    let status = loop {
        match rows.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it does not end by itself"),
            Err(status) => break status,
        }
    };
    assert_eq!(status.code(), Code::Cancelled);
    world.until("the end", |world| world.count("ended") == 1).await;
    assert_eq!(world.newest("ended")["outcome"], "cancelled");
    let again = act(&mut other, &alice, "CancelFlightInfo", body).await.unwrap();
    let again = CancelFlightInfoResult::decode(again[0].as_slice()).unwrap();
    assert_eq!(again.status, CancelStatus::NotCancellable as i32, "it has ended");

    // A connection that is lost does the same.
    let described = info(&mut client, &alice, statement(ENDLESS)).await.unwrap();
    let mut rows = client.do_get(with(&alice, ticket(&described))).await.unwrap().into_inner();
    assert!(rows.message().await.unwrap().is_some());
    drop((rows, client));
    world.until("the end", |world| world.count("ended") == 2).await;
    assert_eq!(world.newest("ended")["outcome"], "cancelled");
    service.ended().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_stops_ends_what_runs() {
    let world = World::new().await;
    let mut service = world.serve(Options { grace: Duration::from_millis(200), ..Options::default() }).await;
    let mut client = service.raw().await;
    let alice = world.bound("alice");
    let described = info(&mut client, &alice, statement(ENDLESS)).await.unwrap();
    let mut rows = client.do_get(with(&alice, ticket(&described))).await.unwrap().into_inner();
    assert!(rows.message().await.unwrap().is_some());
    service.stop();
    let status = loop {
        match rows.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it does not end by itself"),
            Err(status) => break status,
        }
    };
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    service.ended().await;
    assert_eq!((world.count("admitted"), world.count("ended")), (1, 1));
    assert_eq!(world.newest("ended")["outcome"], "cancelled");
    assert!(!world.socket().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_stalls_is_not_waited_for() {
    let world = World::new().await;
    let options = Options { stall: Duration::from_millis(200), queries_each: 1, ..Options::default() };
    let service = world.serve(options).await;
    let mut client = service.raw().await;
    let alice = world.bound("alice");
    let described = info(&mut client, &alice, statement(ENDLESS)).await.unwrap();
    let rows = client.do_get(with(&alice, ticket(&described))).await.unwrap().into_inner();
    world.until("the end", |world| world.count("ended") == 1).await;
    // Its place is free again.
    let mut next = service.client(&alice).await;
    next.query("SELECT 1", &Params::new()).await.unwrap();
    drop(rows);
    service.ended().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_figures() {
    let world = World::new().await;
    let service = world.serve(Options::default()).await;
    let mut client = service.client(&world.bound("alice")).await;
    let mut rows = client.query("SELECT 1", &Params::new()).await.unwrap();
    while rows.next_batch().await.unwrap().is_some() {}
    let address = service.figures;
    let ask = async |request: &'static str| {
        tokio::task::spawn_blocking(move || {
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            stream.write_all(format!("{request} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        })
        .await
        .unwrap()
    };
    assert!(ask("GET /healthz").await.starts_with("HTTP/1.1 200 "));
    assert!(ask("GET /readyz").await.starts_with("HTTP/1.1 200 "));
    assert!(ask("GET /else").await.starts_with("HTTP/1.1 404 "));
    assert!(ask("POST /metrics").await.starts_with("HTTP/1.1 405 "));
    let figures = ask("GET /metrics").await;
    for line in ["scopelog_rows_total 1", "scopelog_queries_total{outcome=\"completed\"} 1", "scopelog_ready 1"] {
        assert!(figures.lines().any(|found| found == line), "{line}\n{figures}");
    }
    assert!(!figures.contains("alice"));
    service.ended().await;
}
