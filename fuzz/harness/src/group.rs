//! Bodies that create and change groups (`src/service/group.rs`).

use patron::entity::customer_group::{Column, Entity, Model};
use sea_orm::{EntityTrait, QueryOrder};

use crate::World;
use crate::text::{is_line, is_valid_name};

/// A body is refused and creates nothing, or creates a group with its name. The same body then changes nothing, and no
/// second group can have the name.
///
/// # Panics
/// If a property does not hold.
pub fn check(world: &World, input: &[u8]) {
    let before = rows(world);
    let response = world.send("POST", "/api/customer-groups", input);
    let Some(data) = response.data() else {
        assert_eq!(rows(world), before, "a refused body created a group");
        let fields = crate::object(input).unwrap_or_default();
        let name = fields.get("group_name").filter(|_| !response.invalid_fields().is_empty());
        assert!(!is_valid_name(name, 255), "a valid name was refused: {:?}", response.body());
        return;
    };
    let mut after = rows(world);
    let row = after.pop().expect("a group");
    assert_eq!(after, before, "another group changed");
    assert!(is_line(&row.group_name, 255), "{:?}", row.group_name);
    let fields = crate::object(input).expect("only objects are accepted");
    assert_eq!(fields.get("group_name").and_then(|name| name.as_str()), Some(row.group_name.as_str()));
    assert_eq!(data["group_name"], row.group_name.as_str(), "the response");

    assert!(world.send("POST", "/api/customer-groups", input).data().is_none(), "two groups with one name");
    let path = format!("/api/customer-groups/{}", row.uuid);
    world.send("PATCH", &path, input).accepted();
    assert_eq!(rows(world).pop(), Some(row), "the second time changed something");
    world.send("DELETE", &path, b"").accepted();
    assert_eq!(rows(world), before, "the group was not deleted");
}

fn rows(world: &World) -> Vec<Model> {
    let select = Entity::find().order_by_asc(Column::CustomerGroupId);
    world.run(select.all(world.app().db.reader())).expect("the database responds")
}
