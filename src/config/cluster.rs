//! `[cluster]`: servers that share the work over NATS JetStream.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::Url;

use super::ServerConfig;
use super::auth::{is_base, names_nobody};
use super::reader::Reader;

/// How this server is one node of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterConfig {
    /// At least one, as `nats://` or `tls://`.
    pub servers: Vec<Box<str>>,
    /// What every name of the cluster in NATS begins with.
    pub name: Box<str>,
    /// This node, as the others know it.
    pub node: Box<str>,
    /// Where the other nodes reach this one's API; no slash at its end.
    pub advertise: Box<str>,
    /// Of the workspaces; fixed when the cluster is made.
    pub partitions: u16,
    /// Servers of NATS that keep each thing.
    pub replicas: u8,
    /// Who this node is to NATS; `None`: nobody in particular.
    pub credentials_file: Option<PathBuf>,
    /// Certificates that are trusted beside those of the machine, in PEM.
    pub ca_file: Option<PathBuf>,
    /// A node that is not heard of for so long loses its partitions.
    pub lease: Duration,
}

/// `None` where no server is named.
pub(super) fn read(r: &mut Reader, server: &ServerConfig) -> Option<ClusterConfig> {
    let expected = "a list of NATS servers, each as in \"nats://nats-1.example.com:4222\" (tls:// with TLS; users and \
                    passwords belong into cluster.credentials_file),";
    let servers = r.texts("cluster.servers", expected, is_nats);
    let name = r.text("cluster.name", "tripswitch", "1 to 32 letters, digits, \"-\" and \"_\"", |text| {
        is_name(text) && text.len() <= 32
    });
    let node = r.text("cluster.node", "", "nothing, or 1 to 63 letters, digits, \"-\" and \"_\",", |text| {
        text.is_empty() || is_name(text)
    });
    let expected = "where other nodes reach this one's API, as in \"http://10.0.0.1:8080\",";
    let advertise = r.text("cluster.advertise", "", expected, |text| text.is_empty() || is_base(text));
    let partitions = r.integer("cluster.partitions", 1..=1_000, 64);
    let replicas = r.integer("cluster.replicas", 1..=5, 3);
    let mut file = |key| {
        let path = r.text(key, "", "nothing, or a path", |_| true);
        (!path.is_empty()).then(|| PathBuf::from(&*path))
    };
    let [credentials_file, ca_file] = ["cluster.credentials_file", "cluster.ca_file"].map(&mut file);
    let lease = Duration::from_secs(r.integer("cluster.lease_seconds", 1..=60u64, 3));
    if servers.is_empty() {
        return None;
    }
    let advertise = if advertise.is_empty() { reached_at(server) } else { advertise };
    if advertise.is_empty() {
        r.fault("cluster.advertise", "must say where other nodes reach this one's API, since server.listen does not");
    }
    let node = if node.is_empty() { own_name(r)? } else { node };
    let advertise = advertise.trim_end_matches('/').into();
    Some(ClusterConfig { servers, name, node, advertise, partitions, replicas, credentials_file, ca_file, lease })
}

/// Where the API listens, if that is an address that others can use.
fn reached_at(server: &ServerConfig) -> Box<str> {
    let scheme = if server.tls.is_some() { "https" } else { "http" };
    let listen = server.listen;
    if listen.ip().is_unspecified() || listen.port() == 0 { "".into() } else { format!("{scheme}://{listen}").into() }
}

fn is_nats(text: &str) -> bool {
    let plain = |url: &Url| matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    let fits = |url: Url| matches!(url.scheme(), "nats" | "tls") && url.has_host() && names_nobody(&url) && plain(&url);
    text.bytes().all(|byte| byte.is_ascii_graphic()) && Url::parse(text).is_ok_and(fits)
}

/// One token of a subject of NATS.
fn is_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=63).contains(&text.len()) && text.bytes().all(fits)
}

/// The machine's name, without its domain.
fn own_name(r: &mut Reader) -> Option<Box<str>> {
    let host = host_name();
    let name = host.split('.').next().filter(|name| is_name(name));
    if name.is_none() {
        r.fault("cluster.node", format!("must be set: the machine's name, {host:?}, is none for a node"));
    }
    name.map(Into::into)
}

#[cfg(target_os = "linux")]
fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(not(target_os = "linux"))]
fn host_name() -> String {
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::config::source::Layers;

    fn read_text(text: &str) -> Result<Option<ClusterConfig>, Vec<String>> {
        let mut layers = Layers::default();
        let faults = layers.file(std::path::Path::new("c.toml"), &format!("[cluster]\n{text}"));
        let mut r = Reader::new(layers, faults);
        let server = ServerConfig { listen: "0.0.0.0:8080".parse().unwrap(), ..Config::default().server };
        let config = read(&mut r, &server);
        r.finish().map(|_| config).map_err(|faults| faults.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn no_server_is_no_cluster() {
        assert_eq!(read_text("").unwrap(), None);
        assert_eq!(read_text("name = \"acme\"\nservers = []\n").unwrap(), None);
    }

    #[test]
    fn what_is_not_said_has_defaults() {
        let text = "servers = [\"nats://127.0.0.1:4222\", \"tls://nats-2.example.com\"]\nnode = \"n1\"\n\
                    advertise = \"http://10.0.0.1:8080/\"\n";
        let expected = ClusterConfig {
            servers: vec!["nats://127.0.0.1:4222".into(), "tls://nats-2.example.com".into()],
            name: "tripswitch".into(),
            node: "n1".into(),
            advertise: "http://10.0.0.1:8080".into(),
            partitions: 64,
            replicas: 3,
            credentials_file: None,
            ca_file: None,
            lease: Duration::from_secs(3),
        };
        assert_eq!(read_text(text).unwrap(), Some(expected));
        let more =
            format!("{text}credentials_file = \"n.creds\"\nca_file = \"ca.pem\"\nlease_seconds = 10\nreplicas = 1\n");
        let config = read_text(&more).unwrap().unwrap();
        assert_eq!((config.credentials_file, config.ca_file), (Some("n.creds".into()), Some("ca.pem".into())));
        assert_eq!((config.lease, config.replicas), (Duration::from_secs(10), 1));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_node_is_called_as_its_machine() {
        let config = read_text("servers = [\"nats://a\"]\nadvertise = \"http://a\"\nnode = \"\"\n");
        let short = host_name().split('.').next().unwrap().to_owned();
        assert_eq!(&*config.unwrap().unwrap().node, &*short);
    }

    #[test]
    fn impossible_values_are_told() {
        let told = read_text("servers = [\"nats://a\"]\nnode = \"n\"\n").unwrap_err();
        assert!(told[0].contains("cluster.advertise: must say where other nodes"), "{told:?}");
        let lines = [
            "servers = [\"http://a\"]",
            "servers = [\"nats://user:password@a\"]",
            "servers = [\"nats://a/b\"]",
            "servers = [\"nats://a?x\"]",
            "name = \"a.b\"",
            "name = \"\"",
            "node = \"a b\"",
            "advertise = \"10.0.0.1:8080\"",
            "advertise = \"http://u:p@a\"",
            "partitions = 0",
            "partitions = 1001",
            "replicas = 6",
            "lease_seconds = 61",
        ];
        for line in lines {
            let told = read_text(line).unwrap_err();
            let key = line.split(' ').next().unwrap();
            assert!(told.len() == 1 && told[0].starts_with(&format!("c.toml:2: cluster.{key}: ")), "{told:?}");
        }
    }
}
