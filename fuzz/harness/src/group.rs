//! Bodies that make and change groups (`src/service/group.rs`).

use patron::entity::customer_group::{Column, Entity, Model};
use sea_orm::{EntityTrait, QueryOrder};

use crate::World;
use crate::text::{is_fine, is_line};

/// A body is refused and makes nothing, or makes a group of that name; the same body then changes nothing of it, and
/// no other group may have the name.
///
/// # Panics
/// When a property does not hold.
pub fn check(world: &World, input: &[u8]) {
    let before = rows(world);
    let answer = world.send("POST", "/api/customer-groups", input);
    let Some(data) = answer.data() else {
        assert_eq!(rows(world), before, "a body that was refused made a group");
        let given = crate::object(input).unwrap_or_default();
        let name = given.get("group_name").filter(|_| !answer.wrong_fields().is_empty());
        assert!(!is_fine(name, 255), "a good name was refused: {:?}", answer.body());
        return;
    };
    let mut after = rows(world);
    let row = after.pop().expect("a group");
    assert_eq!(after, before, "another group changed");
    assert!(is_line(&row.group_name, 255), "{:?}", row.group_name);
    let given = crate::object(input).expect("no other body is accepted");
    assert_eq!(given.get("group_name").and_then(|name| name.as_str()), Some(row.group_name.as_str()));
    assert_eq!(data["group_name"], row.group_name.as_str(), "the answer");

    assert!(world.send("POST", "/api/customer-groups", input).data().is_none(), "a name was given twice");
    let own = format!("/api/customer-groups/{}", row.uuid);
    world.send("PATCH", &own, input).accepted();
    assert_eq!(rows(world).pop(), Some(row), "the second time changed something");
    world.send("DELETE", &own, b"").accepted();
    assert_eq!(rows(world), before, "it is still there");
}

fn rows(world: &World) -> Vec<Model> {
    let select = Entity::find().order_by_asc(Column::CustomerGroupId);
    world.run(select.all(world.app().db.reader())).expect("the database answers")
}
