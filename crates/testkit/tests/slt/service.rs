//! The door of everybody who holds no keys: a service in front of the house's archive, on a socket, and its client.

use std::sync::{Arc, Mutex};

use scopelog_custodian::Error as CustodianError;
use scopelog_engine::Params;
use scopelog_server::{Address, Client, Error, Fault, Log, Options, Server};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::door::{Asker, Door, failure};
use crate::fixture::runtime;
use crate::house::House;
use crate::outcome::{Answer, Failure, Outcome};

/// A service that begins with the first statement for which there are policies.
struct Service {
    house: Arc<House>,
    running: Mutex<Option<Running>>,
}

struct Running {
    address: Address,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), Error>>,
}

/// The service's way. Who asks is bound to no user of the machine: what binds is the service's own tests' business.
pub fn service(house: &Arc<House>) -> Box<dyn Door> {
    Box::new(Service { house: Arc::clone(house), running: Mutex::default() })
}

impl Service {
    fn address(&self) -> Result<Address, Error> {
        let mut running = self.running.lock().unwrap();
        if let Some(running) = running.as_ref() {
            return Ok(running.address.clone());
        }
        let address = Address::Unix(self.house.socket());
        let log = Log::new(std::io::sink(), Arc::new(self.house.clock()));
        let options = Options { unbound: true, ..Options::default() };
        let place = self.house.place();
        let bound = Server::bind(place, Arc::new(self.house.clock()), &address, None, options, log);
        let server = runtime().block_on(bound)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let task = runtime().spawn(server.run(async move { drop(stopped.await) }));
        *running = Some(Running { address: address.clone(), stop, task });
        Ok(address)
    }

    async fn answer(&self, address: &Address, asker: &Asker, sql: &str) -> Result<Answer, Error> {
        let mut client = Client::connect(address, &asker.token, asker.purpose.as_deref()).await?;
        let mut rows = client.query(sql, &Params::new()).await?;
        let mut answer = Answer::new(&rows.schema());
        while let Some(batch) = rows.next_batch().await? {
            answer.add(&batch);
        }
        Ok(answer)
    }
}

impl Door for Service {
    fn name(&self) -> &'static str {
        "service"
    }

    fn ask(&self, asker: &Asker, sql: &str) -> Outcome {
        let answered = self.address().and_then(|address| runtime().block_on(self.answer(&address, asker, sql)));
        match answered {
            Ok(answer) => Outcome::Rows(answer),
            Err(error) => Outcome::Failed(told(&error)),
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let Some(Running { stop, task, .. }) = self.running.get_mut().unwrap().take() else { return };
        let _ = stop.send(());
        let _ = runtime().block_on(task);
    }
}

/// What a client is told, and what a command ends with.
fn told(error: &Error) -> Failure {
    let (fault, sqlstate, text) = match error {
        Error::Remote { fault, sqlstate, message } => (*fault, sqlstate.clone(), message.clone()),
        // No service begins without policies: whoever starts it is told what a command is told.
        Error::Custodian(error @ (CustodianError::NoPolicy | CustodianError::Policy(_))) => return failure(error),
        other => (Fault::Failure, "XX000".to_owned(), other.to_string()),
    };
    let exit = match fault {
        Fault::Denied => 3,
        Fault::Query => 4,
        Fault::Limit => 5,
        Fault::Audit => 6,
        Fault::Usage => 2,
        Fault::Cancelled => 130,
        Fault::Failure => 1,
    };
    Failure { text, sqlstate, exit }
}
