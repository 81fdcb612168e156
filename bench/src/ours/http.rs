//! A blocking HTTP/1.1 client that costs little beside the server on the same cores.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::contender::Fallible;

/// One kept-alive connection.
#[derive(Debug)]
pub struct Http {
    stream: BufReader<TcpStream>,
    body: Vec<u8>,
    line: Vec<u8>,
}

/// A whole request, ready to be sent any number of times.
pub fn request(method: &str, path: &str, key: &str, body: &[u8]) -> Vec<u8> {
    let mut request = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    request
}

impl Http {
    pub fn connect(address: SocketAddr) -> Fallible<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), body: Vec::new(), line: Vec::new() })
    }

    /// Sends a request and reads the answer; its status.
    pub fn exchange(&mut self, request: &[u8]) -> Fallible<u16> {
        self.stream.get_mut().write_all(request)?;
        let status = self.header()?;
        self.stream.read_exact(&mut self.body)?;
        Ok(status)
    }

    /// The body of the last answer.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Reads up to the body and makes room for it.
    fn header(&mut self) -> Fallible<u16> {
        let (mut status, mut length) = (None, 0);
        loop {
            self.line.clear();
            if self.stream.read_until(b'\n', &mut self.line)? == 0 {
                return Err("the server hung up".into());
            }
            let line = std::str::from_utf8(&self.line)?.trim_end();
            match (status, line.split_once(':')) {
                (None, _) => status = Some(line.split(' ').nth(1).ok_or("no status line")?.parse()?),
                (Some(status), _) if line.is_empty() => {
                    self.body.resize(length, 0);
                    return Ok(status);
                }
                (Some(_), Some((name, value))) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse()?;
                }
                (Some(_), _) => {}
            }
        }
    }
}
