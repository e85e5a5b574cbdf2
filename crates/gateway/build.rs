//! Builds the server anew when the page was: a folder that was not there, or has files of other names, is no reason for
//! cargo by itself.

fn main() {
    println!("cargo::rerun-if-changed=../../web/dist/index.html");
}
