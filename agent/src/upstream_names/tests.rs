//! When names are looked up, in virtual time.

use super::*;
use dns_core::Protocol;
use std::sync::Mutex;

fn host() -> NameBuf {
    NameBuf::parse("dns.example.net").unwrap()
}

fn wanted() -> Wanted {
    Wanted {
        servers: vec![NamedServer {
            host: host(),
            port: 53,
            protocol: Protocol::Udp,
        }],
        bootstrap: vec!["192.0.2.53:53".parse().unwrap()],
        listen: vec!["127.0.0.1:53".parse().unwrap()],
        place: Place::command_line(),
    }
}

fn found(address: &str, ttl_secs: u64) -> Result<Found, String> {
    Ok(Found {
        addresses: vec![address.parse().unwrap()],
        ttl: Duration::from_secs(ttl_secs),
    })
}

/// Lookups that end in turn as listed, the last one again and again, and their times.
fn names(results: Vec<Result<Found, String>>) -> (UpstreamNames, Arc<Mutex<Vec<Instant>>>) {
    let (wanted, wishes) = watch::channel(wanted());
    let (sender, receiver) = watch::channel(Arc::default());
    let asked: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let times = Arc::clone(&asked);
    let lookup = move |_, _| {
        let mut times = times.lock().unwrap();
        times.push(Instant::now());
        let result = results[(times.len() - 1).min(results.len() - 1)].clone();
        async move { result }
    };
    tokio::spawn(run(wishes, sender, lookup));
    let found = receiver;
    (UpstreamNames { wanted, found }, asked)
}

#[tokio::test(start_paused = true)]
async fn a_name_is_looked_up_again_when_its_ttl_ends_within_bounds() {
    let (mut names, asked) = names(vec![
        found("192.0.2.1", 30),
        found("192.0.2.2", 0),
        found("192.0.2.3", 86_400),
        found("192.0.2.4", 30),
    ]);
    let mut seen = Vec::new();
    while seen.len() < 4 {
        let now = names.changed().await;
        seen.extend(now.of(&host()).iter().map(ToString::to_string));
    }
    assert_eq!(seen, ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"]);
    let asked = asked.lock().unwrap();
    let gaps: Vec<u64> = asked.windows(2).map(|w| (w[1] - w[0]).as_secs()).collect();
    assert_eq!(gaps, [30, 5, 3_600]);
}

#[tokio::test(start_paused = true)]
async fn a_name_without_address_is_a_problem_until_it_has_one() {
    let (mut names, _) = names(vec![Err("no answer".to_owned()), found("192.0.2.1", 60)]);
    let mut problems = Vec::new();
    loop {
        let now = names.changed().await;
        if !now.of(&host()).is_empty() {
            assert!(now.problems().is_empty(), "{:?}", now.problems());
            break;
        }
        problems.extend(now.problems().iter().map(ToString::to_string));
    }
    let last = problems.last().unwrap();
    assert!(
        last.contains("dns.example.net has no address yet: no answer"),
        "{last}"
    );
    assert!(last.contains("bootstrap"), "{last}");
}

#[tokio::test(start_paused = true)]
async fn the_last_addresses_stay_while_lookups_fail() {
    let (mut names, _) = names(vec![found("192.0.2.1", 60), Err("no answer".to_owned())]);
    loop {
        let now = names.changed().await;
        if let Some(problem) = now.problems().first()
            && problem.to_string().contains("keeps its last addresses")
        {
            assert_eq!(now.of(&host()).len(), 1);
            break;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_that_leads_to_ourselves_is_not_asked() {
    let (mut names, _) = names(vec![found("127.0.0.1", 60)]);
    loop {
        let now = names.changed().await;
        assert!(now.of(&host()).is_empty());
        let problem = now.problems()[0].to_string();
        if problem.contains("this process itself") {
            break;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_addresses_are_waited_for_and_a_dead_name_is_not_waited_for_long() {
    let (mut alive, _) = names(vec![found("192.0.2.1", 60)]);
    assert_eq!(
        alive.first(Duration::from_secs(1)).await.of(&host()).len(),
        1
    );
    let (mut dead, _) = names(vec![Err("no answer".to_owned())]);
    let began = Instant::now();
    let first = dead.first(Duration::from_secs(1)).await;
    assert!(first.of(&host()).is_empty() && !first.problems().is_empty());
    assert_eq!(began.elapsed(), Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_no_longer_wanted_is_forgotten() {
    let (mut names, _) = names(vec![found("192.0.2.1", 60)]);
    names.first(Duration::from_secs(1)).await;
    names.want(Wanted {
        servers: Vec::new(),
        ..wanted()
    });
    assert_eq!(*names.changed().await, HostAddresses::default());
}
