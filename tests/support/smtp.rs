//! A mail server of a test's own, over plain TCP, that does as it is told.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// How long a test waits for a mail.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the server does with a word of the client's.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It goes on as it should.
    Good,
    /// It says this instead.
    Say(&'static str),
    /// It closes the connection.
    Close,
    /// It says nothing, as long as the client stays.
    Silence,
}

/// A word of the client's: `CONNECT` for the connection itself, `CONTENT` for the end of a mail, else as it was sent.
pub type Behave = dyn Fn(&str) -> Answer + Send + Sync;

/// A mail that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    pub to: String,
    /// With its headers.
    pub text: String,
}

impl Mail {
    /// The value of a header that stands on one line.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (head, _) = self.text.split_once("\r\n\r\n")?;
        head.split("\r\n").find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

#[derive(Default)]
struct State {
    mails: Vec<Mail>,
    words: Vec<String>,
}

/// The server, until the test ends.
#[derive(Clone)]
pub struct Sink {
    pub address: SocketAddr,
    state: Arc<(Mutex<State>, Condvar)>,
    behave: Arc<Mutex<Arc<Behave>>>,
}

impl Sink {
    pub fn start(behave: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a test can do this");
        let behave: Arc<Behave> = Arc::new(behave);
        let address = listener.local_addr().expect("a test can do this");
        let sink = Self { address, state: Arc::default(), behave: Arc::new(Mutex::new(behave)) };
        let served = sink.clone();
        thread::spawn(move || {
            for connection in listener.incoming() {
                let served = served.clone();
                // A connection ends with its client, killed or not.
                thread::spawn(move || served.talk(&connection.expect("a test can do this")));
            }
        });
        sink
    }

    /// Does otherwise from here on.
    pub fn behave(&self, behave: impl Fn(&str) -> Answer + Send + Sync + 'static) {
        *self.behave.lock().expect("a test can do this") = Arc::new(behave);
    }

    /// All that were taken.
    pub fn mails(&self) -> Vec<Mail> {
        self.state.0.lock().expect("a test can do this").mails.clone()
    }

    /// All that clients have said, with `CONNECT` and `CONTENT`.
    pub fn words(&self) -> Vec<String> {
        self.state.0.lock().expect("a test can do this").words.clone()
    }

    /// Waits until so many mails were taken.
    pub fn wait_for(&self, count: usize) {
        self.wait_until(&format!("{count} mails"), |state| state.mails.len() >= count);
    }

    /// Waits until a client has said something that begins so, so often.
    pub fn wait_for_word(&self, begins: &str, count: usize) {
        let said = |state: &State| state.words.iter().filter(|word| word.starts_with(begins)).count() >= count;
        self.wait_until(&format!("{begins} {count} times"), said);
    }

    fn wait_until(&self, what: &str, is_so: impl Fn(&State) -> bool) {
        let (state, news) = &*self.state;
        let (_state, waited) = news
            .wait_timeout_while(state.lock().expect("a test can do this"), PATIENCE, |state| !is_so(state))
            .expect("a test can do this");
        assert!(!waited.timed_out(), "does not come: {what}");
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.0.lock().expect("a test can do this"));
        self.state.1.notify_all();
    }

    fn talk(&self, connection: &TcpStream) -> Option<()> {
        let mut reader = BufReader::new(connection);
        let (mut to, mut text) = (String::new(), String::new());
        self.answer(connection, "CONNECT", "220 sink")?;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let word = line.trim_end().to_owned();
            let verb = word.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" => drop(self.answer(connection, &word, "250-sink\r\n250-8BITMIME\r\n250 AUTH PLAIN")?),
                "RCPT" => {
                    to = word.trim_start_matches("RCPT TO:<").trim_end_matches('>').to_owned();
                    self.answer(connection, &word, "250 OK")?;
                }
                "DATA" => {
                    if self.answer(connection, &word, "354 go on")? {
                        text.clear();
                        while !text.ends_with("\r\n.\r\n") {
                            if reader.read_line(&mut text).ok()? == 0 {
                                return None;
                            }
                        }
                        text.truncate(text.len() - ".\r\n".len());
                        self.content(connection, &to, &text)?;
                    }
                }
                "QUIT" => {
                    self.answer(connection, &word, "221 bye")?;
                    return connection.shutdown(Shutdown::Both).ok();
                }
                _ => drop(self.answer(connection, &word, "250 OK")?),
            }
        }
    }

    /// Taken is what is answered well: before the client knows of it.
    fn content(&self, connection: &TcpStream, to: &str, text: &str) -> Option<()> {
        let answer = self.heard("CONTENT");
        if matches!(answer, Answer::Good) {
            let mail = Mail { to: to.to_owned(), text: text.to_owned() };
            self.change(|state| state.mails.push(mail));
        }
        self.say(connection, &answer, "250 taken").map(drop)
    }

    fn heard(&self, word: &str) -> Answer {
        self.change(|state| state.words.push(word.to_owned()));
        let behave = Arc::clone(&self.behave.lock().expect("a test can do this"));
        behave(word)
    }

    /// Whether the client may go on.
    fn answer(&self, connection: &TcpStream, word: &str, good: &str) -> Option<bool> {
        let answer = self.heard(word);
        self.say(connection, &answer, good)
    }

    fn say(&self, mut connection: &TcpStream, answer: &Answer, good: &str) -> Option<bool> {
        let said = match answer {
            Answer::Good => good,
            Answer::Say(said) => said,
            Answer::Close => {
                connection.shutdown(Shutdown::Both).ok();
                return None;
            }
            Answer::Silence => {
                let mut rest = String::new();
                BufReader::new(connection).read_line(&mut rest).ok();
                return None;
            }
        };
        connection.write_all(format!("{said}\r\n").as_bytes()).ok()?;
        Some(std::ptr::eq(said, good))
    }
}
