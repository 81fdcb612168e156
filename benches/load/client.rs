//! A blocking HTTP/1.1 client that costs little beside the server on the same cores.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

/// One kept-alive connection.
pub struct Client {
    stream: BufReader<TcpStream>,
    request: Vec<u8>,
    body: Vec<u8>,
}

impl Client {
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_nodelay(true).expect("a socket option");
        Self { stream: BufReader::new(stream), request: Vec::new(), body: Vec::new() }
    }

    pub fn get(&mut self, path: &str, key: &str) -> u16 {
        self.exchange("GET", path, key, b"")
    }

    pub fn post(&mut self, path: &str, key: &str, body: &[u8]) -> u16 {
        self.exchange("POST", path, key, body)
    }

    /// The body of the last answer.
    pub fn body(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn exchange(&mut self, method: &str, path: &str, key: &str, body: &[u8]) -> u16 {
        self.request.clear();
        write!(
            self.request,
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        )
        .expect("writing to memory");
        self.request.extend_from_slice(body);
        self.stream.get_mut().write_all(&self.request).expect("the server reads");
        self.answer()
    }

    fn answer(&mut self) -> u16 {
        let (mut status, mut length, mut line) = (0, 0, String::new());
        loop {
            line.clear();
            self.stream.read_line(&mut line).expect("the server answers");
            let header = line.trim_end();
            if header.is_empty() {
                break;
            }
            if status == 0 {
                status = header.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status line");
            } else if let Some((name, value)) = header.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().expect("a length");
            }
        }
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body).expect("the whole body");
        status
    }
}
