//! The process at the other end of a local connection, found the way `lsof` finds it: socket → inode → open file.

use std::net::SocketAddr;
use std::path::Path;
use std::{fs, io};

use rustix::process::{Pid, Signal, kill_process};

/// A connection as its client sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Connection {
    pub(crate) client: SocketAddr,
    pub(crate) gateway: SocketAddr,
}

/// Kills the process that owns the client's end of a connection. Both ends have to match: the port of a client that is
/// gone may already be another process's, the gateway's own towards an emulator for one.
pub(crate) fn kill(connection: Connection) -> io::Result<()> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    let inode =
        tables.iter().filter_map(|table| fs::read_to_string(table).ok()).find_map(|table| inode(&table, connection));
    let owner = inode.and_then(|inode| owner(&format!("socket:[{inode}]")));
    let owner = owner.and_then(Pid::from_raw).ok_or(io::ErrorKind::NotFound)?;
    kill_process(owner, Signal::KILL).map_err(io::Error::from)
}

/// The inode of the client's socket, in the format of `/proc/net/tcp`.
fn inode(table: &str, connection: Connection) -> Option<u64> {
    let ends = [connection.client, connection.gateway].map(|end| [end, mapped(end)].map(hexadecimal));
    table.lines().skip(1).find_map(|line| {
        let columns: Vec<_> = line.split_whitespace().collect();
        let found = columns.get(1..3)?;
        let same = found.iter().zip(&ends).all(|(found, spellings)| spellings.iter().any(|end| end == found));
        same.then(|| columns.get(9)?.parse().ok()).flatten()
    })
}

/// An IPv4 address as a socket of the IPv6 family shows it.
fn mapped(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) => SocketAddr::new(v4.ip().to_ipv6_mapped().into(), v4.port()),
        SocketAddr::V6(v6) => SocketAddr::new(v6.ip().to_canonical(), v6.port()),
    }
}

/// `127.0.0.1:80` → `0100007F:0050`: the kernel prints each 32-bit word of the address in its own byte order.
fn hexadecimal(address: SocketAddr) -> String {
    let octets = match address {
        SocketAddr::V4(v4) => v4.ip().octets().to_vec(),
        SocketAddr::V6(v6) => v6.ip().octets().to_vec(),
    };
    let (words, _) = octets.as_chunks::<4>();
    let words: Vec<_> = words.iter().map(|word| format!("{:08X}", u32::from_ne_bytes(*word))).collect();
    format!("{}:{:04X}", words.concat(), address.port())
}

/// The process that has `socket` open.
fn owner(socket: &str) -> Option<i32> {
    let processes = fs::read_dir("/proc").ok()?;
    processes.flatten().find_map(|process| {
        let id = process.file_name().to_str()?.parse().ok()?;
        let files = fs::read_dir(process.path().join("fd")).ok()?;
        files.flatten().any(|file| fs::read_link(file.path()).is_ok_and(|to| to == Path::new(socket))).then_some(id)
    })
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn the_owner_of_a_connection_is_found() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let connection = Connection { client: client.local_addr().unwrap(), gateway: listener.local_addr().unwrap() };
        let table = fs::read_to_string("/proc/net/tcp").unwrap();
        let found = inode(&table, connection).unwrap();
        assert_eq!(owner(&format!("socket:[{found}]")), i32::try_from(std::process::id()).ok());
        let elsewhere = Connection { gateway: "127.0.0.1:1".parse().unwrap(), ..connection };
        assert_eq!(inode(&table, elsewhere), None);
    }

    #[test]
    fn addresses_are_written_as_the_kernel_writes_them() {
        assert_eq!(hexadecimal("127.0.0.1:80".parse().unwrap()), "0100007F:0050");
        assert_eq!(hexadecimal(mapped("127.0.0.1:80".parse().unwrap())), "0000000000000000FFFF00000100007F:0050");
    }
}
