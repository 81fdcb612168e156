//! Addresses that the program may be sent to by its users: those of the public Internet.
//!
//! Everything else belongs to the machine, to its network, or to nobody: whoever could have requests sent there would
//! reach what is meant to be out of reach (an administration page, a cloud's metadata at 169.254.169.254 or
//! fd00:ec2::254).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Networks of IPv4 that are not of the public Internet: address and length of the prefix.
const CLOSED_V4: [([u8; 4], u8); 15] = [
    ([0, 0, 0, 0], 8),       // this network, unspecified
    ([10, 0, 0, 0], 8),      // private
    ([100, 64, 0, 0], 10),   // shared by a carrier's customers
    ([127, 0, 0, 0], 8),     // loopback
    ([169, 254, 0, 0], 16),  // link-local, metadata
    ([172, 16, 0, 0], 12),   // private
    ([192, 0, 0, 0], 24),    // protocol assignments
    ([192, 0, 2, 0], 24),    // documentation
    ([192, 88, 99, 0], 24),  // relays to 6to4
    ([192, 168, 0, 0], 16),  // private
    ([198, 18, 0, 0], 15),   // benchmarks
    ([198, 51, 100, 0], 24), // documentation
    ([203, 0, 113, 0], 24),  // documentation
    ([224, 0, 0, 0], 4),     // multicast
    ([240, 0, 0, 0], 4),     // reserved, broadcast
];

/// Networks within 2000::/3, all that IPv6 has of the public Internet, that are not of it.
const CLOSED_V6: [(u128, u8); 4] = [
    (0x2001 << 112, 23),          // protocol assignments (Teredo is looked at before)
    (0x2001_0db8 << 96, 32),      // documentation
    (0x3fff << 112, 20),          // documentation
    (0x2620_004f_8000 << 80, 48), // AS112
];
const GLOBAL_V6: (u128, u8) = (0x2000 << 112, 3);
/// Translated to the IPv4 address in the last 32 bits.
const NAT64: (u128, u8) = (0x0064_ff9b << 96, 96);
/// The 32 bits behind it are an IPv4 address.
const SIX_TO_FOUR: (u128, u8) = (0x2002 << 112, 16);
/// The next 32 bits are the server's IPv4 address, the last 32 the client's, inverted.
const TEREDO: (u128, u8) = (0x2001_0000 << 96, 32);

/// Whether requests may go to this address for somebody else.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let bits = address.to_bits();
    !CLOSED_V4.iter().any(|(network, length)| (bits ^ u32::from_be_bytes(*network)) >> (32 - length) == 0)
}

/// An address that leads to one of IPv4 is judged by that.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let bits = address.to_bits();
    let v4 = |shift: u32| is_public_v4(Ipv4Addr::from_bits((bits >> shift) as u32));
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    if within(bits, NAT64) {
        return v4(0);
    }
    if within(bits, SIX_TO_FOUR) {
        return v4(80);
    }
    if within(bits, TEREDO) {
        return v4(64) && is_public_v4(Ipv4Addr::from_bits(!bits as u32));
    }
    within(bits, GLOBAL_V6) && !CLOSED_V6.iter().any(|network| within(bits, *network))
}

const fn within(bits: u128, (network, length): (u128, u8)) -> bool {
    (bits ^ network) >> (128 - length) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(text: &str) -> bool {
        is_public(text.parse().unwrap())
    }

    #[test]
    fn r8_3_only_addresses_of_the_public_internet_may_be_reached() {
        for open in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2a00:1450:4001:81b::200e",
            "2001:200::1",
        ] {
            assert!(public(open), "{open}");
        }
        for closed in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fd00:ec2::254",
            "fc00::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "3fff::1",
            "5f00::1",
            "64:ff9b:1::1",
            "::1.1.1.1",
        ] {
            assert!(!public(closed), "{closed}");
        }
    }

    #[test]
    fn r8_3_an_address_in_another_ones_clothes_is_judged_as_itself() {
        for (closed, open) in [
            ("::ffff:127.0.0.1", "::ffff:1.1.1.1"),
            ("::ffff:169.254.169.254", "::ffff:8.8.8.8"),
            ("64:ff9b::10.0.0.1", "64:ff9b::1.1.1.1"),
            ("2002:7f00:1::1", "2002:101:101::1"),
            ("2002:c0a8:101::1", "2002:808:808::1"),
            // 127.0.0.1 and 192.168.1.1, inverted; and a server within.
            ("2001:0:101:101:0:0:80ff:fffe", "2001:0:101:101:0:0:fefe:fefe"),
            ("2001:0:101:101:0:0:3f57:fefe", "2001:0:808:808:0:0:f7f7:f7f7"),
            ("2001:0:a00:1:0:0:fefe:fefe", "2001:0:101:101:0:0:fefe:fefe"),
        ] {
            assert!(!public(closed), "{closed}");
            assert!(public(open), "{open}");
        }
    }
}
