//! Failures of the store and the messages for them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use zmgr::{Code, Error, MAX_STORE_KEYS, Store};
use zmgr_etcd::EtcdStore;

use crate::cluster::{self, Cluster, FLEET, Shape, available, secret};
use crate::proxy::{Mode, Proxy};
use crate::{claim, done, host, ip, unknown, unreachable};

#[track_caller]
fn says(error: &Error, message: &str, help: &str) {
    let shown = format!("{error} / {}", error.help().unwrap_or_default());
    assert!(error.message().contains(message), "{shown}");
    assert!(error.help().unwrap_or_default().contains(help), "{shown}");
    assert!(!format!("{error:?} {shown}").contains("secret-of"), "a password is shown: {shown}");
}

/// The alert of etcd, or a connection that was closed before the alert could be read: which one comes depends on the network.
fn says_not_accepted(error: &Error, help: &str) {
    let closed = ["broken pipe", "connection reset"].iter().any(|closed| error.message().contains(closed));
    says(error, if closed { "" } else { "does not accept the certificate" }, help);
}

#[test]
fn what_cannot_be_used_is_said_before_the_first_call() {
    if !available() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    cluster::authority(path, "ca");
    cluster::certificate(path, "ca", "host", "/O=zmgr", &[]);
    cluster::certificate(path, "ca", "other", "/O=zmgr", &[]);
    secret(&path.join("h1.password"), "secret-of-h1");
    let good = || cluster::builder(path, "h1", true).endpoint("https://127.0.0.1:1");
    let debug = format!("{:?} {:?}", good(), good().build().unwrap());
    assert!(debug.contains("h1.password") && !debug.contains("secret-of"), "{debug}");

    fs::set_permissions(path.join("host.key"), fs::Permissions::from_mode(0o640)).unwrap();
    says(&good().build().unwrap_err(), "others can read or write it (mode 0640); run `chmod 0600`", "");
    fs::set_permissions(path.join("host.key"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(path.join("h1.password"), fs::Permissions::from_mode(0o604)).unwrap();
    says(&good().build().unwrap_err(), "others can read or write it (mode 0604)", "");
    fs::set_permissions(path.join("h1.password"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(path.join("ca.pem"), fs::Permissions::from_mode(0o666)).unwrap();
    says(&good().build().unwrap_err(), "others can write it (mode 0666); run `chmod 0644`", "");
    fs::set_permissions(path.join("ca.pem"), fs::Permissions::from_mode(0o644)).unwrap();

    let other = good().certificate(path.join("host.pem"), path.join("other.key")).build().unwrap_err();
    says(&other, "does not belong to the certificate in", "");
    let swapped = good().certificate(path.join("host.key"), path.join("host.key")).build().unwrap_err();
    says(&swapped, "no certificate in", "");
    let swapped = good().certificate(path.join("host.pem"), path.join("h1.password")).build().unwrap_err();
    says(&swapped, "not an unencrypted private key", "");
    says(&good().ca(path.join("h1.password")).build().unwrap_err(), "no certificate in", "");
    says(&good().ca(path.join("none.pem")).build().unwrap_err(), "cannot read", "");
    says(&good().endpoint("http://a.example:2379").build().unwrap_err(), "use https", "");
    says(&EtcdStore::builder(FLEET).endpoint("https://a.example").build().unwrap_err(), "needs `tls`", "");
    says(&EtcdStore::builder("a/b").build().unwrap_err(), "invalid name of a fleet", "");
    says(&cluster::builder(path, "h1", true).build().unwrap_err(), "no endpoint", "");
    for error in [good().endpoint("x").build().unwrap_err(), good().ca("/").build().unwrap_err()] {
        assert_eq!(error.code(), Code::InvalidArgument);
    }
}

#[test]
fn a_host_that_etcd_does_not_let_in() {
    if !available() {
        return;
    }
    let cluster = Cluster::start(Shape { nodes: 1, ..Shape::default() });
    let (path, url) = (cluster.path(), cluster.url(0));
    done(cluster.store("h1").read(""));

    // Authorities.
    cluster::authority(path, "foreign");
    cluster::certificate(path, "foreign", "stranger", "/O=zmgr", &[]);
    let store = cluster.builder("h1").endpoint(&url).ca(path.join("foreign.pem")).build().unwrap();
    says(&unreachable(store.read("")), "not signed by the authority in `ca`", "set `ca`");
    let stranger =
        cluster.builder("h1").endpoint(&url).certificate(path.join("stranger.pem"), path.join("stranger.key"));
    says_not_accepted(&unreachable(stranger.build().unwrap().read("")), "--trusted-ca-file");
    let none = EtcdStore::builder(FLEET).ca(path.join("ca.pem")).user("h1", path.join("h1.password")).endpoint(&url);
    says_not_accepted(&unreachable(none.build().unwrap().read("")), "`cert` and `key`");

    // A certificate with a CommonName.
    cluster::certificate(path, "ca", "named", "/CN=h1", &[]);
    let named = cluster
        .builder("h1")
        .endpoint(&url)
        .certificate(path.join("named.pem"), path.join("named.key"))
        .build()
        .unwrap();
    says(&unreachable(named.read("")), "CommonName", "without a CommonName");
    says(&unreachable(named.join(&host("h1"))), "HTTP 400", "without a CommonName");

    // Users and passwords.
    secret(&path.join("wrong.password"), "secret-of-others");
    let wrong =
        |user: &str| cluster.builder(user).endpoint(&url).user(user, path.join("wrong.password")).build().unwrap();
    says(&unreachable(wrong("h1").read("")), "user or password is wrong", "password file");
    says(&unreachable(wrong("h99").read("")), "user or password is wrong", "password file");
    let nameless =
        EtcdStore::builder(FLEET).ca(path.join("ca.pem")).certificate(path.join("host.pem"), path.join("host.key"));
    says(&unreachable(nameless.endpoint(&url).build().unwrap().read("")), "names none", "password-file");

    // The keys of another fleet.
    let other = EtcdStore::builder("other")
        .ca(path.join("ca.pem"))
        .certificate(path.join("host.pem"), path.join("host.key"))
        .user("h1", path.join("h1.password"))
        .endpoint(&url)
        .build()
        .unwrap();
    says(&unreachable(other.read("")), "permission denied", "grant-permission");
    says(&unreachable(other.join(&host("h1"))), "permission denied", "`fleet`");

    // Too much for one call.
    let h1 = host("h1");
    done(cluster.store("h1").join(&h1));
    let many: Vec<_> = (0..=MAX_STORE_KEYS).map(|n| ip(&format!("10.9.{}.{}", n / 256, n % 256))).collect();
    says(&unreachable(cluster.store("h1").claim(&claim(&h1, "big"), &many, &[])), "do not fit", "");
    done(cluster.store("h1").claim(&claim(&h1, "big"), &many[1..], &[]));
}

#[test]
fn a_token_is_renewed() {
    if !available() {
        return;
    }
    let mut cluster = Cluster::start(Shape { nodes: 1, ..Shape::default() });
    let store = cluster.store("h1");
    let h1 = host("h1");
    done(store.join(&h1));

    // The node was started again.
    cluster.kill(0);
    cluster.restart(&[0]);
    done(store.claim(&claim(&h1, "web01"), &[ip("10.1.0.10")], &[]));

    // Roles have changed since the token was made.
    let root = cluster.root(0);
    assert_eq!(cluster.admin(0, "/v3/auth/role/add", Some(&root), &json!({"name": "later"})).0, 200);
    done(store.claim(&claim(&h1, "web02"), &[ip("10.1.0.11")], &[]));

    // A changed password ends its tokens. The file is read again.
    let root = cluster.root(0);
    let changed = json!({"name": "h1", "password": "secret-of-h1-now"});
    assert_eq!(cluster.admin(0, "/v3/auth/user/changepw", Some(&root), &changed).0, 200);
    says(&unreachable(store.read("")), "user or password is wrong", "");
    secret(&cluster.path().join("h1.password"), "secret-of-h1-now\n");
    assert_eq!(done(store.read("ip/")).len(), 2);

    // The file is gone.
    fs::remove_file(cluster.path().join("h1.password")).unwrap();
    assert_eq!(done(store.read("ip/")).len(), 2, "the token is still good");
    let changed = json!({"name": "h1", "password": "secret-of-h1-later"});
    assert_eq!(cluster.admin(0, "/v3/auth/user/changepw", Some(&root), &changed).0, 200);
    says(&unreachable(store.read("")), "cannot read", "");
}

#[test]
fn an_etcd_that_is_set_up_differently() {
    if !available() {
        return;
    }
    let off = Shape { nodes: 1, auth: false, options: vec!["--enable-grpc-gateway=false".to_owned()] };
    let cluster = Cluster::start(off);
    says(&unreachable(cluster.store("h1").read("")), "no JSON gateway", "--enable-grpc-gateway");
    drop(cluster);

    let cluster = Cluster::start(Shape { nodes: 1, auth: false, options: Vec::new() });
    done(cluster.store("h1").read(""));
    secret(&cluster.path().join("h1.password"), "secret-of-h1");
    let user = cluster::builder(cluster.path(), "h1", true).endpoint(cluster.url(0)).build().unwrap();
    says(&unreachable(user.read("")), "authentication is off", "etcdctl auth enable");

    // Not etcd, and not TLS.
    let plain = cluster.builder("h1").endpoint(format!("http://{}", "127.0.0.1:1")).build().unwrap();
    says(&unreachable(plain.read("")), "connection refused", "");
    let missing = cluster.builder("h1").endpoint("https://host.invalid:2379").build().unwrap();
    unreachable(missing.read(""));
    let other_name = {
        let proxy = Proxy::new(&cluster.address(0));
        cluster.builder("h1").endpoint(proxy.url().replace("127.0.0.1", "localhost")).build().unwrap()
    };
    says(&unreachable(other_name.read("")), "for another host name", "`endpoint`");
}

#[test]
fn a_full_store_takes_nothing_and_gives_back() {
    if !available() {
        return;
    }
    let small = Shape { nodes: 1, auth: true, options: vec!["--quota-backend-bytes=1048576".to_owned()] };
    let cluster = Cluster::start(small);
    let store = cluster.store("h1");
    let h1 = host("h1");
    done(store.join(&h1));
    let first = claim(&h1, "web01");
    done(store.claim(&first, &[ip("10.1.0.10")], &[]));
    let root = cluster.root(0);
    let put = json!({"key": STANDARD.encode("/filler"), "value": STANDARD.encode(vec![b'x'; 100_000])});
    let full = (0..100).any(|_| cluster.admin(0, "/v3/kv/put", Some(&root), &put).0 != 200);
    assert!(full, "the quota was never reached");
    says(&unreachable(store.claim(&claim(&h1, "web02"), &[ip("10.1.0.11")], &[])), "NOSPACE", "etcdctl defrag");
    assert_eq!(done(store.read("ip/")).len(), 1);
    // A release is allowed: it makes room.
    done(store.release(&h1, &first.entry, &[ip("10.1.0.10")]));
    assert_eq!(done(store.read("ip/")).len(), 0);
}

#[test]
fn lost_answers_are_unknown_and_asking_again_is_safe() {
    if !available() {
        return;
    }
    let cluster = Cluster::start(Shape { nodes: 1, ..Shape::default() });
    let proxy = Proxy::new(&cluster.address(0));
    let store = cluster.builder("h1").endpoint(proxy.url()).timeout(Duration::from_secs(2)).build().unwrap();
    let direct = cluster.store("h2");
    let h1 = host("h1");
    done(store.join(&h1));

    // The request arrives, the answer does not.
    let lost = claim(&h1, "web01");
    proxy.set_for_open(Mode::LoseAnswers);
    unknown(store.claim(&lost, &[ip("10.1.0.10")], &[]));
    assert!(proxy.lost() > 0);
    assert_eq!(done(direct.read("ip/")).len(), 1, "etcd has carried it out");
    proxy.set(Mode::Pass);
    done(store.claim(&lost, &[ip("10.1.0.10")], &[]));
    assert_eq!(done(direct.read("ip/")).len(), 1);

    // Neither arrives.
    proxy.set_for_open(Mode::Swallow);
    unknown(store.claim(&claim(&h1, "web02"), &[ip("10.1.0.11")], &[]));
    assert_eq!(done(direct.read("ip/")).len(), 1);

    // There is no connection over which it could have arrived.
    proxy.set(Mode::Swallow);
    unreachable(store.claim(&claim(&h1, "web03"), &[ip("10.1.0.12")], &[]));
    unreachable(store.read(""));

    // The answer to a release.
    proxy.set(Mode::Pass);
    done(store.read(""));
    proxy.set_for_open(Mode::LoseAnswers);
    unreachable(store.read(""));
    proxy.set(Mode::Pass);
    done(store.release(&h1, &lost.entry, &[ip("10.1.0.10")]));
    done(store.release(&h1, &lost.entry, &[ip("10.1.0.10")]));
    assert_eq!(done(direct.read("ip/")).len(), 0);

    // A slow store: the answer comes after the time limit.
    let slow = claim(&h1, "web04");
    proxy.hold();
    unknown(store.claim(&slow, &[ip("10.1.0.13")], &[]));
    proxy.let_go();
    proxy.set(Mode::Pass);
    done(store.claim(&slow, &[ip("10.1.0.13")], &[]));
    assert_eq!(done(direct.read("ip/")).len(), 1);
}
