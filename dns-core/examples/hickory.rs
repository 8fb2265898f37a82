//! Hosts a resolver in a hickory server and asks it one question.
//!
//! `cargo run -p dns-core --features hickory-server --example hickory`

use dns_core::hickory::HickoryHandler;
use dns_core::{
    AddressOrigin, Completeness, ForwardPolicy, HostAddress, HostEntry, HostKind, NameBuf, Random,
    Resolver, ResolverConfig, Snapshot, Source, TableUpdate, TableWriter, View, Views,
};
use hickory_server::Server;
use hickory_server::proto::op::{Message, MessageType, OpCode, Query};
use hickory_server::proto::rr::{Name, RecordType};
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::UdpSocket;

/// Ids of forwarded questions; take a generator of your system's. Nothing is forwarded here.
struct NoRandom;

impl Random for NoRandom {
    fn next_u32(&mut self) -> u32 {
        0
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(serve_and_ask())
}

async fn serve_and_ask() -> Result<(), Box<dyn Error>> {
    let resolver = Resolver::new(ResolverConfig::default(), snapshot()?, Box::new(NoRandom));
    let handler = HickoryHandler::new(resolver);
    let mut server = Server::new(handler.clone());
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    let address = socket.local_addr()?;
    server.register_socket(socket);

    println!("asking {address} for pay.example.com");
    for record in ask(address, "pay.example.com.").await?.answers {
        println!("{record}");
    }
    println!("table hits: {}", handler.stats().table_hits.value());
    Ok(server.shutdown_gracefully().await?)
}

fn snapshot() -> Result<Arc<Snapshot>, Box<dyn Error>> {
    let mut pay = HostEntry::new(
        "pay.example.com".parse()?,
        HostKind::Product,
        Source::default(),
    );
    pay.addresses = vec![HostAddress::new(
        "250.1.2.3".parse()?,
        AddressOrigin::Pinned,
    )];
    let mut writer = TableWriter::new(0x5eed);
    Ok(Arc::new(Snapshot {
        table: writer.apply(TableUpdate::Replace(vec![pay]), Completeness::Complete),
        views: Views::single(View::new("cluster.local".parse()?)),
        zones: vec![NameBuf::parse("global")?],
        forward: ForwardPolicy::default(),
    }))
}

async fn ask(server: SocketAddr, name: &str) -> Result<Message, Box<dyn Error>> {
    let mut message = Message::new(0x1234, MessageType::Query, OpCode::Query);
    message.add_query(Query::query(Name::from_ascii(name)?, RecordType::A));
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    socket.connect(server).await?;
    socket.send(&message.to_vec()?).await?;
    let mut reply = [0; 1232];
    let len = socket.recv(&mut reply).await?;
    Ok(Message::from_vec(&reply[..len])?)
}
