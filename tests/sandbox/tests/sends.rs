//! What goes out, and what waits for the owner.

mod common;

use common::{Owner, World, code_of, object};
use serde_json::{Value, json};
use toolgate_sandbox::Settings;
use toolgate_sandbox::backend::arguments_digest;
use toolgate_sandbox::portal::Decision;

fn message(world: &World, owner: &Owner) -> Value {
    let contact = world.contact(owner, "cleo");
    json!({"contactId": contact["id"], "channel": "email", "body": "Your tea is ready"})
}

fn ask(world: &World, owner: &Owner, payload: &Value) -> Value {
    let arguments = json!({
        "actionType": "send_message", "summary": "One email to Cleo", "payload": payload,
    });
    world.call(owner, "request_send_approval", arguments).unwrap()
}

#[test]
fn a_direct_send_goes_out() {
    let world = World::new();
    let ann = world.owner("ann@example.com");
    let payload = message(&world, &ann);
    let sent = world.call(&ann, "send_message", payload).unwrap();
    assert_eq!(sent["status"], "sent");
    let mail = world.mails().pop().unwrap();
    assert_eq!(mail.to, "cleo@customers.example");
    assert_eq!(mail.body, "Your tea is ready");
}

#[test]
fn a_draft_stays_here() {
    let world = World::new();
    let ann = world.owner("ann@example.com");
    let payload = message(&world, &ann);
    let before = world.mails().len();
    let draft = world.call(&ann, "draft_message", payload).unwrap();
    assert_eq!(draft["status"], "draft");
    assert_eq!(world.mails().len(), before);
}

#[test]
fn strict_sends_are_refused_but_an_approved_one_goes_out() {
    let world = World::with(Settings { strict_sends: true, ..Settings::default() });
    let ann = world.owner("ann@example.com");
    let payload = message(&world, &ann);
    let error = world.call(&ann, "send_message", payload.clone()).unwrap_err();
    assert_eq!(error.code.as_str(), "approval_required");
    let approval = ask(&world, &ann, &payload);
    let id = approval["approvalId"].as_str().unwrap();
    let decided = world.backend.decide(id, Decision::Approve, world.now.get()).unwrap();
    assert_eq!(decided["status"], "completed");
    assert_eq!(world.mails().last().unwrap().body, "Your tea is ready");
}

#[test]
fn nothing_is_sent_before_the_owner_agrees_and_then_once() {
    let world = World::new();
    let ann = world.owner("ann@example.com");
    let payload = message(&world, &ann);
    let before = world.mails().len();
    let approval = ask(&world, &ann, &payload);
    assert_eq!(approval["status"], "pending");
    let id = approval["approvalId"].as_str().unwrap();
    let org = &ann.caller.organisation;
    let now = world.now.get();
    assert_eq!(world.backend.approvals(org, now).unwrap().len(), 1);
    assert_eq!(world.mails().len(), before);

    world.backend.decide(id, Decision::Approve, now).unwrap();
    let again = world.backend.decide(id, Decision::Approve, now);
    assert_eq!(code_of(again), "conflict");
    assert_eq!(world.mails().len(), before + 1);
    let arguments = json!({"approvalId": id});
    let approval = world.call(&ann, "get_send_approval", arguments).unwrap();
    assert_eq!(approval["status"], "completed");
    let done = json!({"status": "completed"});
    let list = world.call(&ann, "list_send_approvals", done).unwrap();
    assert_eq!(list["total"], 1);
}

#[test]
fn a_denied_or_withdrawn_send_stays_here() {
    let world = World::new();
    let ann = world.owner("ann@example.com");
    let payload = message(&world, &ann);
    let before = world.mails().len();
    let now = world.now.get();
    let denied = ask(&world, &ann, &payload);
    let id = denied["approvalId"].as_str().unwrap();
    let denied = world.backend.decide(id, Decision::Deny, now).unwrap();
    assert_eq!(denied["status"], "denied");
    let withdrawn = ask(&world, &ann, &payload);
    let arguments = json!({"approvalId": withdrawn["approvalId"]});
    world.call(&ann, "cancel_send_approval", arguments).unwrap();
    let id = withdrawn["approvalId"].as_str().unwrap();
    let late = world.backend.decide(id, Decision::Approve, now);
    assert_eq!(code_of(late), "conflict");
    assert_eq!(world.mails().len(), before);
}

#[test]
fn a_payload_is_checked_when_it_is_asked_for() {
    let world = World::new();
    let ann = world.owner("ann@example.com");
    let arguments = json!({
        "actionType": "send_message", "summary": "x", "payload": {"channel": "pigeon"},
    });
    let error = world.call(&ann, "request_send_approval", arguments).unwrap_err();
    assert_eq!(error.details["field"], "payload.contactId");
}

#[test]
fn a_send_that_cannot_be_carried_out_fails_and_says_why() {
    let world = World::new();
    let ann = world.owner("ann@example.com");
    let arguments = json!({"name": "No Address"});
    let contact = world.call(&ann, "create_contact", arguments).unwrap();
    let payload = json!({"contactId": contact["id"], "channel": "email", "body": "x"});
    let approval = ask(&world, &ann, &payload);
    let id = approval["approvalId"].as_str().unwrap();
    let now = world.now.get();
    let decided = world.backend.decide(id, Decision::Approve, now).unwrap();
    assert_eq!(decided["status"], "failed");
    assert!(decided["failure"].as_str().unwrap().contains("no email address"));
}

#[test]
fn a_campaign_reaches_its_segment_once() {
    let world = World::new();
    let ann = world.owner("ann@example.com");
    let tag = world.call(&ann, "create_tag", json!({"name": "vip"})).unwrap();
    for name in ["a", "b", "c", "d", "e"] {
        let contact = world.contact(&ann, name);
        if name != "e" {
            let arguments = json!({"contactId": contact["id"], "tagIds": [tag["id"]]});
            world.call(&ann, "attach_tags", arguments).unwrap();
        }
    }
    let arguments = json!({"name": "VIPs", "tagIds": [tag["id"]]});
    let segment = world.call(&ann, "create_segment", arguments).unwrap();
    let arguments = json!({
        "name": "Spring", "channel": "email", "segmentId": segment["id"], "body": "Dear {{name}}",
    });
    let campaign = world.call(&ann, "create_campaign", arguments).unwrap();
    let id = json!({"id": campaign["id"]});
    let preview = world.call(&ann, "preview_campaign", id.clone()).unwrap();
    assert_eq!(preview["recipientCount"], 4);
    assert_eq!(preview["rows"].as_array().unwrap().len(), 3);
    let before = world.mails().len();
    world.call(&ann, "send_campaign", id.clone()).unwrap();
    assert_eq!(world.mails().len(), before + 4);
    assert_eq!(world.mails().last().unwrap().body, "Dear d");
    assert_eq!(code_of(world.call(&ann, "send_campaign", id)), "conflict");
}

#[test]
fn the_log_counts_what_ran_and_keeps_no_arguments() {
    let world = World::new();
    let ann = world.owner("ann@example.com");
    let payload = message(&world, &ann);
    world.call(&ann, "send_message", payload.clone()).unwrap();
    world.anyone("list_contacts", json!({})).unwrap_err();
    let log = world.backend.call_log().unwrap();
    let sent = &log[log.len() - 2];
    assert_eq!(sent["tool"], "send_message");
    assert_eq!(sent["executed"], true);
    assert_eq!(sent["organisationId"], json!(ann.caller.organisation));
    assert_eq!(sent["argumentsSha256"], arguments_digest(&object(payload)));
    let refused = &log[log.len() - 1];
    assert_eq!(refused["executed"], false);
    assert_eq!(refused["outcome"], "unauthorized");
    let text = json!(log).to_string();
    assert!(!text.contains("tea is ready") && !text.contains(&ann.key));
}
