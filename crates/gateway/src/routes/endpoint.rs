//! One line of the table: how a thing is asked for, by whom, and what is told of it.

use crate::App;
use crate::token::Role;
use axum::routing::MethodRouter;
use schemars::{JsonSchema, Schema, SchemaGenerator};

/// One thing that can be asked for.
pub struct Endpoint {
    /// How it is asked for.
    pub method: &'static str,
    /// Its path; what stands in braces is a parameter.
    pub path: &'static str,
    /// Who may ask: nobody needs a role for `None`.
    pub role: Option<Role>,
    /// What it does; nothing where it is of the page alone.
    pub(crate) about: String,
    /// The form of its body.
    pub(crate) body: Option<Form>,
    /// The form of what stands behind the question mark.
    pub(crate) query: Vec<Form>,
    /// The status of its answer.
    pub(crate) status: u16,
    /// The form of its answer, as a media type; empty for none.
    pub(crate) gives: &'static str,
    /// Other forms that it gives if it is asked to.
    pub(crate) or: &'static [&'static str],
    /// Whether its errors are problems, as clients of agentapi read them.
    pub(crate) problems: bool,
    pub(super) handler: MethodRouter<App>,
}

/// Describes a type as a JSON schema.
pub(crate) type Form = fn(&mut SchemaGenerator) -> Schema;

pub(super) const JSON: &str = "application/json";
pub(super) const BYTES: &str = "application/octet-stream";
pub(super) const TEXT: &str = "text/plain";

impl Endpoint {
    pub(super) fn new(
        method: &'static str,
        path: &'static str,
        role: Option<Role>,
        handler: MethodRouter<App>,
    ) -> Self {
        Self {
            method,
            path,
            role,
            about: String::new(),
            body: None,
            query: Vec::new(),
            status: 200,
            gives: JSON,
            or: &[],
            problems: false,
            handler,
        }
    }

    pub(super) fn about(self, about: impl Into<String>) -> Self {
        Self { about: about.into(), ..self }
    }

    pub(super) fn body<T: JsonSchema>(self) -> Self {
        Self { body: Some(SchemaGenerator::root_schema_for::<T>), ..self }
    }

    pub(super) fn query<T: JsonSchema>(mut self) -> Self {
        self.query.push(SchemaGenerator::root_schema_for::<T>);
        self
    }

    pub(super) fn gives(self, status: u16, gives: &'static str) -> Self {
        Self { status, gives, ..self }
    }

    pub(super) fn or(self, or: &'static [&'static str]) -> Self {
        Self { or, ..self }
    }
}

/// A terminal's size.
#[derive(JsonSchema)]
#[schemars(rename = "Size")]
#[expect(dead_code, reason = "stands for a type of a crate that knows no schemas")]
pub(crate) struct SizeForm {
    /// Columns.
    #[schemars(range(min = 1))]
    cols: u16,
    /// Rows.
    #[schemars(range(min = 1))]
    rows: u16,
}
