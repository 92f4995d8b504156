//! The process at the other end of a local connection, found the way `lsof` finds it: socket → inode → open file.

use std::net::SocketAddr;
use std::path::Path;
use std::{fs, io};

use rustix::process::{Pid, Signal, kill_process};

/// Kills the process that owns the client's end of a connection.
pub(crate) fn kill(client: SocketAddr) -> io::Result<()> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    let inode =
        tables.iter().filter_map(|table| fs::read_to_string(table).ok()).find_map(|table| inode(&table, client));
    let owner = inode.and_then(|inode| owner(&format!("socket:[{inode}]")));
    let owner = owner.and_then(Pid::from_raw).ok_or(io::ErrorKind::NotFound)?;
    kill_process(owner, Signal::KILL).map_err(io::Error::from)
}

/// The inode of the socket whose local end is `local`, in the format of `/proc/net/tcp`.
fn inode(table: &str, local: SocketAddr) -> Option<u64> {
    let wanted = [local, mapped(local)].map(hexadecimal);
    table.lines().skip(1).find_map(|line| {
        let columns: Vec<_> = line.split_whitespace().collect();
        let address = columns.get(1)?;
        wanted.iter().any(|wanted| wanted == address).then(|| columns.get(9)?.parse().ok()).flatten()
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
        let table = fs::read_to_string("/proc/net/tcp").unwrap();
        let inode = inode(&table, client.local_addr().unwrap()).unwrap();
        assert_eq!(owner(&format!("socket:[{inode}]")), i32::try_from(std::process::id()).ok());
    }

    #[test]
    fn addresses_are_written_as_the_kernel_writes_them() {
        assert_eq!(hexadecimal("127.0.0.1:80".parse().unwrap()), "0100007F:0050");
        assert_eq!(hexadecimal(mapped("127.0.0.1:80".parse().unwrap())), "0000000000000000FFFF00000100007F:0050");
    }
}
