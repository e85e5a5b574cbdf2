//! Who sits here: the name that records and messages tell.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};

/// Bytes of the list of users that are read at most; those of whole universities are smaller.
const LIST_BYTES: u64 = 4 << 20; // 4 MiB

/// The user's name as the environment has it, else as this machine's list of users does; else the number.
pub(crate) fn name() -> String {
    let named = |variable| std::env::var(variable).ok().filter(|name| !name.is_empty());
    named("USER").or_else(|| named("LOGNAME")).unwrap_or_else(|| {
        let uid = rustix::process::getuid().as_raw();
        // Not by NSS, which may ask a server on the network, and takes as long as that does.
        let list = File::open("/etc/passwd").map(|list| BufReader::new(list.take(LIST_BYTES)));
        list.ok().and_then(|list| listed(list, uid)).unwrap_or_else(|| format!("user {uid}"))
    })
}

/// The name of a number in a list such as `/etc/passwd`.
fn listed(list: impl BufRead, uid: u32) -> Option<String> {
    list.lines().map_while(Result::ok).find_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (!name.is_empty() && number.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_the_name_that_the_list_gives_it() {
        let list =
            "root:x:0:0:root:/root:/bin/bash\n# a remark\n:x:7:\nanna:x:1000:1000::/home/anna:/bin/sh\n";
        let name = |uid| listed(list.as_bytes(), uid);
        assert_eq!([name(0), name(1000)], [Some("root".to_owned()), Some("anna".to_owned())]);
        assert_eq!([name(7), name(1)], [None, None]);
    }
}
