//! Registering, joining, and what goes wrong with codes and keys.

mod common;

use common::{World, code_of};
use serde_json::json;

#[test]
fn a_code_from_the_email_gives_a_key_that_works() {
    let world = World::new();
    let request = world.request("Ann@Example.com").unwrap();
    assert!(request["requestId"].as_str().unwrap().starts_with("signup_req_"));
    assert_eq!(request["maskedEmail"], "an*@example.com");
    assert_eq!(request["serverTime"], "2026-11-16T01:00:00Z");
    assert_eq!(request["expiresAt"], "2026-11-16T01:10:00Z");

    let mails = world.mails();
    assert_eq!(mails[0].to, "ann@example.com");
    let welcome = world.verify(&request, &world.code()).unwrap();
    for (field, prefix) in
        [("organisationId", "org_"), ("companyId", "co_"), ("userId", "usr_"), ("apiKey", "fav_mcp_")]
    {
        assert!(welcome[field].as_str().unwrap().starts_with(prefix), "{field}");
    }
    assert_eq!(welcome["apiKey"].as_str().unwrap().len(), 8 + 32);

    let ann = world.sign_in(&welcome);
    let companies = world.call(&ann, "list_my_companies", json!({})).unwrap();
    assert_eq!(companies["items"][0]["organisationId"], welcome["organisationId"]);
    assert_eq!(companies["items"][0]["role"], "owner");
    for list in ["list_contacts", "list_bookings"] {
        assert_eq!(world.call(&ann, list, json!({})).unwrap(), json!({"items": [], "total": 0}));
    }
    assert_eq!(world.call(&ann, "list_services", json!({})).unwrap()["total"], 3);
}

#[test]
fn a_code_works_once_and_not_too_late() {
    let world = World::new();
    let request = world.request("a@example.com").unwrap();
    let code = world.code();
    world.wait(600);
    assert_eq!(code_of(world.verify(&request, &code)), "code_expired");

    let request = world.request("a@example.com").unwrap();
    let code = world.code();
    world.wait(599);
    world.verify(&request, &code).unwrap();
    assert_eq!(code_of(world.verify(&request, &code)), "request_already_used");
    let nothing = json!({"requestId": "signup_req_none"});
    assert_eq!(code_of(world.verify(&nothing, &code)), "unknown_request");
}

#[test]
fn wrong_codes_are_counted_and_the_fifth_kills_the_request() {
    let world = World::new();
    let request = world.request("a@example.com").unwrap();
    let code = world.code();
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for remaining in [4, 3, 2, 1] {
        let error = world.verify(&request, wrong).unwrap_err();
        assert_eq!(error.code.as_str(), "wrong_code");
        assert_eq!(error.details["attemptsRemaining"], remaining);
    }
    assert_eq!(code_of(world.verify(&request, wrong)), "too_many_attempts");
    assert_eq!(code_of(world.verify(&request, &code)), "too_many_attempts");
}

#[test]
fn an_address_may_ask_three_times_an_hour_and_twenty_times_a_day() {
    let world = World::new();
    for _ in 0..3 {
        world.request("a@example.com").unwrap();
        world.wait(60);
    }
    let error = world.request("A@example.com").unwrap_err();
    assert_eq!(error.code.as_str(), "rate_limited");
    // The first of the three grows old an hour after it was made, three minutes ago.
    assert_eq!(error.details["retryAfter"], 3600 - 180);
    assert_eq!(error.details["retryAt"], "2026-11-16T02:00:00Z");
    world.request("b@example.com").unwrap();
    world.wait(3600 - 180);
    world.request("a@example.com").unwrap();
    for _ in 0..16 {
        world.wait(1200);
        world.request("a@example.com").unwrap();
    }
    world.wait(1200);
    let error = world.request("a@example.com").unwrap_err();
    assert_eq!(error.code.as_str(), "rate_limited");
    assert_eq!(error.details["retryAt"], "2026-11-17T01:00:00Z");
}

#[test]
fn a_known_address_is_sent_to_the_portal() {
    let world = World::new();
    let first = world.request("a@example.com").unwrap();
    let first_code = world.code();
    world.owner("a@example.com");
    let error = world.request("a@example.com").unwrap_err();
    assert_eq!(error.code.as_str(), "existing_account");
    assert!(error.details["loginUrl"].is_string());
    assert_eq!(code_of(world.verify(&first, &first_code)), "existing_account");
}

#[test]
fn wrong_input_names_the_field() {
    let world = World::new();
    for (arguments, field) in [
        (json!({"organisationName": "Tea"}), "email"),
        (json!({"email": "no address", "organisationName": "Tea"}), "email"),
        (json!({"email": "a@example.com", "organisationName": "T"}), "organisationName"),
        (json!({"email": "a@example.com", "organisationName": "Tea", "country": "hk"}), "country"),
        (json!({"email": "a@example.com", "organisationName": "Tea", "timezone": "Mars"}), "timezone"),
        (json!({"email": "a@example.com", "organisationName": "Tea", "industry": "war"}), "industry"),
        (json!({"email": "a@example.com", "organisationName": "Tea", "extra": 1}), "extra"),
    ] {
        let error = world.anyone("register_organisation_request", arguments).unwrap_err();
        assert_eq!(error.code.as_str(), "invalid_input");
        assert_eq!(error.details["field"], field);
    }
    assert!(world.mails().is_empty());
}

#[test]
fn an_invited_person_joins_with_the_token_and_a_code() {
    let world = World::new();
    let ann = world.owner("ann@example.com");
    let arguments = json!({"email": "bob@example.com"});
    let invite = world.call(&ann, "create_team_member_invite", arguments).unwrap();
    assert_eq!(invite["role"], "staff");
    let token = invite["token"].as_str().unwrap();
    assert!(world.mails().last().unwrap().body.contains(token));

    let asked = world.anyone("accept_team_invite_request", json!({"token": token})).unwrap();
    assert_eq!(asked["maskedEmail"], "bo*@example.com");
    let arguments = json!({"token": token, "code": world.code(), "name": "Bob"});
    let welcome = world.anyone("accept_team_invite_verify", arguments.clone()).unwrap();
    let bob = world.sign_in(&welcome);
    assert_eq!(bob.caller.organisation, ann.caller.organisation);
    let again = world.anyone("accept_team_invite_verify", arguments);
    assert_eq!(code_of(again), "request_already_used");

    let arguments = json!({"email": "cleo@example.com"});
    let refused = world.call(&bob, "create_team_member_invite", arguments);
    assert_eq!(code_of(refused), "forbidden");
    let arguments = json!({"userId": bob.caller.user});
    world.call(&ann, "delete_team_member", arguments).unwrap();
    assert_eq!(world.backend.authenticate(&bob.key).unwrap(), None);
}

#[test]
fn a_cancelled_invite_is_unknown() {
    let world = World::new();
    let ann = world.owner("ann@example.com");
    let arguments = json!({"email": "bob@example.com", "role": "manager"});
    let invite = world.call(&ann, "create_team_member_invite", arguments).unwrap();
    let arguments = json!({"inviteId": invite["inviteId"]});
    world.call(&ann, "cancel_team_invite", arguments).unwrap();
    let asked = world.anyone("accept_team_invite_request", json!({"token": invite["token"]}));
    assert_eq!(code_of(asked), "unknown_request");
}

#[test]
fn a_revoked_key_is_nobodys() {
    let world = World::new();
    let ann = world.owner("ann@example.com");
    assert_eq!(world.backend.authenticate("fav_mcp_wrong").unwrap(), None);
    world.backend.revoke_key(&ann.key, world.now.get()).unwrap();
    assert_eq!(world.backend.authenticate(&ann.key).unwrap(), None);

    let org = &ann.caller.organisation;
    let made = world.backend.create_key(org, "ann@example.com", "New", world.now.get()).unwrap();
    let key = made["apiKey"].as_str().unwrap();
    assert!(world.backend.authenticate(key).unwrap().is_some());
    let listed = world.backend.keys(org).unwrap();
    assert_eq!(listed.len(), 2);
    assert!(!json!(listed).to_string().contains(&key[8..]));
}

#[test]
fn the_same_seed_gives_the_same_codes_and_keys() {
    let keys: Vec<_> = (0..2).map(|_| World::new().owner("ann@example.com").key).collect();
    assert_eq!(keys[0], keys[1]);
}
