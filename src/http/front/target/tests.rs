use super::*;
use crate::http::openapi;

use serde_json::Value;

const ID: &str = "11111111-1111-4111-8111-111111111111";
const WORKSPACE: Id = Id(0x1111_1111_1111_4111_8111_1111_1111_1111);

fn of(method: &str, route: &str, address: &str) -> Target {
    target(&method.parse().unwrap(), Some(route), &address.parse().unwrap())
}

#[test]
fn a_workspace_is_the_one_of_the_path_however_its_id_is_written() {
    let route = "/api/workspaces/{workspaceId}/quality/circuit-breakers/{breakerId}";
    for id in [ID, &format!("ws_{ID}"), &format!("WS_{ID}").to_uppercase(), &ID.replacen('1', "%31", 1)] {
        let address = format!("/api/workspaces/{id}/quality/circuit-breakers/x?y=z");
        assert_eq!(of("GET", route, &address), Target::Workspace(WORKSPACE), "{id}");
    }
    for id in ["x", "%ff", &format!("acc_{ID}"), ".."] {
        assert_eq!(of("GET", route, &format!("/api/workspaces/{id}/quality/circuit-breakers/x")), Target::Node);
    }
    let deleted = "/api/admin/workspaces/{workspaceId}";
    let address = format!("/api/admin/workspaces/{ID}?force=true");
    assert_eq!(of("DELETE", deleted, &address), Target::Workspace(WORKSPACE));
    assert_eq!(of("GET", deleted, &address), Target::Node);
}

#[test]
fn r2_15_a_conversation_is_looked_for_unless_its_workspace_is_named() {
    let of = |method: &str, rest: &str, query: &str| {
        let route = format!("/api/conversations/{{conversationId}}/{rest}");
        of(method, &route, &format!("/api/conversations/ext:4711/{rest}{query}"))
    };
    assert_eq!(of("GET", "quality", ""), Target::Anywhere(Search::Itself));
    assert_eq!(of("HEAD", "quality/explanation", "?x=y"), Target::Anywhere(Search::Itself));
    assert_eq!(of("POST", "satisfaction-link", ""), Target::Anywhere(Search::Itself));
    let first = Target::Anywhere(Search::First("/api/conversations/ext:4711/quality".into()));
    assert_eq!(of("POST", "quality/override", ""), first);
    assert_eq!(of("DELETE", "quality/override", "?workspace=x"), first);
    assert_eq!(of("DELETE", "quality/override", &format!("?workspaceId={ID}")), Target::Workspace(WORKSPACE));
    assert_eq!(of("GET", "quality", "?workspaceId=x"), Target::Node);
    let account = "/api/accounts/{accountId}/quality";
    let of = |id: &str| target(&Method::GET, Some(account), &format!("/api/accounts/{id}/quality").parse().unwrap());
    assert_eq!(of(ID), Target::Anywhere(Search::Itself));
    assert_eq!(of("ext:%C3%98"), Target::Anywhere(Search::Itself));
    assert_eq!([of("x"), of("%2e%2E"), of("%ff")], [Target::Node, Target::Node, Target::Node]);
}

#[test]
fn what_names_no_workspace_is_every_node_s_or_one_server_s() {
    let own = ["/", "/api/me", "/api/sign-in", "/api/admin/keys", "/api/admin/workspaces", "/api/admin/status"];
    for route in own.into_iter().chain(["/api/admin/cluster"]) {
        assert_eq!(of("GET", route, route), Target::Node, "{route}");
    }
    assert_eq!(target(&Method::GET, None, &"/api/workspaces/x".parse().unwrap()), Target::Node);
    for route in ["/api/admin/snapshots", "/api/admin/export", "/api/admin/journal"] {
        assert_eq!(of("GET", route, route), Target::OneServer);
    }
    assert_eq!(of("GET", "/api/admin/snapshots/{number}", "/api/admin/snapshots/3"), Target::OneServer);
    assert_eq!(of("POST", "/s/{token}/opt-out", "/s/abc/opt-out"), Target::Link("abc".into()));
}

#[test]
fn every_route_of_the_document_goes_where_its_failures_say() {
    let document: Value = serde_json::from_str(openapi::text()).unwrap();
    let (mut moving, mut alone) = (0, 0);
    for (route, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let address = route.replace("{workspaceId}", ID).replace("{conversationId}", ID).replace("{accountId}", ID);
            let address = address.replace(['{', '}'], "");
            let names = |code: &str| operation["responses"].to_string().contains(&format!("/{code}\""));
            match of(&method.to_uppercase(), route, &address) {
                Target::Workspace(_) | Target::Anywhere(_) | Target::Link(_) => {
                    moving += 1;
                    assert!(names("partition_moving") && !names("clustered"), "{method} {route}");
                }
                Target::OneServer => {
                    alone += 1;
                    assert!(names("clustered"), "{method} {route}");
                }
                Target::Node => assert!(!names("clustered"), "{method} {route}"),
            }
        }
    }
    assert!(moving > 40 && alone > 5, "{moving} and {alone}");
}
