//! How many connections may be open at a time, in all and per address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;

/// The open connections of a listener.
#[derive(Debug)]
pub struct ConnectionSlots {
    most: usize,
    most_per_address: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// Held as long as a connection is open.
#[derive(Debug)]
pub struct ConnectionSlot {
    slots: Arc<ConnectionSlots>,
    address: IpAddr,
}

impl ConnectionSlot {
    /// Whose connection it is, as far as connections are counted.
    pub const fn peer(&self) -> Peer {
        Peer(self.address)
    }
}

/// Where a request comes from: an IPv4 address, or an IPv6 network of /64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// Why a connection is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    Server,
    Address,
}

impl ConnectionSlots {
    pub fn new(most: usize, most_per_address: usize) -> Arc<Self> {
        Arc::new(Self { most, most_per_address, taken: Mutex::default() })
    }

    /// A place for a connection from this address. An IPv6 network of /64 counts as one address.
    pub fn take(self: &Arc<Self>, address: IpAddr) -> Result<ConnectionSlot, Full> {
        let address = counted(address);
        let mut taken = self.taken.lock();
        if taken.all >= self.most {
            return Err(Full::Server);
        }
        let here = taken.by_address.entry(address).or_default();
        if *here >= self.most_per_address {
            return Err(Full::Address);
        }
        *here += 1;
        taken.all += 1;
        Ok(ConnectionSlot { slots: Arc::clone(self), address })
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let mut taken = self.slots.taken.lock();
        taken.all -= 1;
        if let Some(here) = taken.by_address.get_mut(&self.address) {
            *here -= 1;
            if *here == 0 {
                taken.by_address.remove(&self.address);
            }
        }
    }
}

/// Whoever has one IPv6 address usually has all of its /64.
fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_place_is_given_back_and_an_address_takes_no_more_than_its_share() {
        let slots = ConnectionSlots::new(3, 2);
        let (a, b) = (slots.take(ip("192.0.2.1")).unwrap(), slots.take(ip("::ffff:192.0.2.1")).unwrap());
        assert_eq!(slots.take(ip("192.0.2.1")).unwrap_err(), Full::Address);
        let c = slots.take(ip("192.0.2.2")).unwrap();
        assert_eq!(slots.take(ip("192.0.2.3")).unwrap_err(), Full::Server);
        drop(a);
        let d = slots.take(ip("192.0.2.1")).unwrap();
        drop((b, c, d));
        let taken = slots.taken.lock();
        assert_eq!((taken.all, taken.by_address.len()), (0, 0));
    }

    #[test]
    fn a_network_of_64_bits_counts_as_one_address() {
        let slots = ConnectionSlots::new(10, 1);
        let _first = slots.take(ip("2001:db8::1")).unwrap();
        assert_eq!(slots.take(ip("2001:db8::ffff:1:2")).unwrap_err(), Full::Address);
        slots.take(ip("2001:db8:0:1::1")).unwrap();
    }
}
