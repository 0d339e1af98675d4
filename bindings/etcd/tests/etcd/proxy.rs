//! A TCP proxy before a node that loses what it is told to lose.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// Treatment of a connection by the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Mode {
    /// Both directions pass.
    Pass,
    /// Connections are taken, and nothing passes in either direction.
    Swallow,
    /// Requests pass; the connection ends in place of the answer. A new connection ends within the handshake.
    LoseAnswers,
    /// Connections are closed as soon as they are taken.
    Close,
}

#[derive(Debug)]
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    mode: AtomicU8,
    /// Requests whose answer was lost.
    lost: AtomicUsize,
    open: Mutex<Vec<TcpStream>>,
    held: Mutex<bool>,
    released: Condvar,
}

impl Proxy {
    pub(crate) fn new(target: &str) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            mode: AtomicU8::new(Mode::Pass as u8),
            lost: AtomicUsize::new(0),
            open: Mutex::default(),
            held: Mutex::new(false),
            released: Condvar::new(),
        });
        let (target, state) = (target.to_owned(), Arc::clone(&shared));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let mode = state.mode.load(Ordering::SeqCst);
                if mode == Mode::Close as u8 {
                    continue;
                }
                state.open.lock().unwrap().push(client.try_clone().unwrap());
                if mode == Mode::Swallow as u8 {
                    continue;
                }
                let Ok(server) = TcpStream::connect(&target) else { continue };
                state.open.lock().unwrap().push(server.try_clone().unwrap());
                let (from, to, passing) =
                    (client.try_clone().unwrap(), server.try_clone().unwrap(), Arc::clone(&state));
                thread::spawn(move || pass(from, to, &passing, true));
                let passing = Arc::clone(&state);
                thread::spawn(move || pass(server, client, &passing, false));
            }
        });
        Proxy { address, shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.address.port())
    }

    /// Sets the mode. Open connections end, so that it holds at once.
    pub(crate) fn set(&self, mode: Mode) {
        self.shared.mode.store(mode as u8, Ordering::SeqCst);
        for stream in self.shared.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Sets the mode; open connections stay, so that what is on its way is affected.
    pub(crate) fn set_for_open(&self, mode: Mode) {
        self.shared.mode.store(mode as u8, Ordering::SeqCst);
    }

    /// Number of requests that reached the node and whose answer was lost.
    pub(crate) fn lost(&self) -> usize {
        self.shared.lost.load(Ordering::SeqCst)
    }

    /// Holds answers back until they are let go.
    pub(crate) fn hold(&self) {
        *self.shared.held.lock().unwrap() = true;
    }

    pub(crate) fn let_go(&self) {
        *self.shared.held.lock().unwrap() = false;
        self.shared.released.notify_all();
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, shared: &Shared, request: bool) {
    let mut buffer = [0; 16384];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let mode = shared.mode.load(Ordering::SeqCst);
        let lost = mode == Mode::LoseAnswers as u8 && !request;
        if lost {
            shared.lost.fetch_add(1, Ordering::SeqCst);
        }
        if lost || mode == Mode::Swallow as u8 {
            break;
        }
        if !request {
            let mut held = shared.held.lock().unwrap();
            while *held {
                held = shared.released.wait(held).unwrap();
            }
        }
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
