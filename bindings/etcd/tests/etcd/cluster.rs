//! A real etcd on loopback: nodes with TLS and authentication, certificates made by openssl. No wait for time: a node says when it
//! serves.

use std::env;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::process::{Pid, Signal};
use serde_json::{Value, json};
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};
use zmgr_etcd::{EtcdStore, EtcdStoreBuilder};

/// The fleet whose keys the users may change.
pub(crate) const FLEET: &str = "prod";

/// Returns true if the machine has etcd and openssl. A test without them says so and ends.
pub(crate) fn available() -> bool {
    let found = |program: &str, arg: &str| {
        Command::new(program).arg(arg).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
    };
    let all = found("etcd", "--version") && found("openssl", "version");
    if !all {
        eprintln!("SKIPPED: no etcd (Debian: etcd-server) or no openssl");
    }
    all
}

/// Options of a cluster.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) nodes: usize,
    pub(crate) auth: bool,
    pub(crate) options: Vec<String>,
}

impl Default for Shape {
    fn default() -> Self {
        Shape { nodes: 3, auth: true, options: Vec::new() }
    }
}

#[derive(Debug)]
struct Node {
    address: String,
    child: Option<Child>,
}

#[derive(Debug)]
pub(crate) struct Cluster {
    dir: tempfile::TempDir,
    nodes: Vec<Node>,
    shape: Shape,
}

fn openssl(dir: &Path, args: &[&str]) {
    let output = Command::new("openssl").args(args).current_dir(dir).output().unwrap();
    assert!(output.status.success(), "openssl {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Makes an authority: NAME.pem and NAME.key.
pub(crate) fn authority(dir: &Path, name: &str) {
    fs::write(
        dir.join("openssl.cnf"),
        "[req]\ndistinguished_name = dn\n[dn]\n[ca]\nbasicConstraints = critical,CA:TRUE\nkeyUsage = critical,keyCertSign,cRLSign\n",
    )
    .unwrap();
    let (cert, key) = (format!("{name}.pem"), format!("{name}.key"));
    openssl(
        dir,
        &[
            "req",
            "-x509",
            "-config",
            "openssl.cnf",
            "-extensions",
            "ca",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-keyout",
            &key,
            "-out",
            &cert,
            "-days",
            "2",
            "-subj",
            &format!("/O={name}"),
        ],
    );
}

/// Makes a certificate that the authority has signed: NAME.pem and NAME.key.
pub(crate) fn certificate(dir: &Path, authority: &str, name: &str, subject: &str, addresses: &[&str]) {
    let names: Vec<String> = addresses.iter().map(|address| format!("IP:{address}")).collect();
    let names = if names.is_empty() { "DNS:host".to_owned() } else { names.join(",") };
    let (cert, key) = (format!("{name}.pem"), format!("{name}.key"));
    openssl(
        dir,
        &[
            "req",
            "-x509",
            "-config",
            "openssl.cnf",
            "-CA",
            &format!("{authority}.pem"),
            "-CAkey",
            &format!("{authority}.key"),
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-keyout",
            &key,
            "-out",
            &cert,
            "-days",
            "2",
            "-subj",
            subject,
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-addext",
            &format!("subjectAltName={names}"),
            "-addext",
            "extendedKeyUsage=serverAuth,clientAuth",
        ],
    );
    fs::set_permissions(dir.join(&key), fs::Permissions::from_mode(0o600)).unwrap();
}

pub(crate) fn secret(path: &Path, text: &str) {
    let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// Three addresses of this machine that no other cluster of any process has, so that ports never clash.
pub(crate) struct Network([u8; 3]);

impl Network {
    pub(crate) fn new() -> Network {
        static CLUSTERS: AtomicU8 = AtomicU8::new(0);
        let cluster = u32::from(CLUSTERS.fetch_add(1, Ordering::Relaxed)) & 0xf;
        let [_, b, c, d] = (((process::id() & 0x3_ffff) << 4 | cluster) << 2).to_be_bytes();
        Network([b, c, d])
    }

    pub(crate) fn address(&self, node: usize) -> String {
        let [b, c, d] = self.0;
        format!("127.{b}.{c}.{}", usize::from(d) + node + 1)
    }
}

impl Cluster {
    /// Starts nodes with TLS and, if asked for, authentication: users root and h1 to h8, and a role for the keys of the fleet.
    pub(crate) fn start(shape: Shape) -> Cluster {
        // Data in memory, where the machine has such a place: the tests are not about its disk.
        let place = Some(PathBuf::from("/dev/shm")).filter(|path| path.is_dir()).unwrap_or_else(env::temp_dir);
        let dir = tempfile::Builder::new().prefix("zmgr-etcd-").tempdir_in(place).unwrap();
        let network = Network::new();
        let nodes = (0..shape.nodes).map(|n| Node { address: network.address(n), child: None }).collect();
        let mut cluster = Cluster { dir, nodes, shape };
        authority(cluster.path(), "ca");
        let addresses: Vec<&str> =
            cluster.nodes.iter().map(|node| node.address.as_str()).chain(["127.0.0.1"]).collect();
        certificate(cluster.path(), "ca", "node", "/O=etcd", &addresses);
        certificate(cluster.path(), "ca", "host", "/O=zmgr", &[]);
        let started: Vec<Receiver<()>> = (0..cluster.nodes.len()).map(|n| cluster.launch(n, "new")).collect();
        for serving in started {
            serving.recv().expect("etcd has ended");
        }
        if cluster.shape.auth {
            cluster.authenticate();
        }
        cluster
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn url(&self, node: usize) -> String {
        format!("https://{}:2379", self.nodes[node].address)
    }

    pub(crate) fn address(&self, node: usize) -> String {
        format!("{}:2379", self.nodes[node].address)
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Starts the process of a node; what is returned hears when it serves, or nothing if it ends.
    fn launch(&mut self, node: usize, state: &str) -> Receiver<()> {
        let peers: Vec<String> =
            self.nodes.iter().enumerate().map(|(n, node)| format!("n{n}=https://{}:2380", node.address)).collect();
        let address = self.nodes[node].address.clone();
        let (client, peer) = (format!("https://{address}:2379"), format!("https://{address}:2380"));
        let file = |name: &str| self.path().join(name).into_os_string();
        let mut command = Command::new("etcd");
        command.arg("--name").arg(format!("n{node}")).arg("--data-dir").arg(file(&format!("data{node}")));
        for (urls, url) in [("client", &client), ("peer", &peer)] {
            command.arg(format!("--listen-{urls}-urls")).arg(url);
        }
        command.arg("--advertise-client-urls").arg(&client).arg("--initial-advertise-peer-urls").arg(&peer);
        command.arg("--initial-cluster").arg(peers.join(",")).arg("--initial-cluster-state").arg(state);
        for prefix in ["", "peer-"] {
            command
                .arg(format!("--{prefix}client-cert-auth"))
                .arg(format!("--{prefix}trusted-ca-file"))
                .arg(file("ca.pem"));
            command.arg(format!("--{prefix}cert-file")).arg(file("node.pem"));
            command.arg(format!("--{prefix}key-file")).arg(file("node.key"));
        }
        command.args([
            "--heartbeat-interval",
            "50",
            "--election-timeout",
            "500",
            "--bcrypt-cost",
            "4",
            "--logger",
            "zap",
        ]);
        command.args(["--log-outputs", "stderr"]).args(&self.shape.options);
        let mut child =
            command.env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap());
        let mut log = File::options().create(true).append(true).open(self.path().join(format!("log{node}"))).unwrap();
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                if line.contains("serving client traffic") {
                    let _ = sender.send(());
                }
                let _ = writeln!(log, "{line}");
            }
        });
        self.nodes[node].child = Some(child);
        receiver
    }

    /// Kills a node at once.
    pub(crate) fn kill(&mut self, node: usize) {
        if let Some(mut child) = self.nodes[node].child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Starts killed nodes again and waits until they serve.
    pub(crate) fn restart(&mut self, nodes: &[usize]) {
        let started: Vec<Receiver<()>> = nodes.iter().map(|node| self.launch(*node, "existing")).collect();
        for serving in started {
            serving.recv().expect("etcd has ended");
        }
    }

    fn signal(&self, node: usize, signal: Signal) {
        let child = self.nodes[node].child.as_ref().unwrap();
        rustix::process::kill_process(Pid::from_child(child), signal).unwrap();
    }

    /// Stops a node, so that connections are taken and nothing is answered.
    pub(crate) fn pause(&self, node: usize) {
        self.signal(node, Signal::STOP);
    }

    pub(crate) fn unpause(&self, node: usize) {
        self.signal(node, Signal::CONT);
    }

    /// Asks a node as an administrator does, with a token if there is one.
    pub(crate) fn admin(&self, node: usize, path: &str, token: Option<&str>, body: &Value) -> (u16, Value) {
        let read = |name: &str| fs::read(self.path().join(name)).unwrap();
        let certificate = Certificate::from_pem(&read("host.pem")).unwrap();
        let key = PrivateKey::from_pem(&read("host.key")).unwrap();
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(rustls::crypto::ring::default_provider().into())
            .root_certs(RootCerts::new_with_certs(&[Certificate::from_pem(&read("ca.pem")).unwrap()]))
            .client_cert(Some(ClientCert::new_with_certs(&[certificate], key)));
        let agent = ureq::Agent::config_builder()
            .tls_config(tls.build())
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .build()
            .new_agent();
        let mut request = agent.post(format!("{}{path}", self.url(node)));
        if let Some(token) = token {
            request = request.header("Authorization", token);
        }
        let mut answer = request.send(body.to_string()).unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        (answer.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Returns a token of the administrator.
    pub(crate) fn root(&self, node: usize) -> String {
        let answer =
            self.admin(node, "/v3/auth/authenticate", None, &json!({"name": "root", "password": "root-secret"})).1;
        answer["token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    fn authenticate(&self) {
        let ask = |path: &str, body: Value| {
            // On a busy machine the nodes elect another leader now and then, and an answer is lost.
            for _ in 0..20 {
                let (status, answer) = self.admin(0, path, None, &body);
                let says = |text: &str| answer["error"].as_str().is_some_and(|error| error.contains(text));
                if status == 200 || says("already") || path.ends_with("enable") && says("user name is empty") {
                    return;
                }
                assert_eq!(status, 503, "{path}: {answer}");
            }
            panic!("{path}: no leader");
        };
        ask("/v3/auth/user/add", json!({"name": "root", "password": "root-secret"}));
        ask("/v3/auth/user/grant", json!({"user": "root", "role": "root"}));
        ask("/v3/auth/role/add", json!({"name": "zmgr"}));
        let (key, end) = (STANDARD.encode(format!("/zmgr/1/{FLEET}/")), STANDARD.encode(format!("/zmgr/1/{FLEET}0")));
        let permission = json!({"permType": "READWRITE", "key": key, "range_end": end});
        ask("/v3/auth/role/grant", json!({"name": "zmgr", "perm": permission}));
        for n in 1..=8 {
            let (user, password) = (format!("h{n}"), format!("secret-of-h{n}"));
            ask("/v3/auth/user/add", json!({"name": user, "password": password}));
            ask("/v3/auth/user/grant", json!({"user": user, "role": "zmgr"}));
            secret(&self.path().join(format!("{user}.password")), &password);
        }
        ask("/v3/auth/enable", json!({}));
    }

    /// Returns a builder without endpoints for a host.
    pub(crate) fn builder(&self, host: &str) -> EtcdStoreBuilder {
        builder(self.path(), host, self.shape.auth)
    }

    /// Returns the store for a host that knows all nodes.
    pub(crate) fn store(&self, host: &str) -> EtcdStore {
        self.urls().into_iter().fold(self.builder(host), EtcdStoreBuilder::endpoint).build().unwrap()
    }

    pub(crate) fn urls(&self) -> Vec<String> {
        (0..self.len()).map(|node| self.url(node)).collect()
    }
}

/// Returns a builder without endpoints for a host, with the files in this directory.
pub(crate) fn builder(dir: &Path, host: &str, auth: bool) -> EtcdStoreBuilder {
    let file = |name: &str| dir.join(name);
    let builder = EtcdStore::builder(FLEET).ca(file("ca.pem")).certificate(file("host.pem"), file("host.key"));
    if auth { builder.user(host, file(&format!("{host}.password"))) } else { builder }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if thread::panicking() {
            for node in 0..self.len() {
                let log = fs::read_to_string(self.path().join(format!("log{node}"))).unwrap_or_default();
                let last: Vec<&str> = log.lines().rev().take(5).collect();
                eprintln!("last lines of node {node}:\n{}", last.into_iter().rev().collect::<Vec<_>>().join("\n"));
            }
        }
        for node in 0..self.len() {
            if self.nodes[node].child.is_some() {
                self.signal(node, Signal::CONT);
            }
            self.kill(node);
        }
    }
}
