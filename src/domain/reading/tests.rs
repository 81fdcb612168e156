use super::*;
#[test]
fn x() {
    assert_eq!(read("hi there", Format::Auto).text, "hi there");
}
