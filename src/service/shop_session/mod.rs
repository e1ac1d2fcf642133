//! Sessions of EverShop, in its table `session` of an adopted database.

pub(in crate::service) mod create;
pub(in crate::service) mod end;
pub(in crate::service) mod find;
