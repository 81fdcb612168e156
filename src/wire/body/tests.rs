use super::*;

fn faults(result: Result<(), BodyError>) -> Vec<(String, String)> {
    let BodyError::Faults(faults) = result.unwrap_err() else { panic!("it is JSON") };
    faults.into_iter().map(|fault| (fault.pointer, fault.error.into_owned())).collect()
}

#[test]
fn r2_9_unknown_and_repeated_members_are_named_all_at_once() {
    let mut fields = Fields::parse(br#"{"a/b": 1, "name": "", "note": 3, "name": "x", "~": null}"#).unwrap();
    assert_eq!(fields.text("name", 1, 5), None);
    assert_eq!(fields.text("note", 0, 5), None);
    assert_eq!(fields.required("tenant", |f, n| f.text(n, 1, 5)), None);
    let expected = [
        ("/name", "must not be repeated"),
        ("/name", "must have 1 to 5 characters"),
        ("/note", "must be a string"),
        ("/tenant", "is required"),
        ("/a~1b", "is not a known field"),
        ("/~0", "is not a known field"),
    ];
    let mut actual = faults(fields.finish());
    actual.sort();
    let mut expected = expected.map(|(pointer, error)| (pointer.to_owned(), error.to_owned()));
    expected.sort();
    assert_eq!(actual, expected);
}

#[test]
fn r2_7_what_is_not_an_object() {
    let whole = BodyError::Faults(vec![Fault { pointer: String::new(), error: "must be an object".into() }]);
    for body in ["[]", "1", " \"x\""] {
        assert_eq!(read::<Nothing>(body.as_bytes(), Asked::default()), Err(whole.clone()), "{body}");
    }
    for body in [&b""[..], b"{", b"{\"a\":NaN}", b"{} {}", b"{\"a\":\"\xff\"}", b"{\"a\":01}"] {
        let shown = String::from_utf8_lossy(body);
        assert_eq!(read::<Nothing>(body, Asked::default()), Err(BodyError::Malformed), "{shown}");
    }
}

#[test]
fn r2_7_what_many_members_and_long_arrays_cost_is_bounded() {
    let names = (0..5_000).map(|n| format!("\"{n:04}\":1")).collect::<Vec<_>>().join(",");
    let body = format!("{{{names}}}");
    let fields = Fields::parse(body.as_bytes()).map_err(drop).unwrap();
    assert_eq!(fields.members.len(), MEMBERS);
    let found = faults(fields.finish());
    assert_eq!((found.len(), found[100].clone()), (101, (String::new(), "and 4900 more".to_owned())));

    let body = format!("{{\"list\":[{}]}}", vec!["1"; 500_000].join(","));
    let mut fields = Fields::parse(body.as_bytes()).map_err(drop).unwrap();
    let read = |_: &str| -> Result<(), String> { panic!("no element is looked at") };
    assert_eq!(fields.list("list", 9, read), None);
    assert_eq!(faults(fields.finish()), [("/list".to_owned(), "must have at most 9 elements".to_owned())]);
}

#[test]
fn r2_7_depth_costs_no_stack() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    assert!(matches!(Fields::parse(deep.as_bytes()), Err(BodyError::Faults(_))));
    let body = format!(r#"{{"note": {deep}, "list": {deep}}}"#);
    let mut fields = Fields::parse(body.as_bytes()).unwrap();
    fields.text("note", 0, 5);
    fields.list("list", 9, |text| typed::<String>(text, "must be a string"));
    assert_eq!(faults(fields.finish()).len(), 2);
}

#[test]
fn r2_2_ids_and_times_in_bodies() {
    let body =
        br#"{"id": "urn:uuid:0191b5a2-7c3e-7d11-9f00-0123456789ab", "at": "2026-02-30T00:00:00Z", "list": ["a", 1]}"#;
    let mut fields = Fields::parse(body).unwrap();
    fields.id("id", IdKind::Workspace);
    fields.instant("at");
    fields.list("list", 9, |text| typed::<String>(text, "must be a string"));
    let pointers: Vec<_> = faults(fields.finish()).into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(pointers, ["/id", "/at", "/list/1"]);
}
