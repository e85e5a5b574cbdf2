//! The description of the HTTP interface, made from the table of endpoints: what is not in the table is not described, and
//! what is described is in the table.

use crate::routes::{Endpoint, endpoints};
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// The OpenAPI 3.1 document as JSON. It is made once: that takes some milliseconds, and all other requests would wait for them.
pub(crate) static TEXT: LazyLock<String> = LazyLock::new(|| document().to_string());

fn document() -> Value {
    let mut schemas = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    schemas.inline_subschemas = true;
    let mut schemas = schemas.into_generator();
    let mut paths = Map::new();
    for endpoint in endpoints().iter().filter(|endpoint| !endpoint.about.is_empty()) {
        let path = paths.entry(endpoint.path).or_insert_with(|| json!({}));
        path[endpoint.method.to_ascii_lowercase()] = operation(endpoint, &mut schemas);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Centerfire",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Sessions of terminal programs, recorded to the last byte and shared live. \
                docs/websocket.md describes the WebSockets.",
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": "Of `centerfire token create`" },
            },
            "schemas": { "Error": error_schema() },
        },
    })
}

fn operation(endpoint: &Endpoint, schemas: &mut SchemaGenerator) -> Value {
    let mut parameters = path_parameters(endpoint.path);
    for query in &endpoint.query {
        parameters.extend(query_parameters(&query(schemas).to_value()));
    }
    let mut operation = json!({
        "operationId": operation_id(endpoint),
        "summary": endpoint.about,
        "parameters": parameters,
        "responses": {
            endpoint.status.to_string(): answer(endpoint),
            "4XX": error(endpoint, "What was asked for cannot be done; `code` says why"),
            "5XX": error(endpoint, "The server or the session's host failed"),
        },
    });
    if let Some(role) = endpoint.role {
        operation["security"] = json!([{ "token": [] }]);
        operation["description"] = json!(format!("Needs the role `{role}`."));
    } else {
        operation["security"] = json!([]);
    }
    if let Some(body) = endpoint.body {
        let mut schema = body(schemas).to_value();
        // One that is an option may be left out; `null` is no object.
        let required = match schema["type"].as_array().map(|types| types.contains(&json!("null"))) {
            Some(true) => {
                schema["type"] = json!("object");
                false
            }
            _ => true,
        };
        operation["requestBody"] =
            json!({ "required": required, "content": { "application/json": { "schema": schema } } });
    }
    operation
}

fn answer(endpoint: &Endpoint) -> Value {
    if endpoint.status == 501 {
        return error(endpoint, "There is nothing yet that could do it");
    }
    let kinds =
        [endpoint.gives].into_iter().chain(endpoint.or.iter().copied()).filter(|kind| !kind.is_empty());
    let form = |kind| match kind {
        "application/json" => json!({ "schema": { "type": "object" } }),
        _ => json!({}),
    };
    let content: Map<String, Value> = kinds.map(|kind| (kind.to_owned(), form(kind))).collect();
    match content.is_empty() {
        true => json!({ "description": "Done" }),
        false => json!({ "description": "Done", "content": content }),
    }
}

fn error(endpoint: &Endpoint, description: &str) -> Value {
    let (kind, schema) = match endpoint.problems {
        true => ("application/problem+json", json!({ "type": "object" })),
        false => ("application/json", json!({ "$ref": "#/components/schemas/Error" })),
    };
    json!({ "description": description, "content": { kind: { "schema": schema } } })
}

fn error_schema() -> Value {
    json!({
        "type": "object",
        "required": ["error", "code"],
        "properties": {
            "error": { "type": "string", "description": "A sentence for people, with what can be done" },
            "code": { "type": "string", "description": "A word for programs" },
        },
    })
}

fn path_parameters(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names
        .map(|name| {
            let about = match name {
                "session" => "A session's id, the beginning of one, or its name",
                _ => "",
            };
            json!({ "name": name, "in": "path", "required": true, "description": about, "schema": { "type": "string" } })
        })
        .collect()
}

/// Each property of what stands behind the question mark.
fn query_parameters(schema: &Value) -> Vec<Value> {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let properties = schema["properties"].as_object().cloned().unwrap_or_default();
    let parameter = |(name, schema): (String, Value)| {
        let about = schema["description"].as_str().unwrap_or_default().to_owned();
        let needed = required.contains(&json!(name));
        json!({ "name": name, "in": "query", "required": needed, "description": about, "schema": schema })
    };
    properties.into_iter().map(parameter).collect()
}

/// `POST /api/v1/sessions/{session}/kill` is `post_sessions_session_kill`.
fn operation_id(endpoint: &Endpoint) -> String {
    let parts = endpoint.path.split(['/', '{', '}']).filter(|part| !matches!(*part, "" | "api" | "v1"));
    let words: Vec<&str> = parts.collect();
    let id = format!("{}_{}", endpoint.method.to_ascii_lowercase(), words.join("_"));
    // The addresses of the first plans lie beside ours.
    if endpoint.path.starts_with("/api/") && !endpoint.path.starts_with("/api/v1/") {
        format!("{id}_compatible")
    } else {
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_operation_has_a_name_of_its_own_and_says_what_it_does() {
        let document = document();
        let paths = document["paths"].as_object().unwrap();
        let operations: Vec<&Value> =
            paths.values().flat_map(|path| path.as_object().unwrap().values()).collect();
        let names: BTreeSet<&str> =
            operations.iter().map(|operation| operation["operationId"].as_str().unwrap()).collect();
        assert_eq!(names.len(), operations.len());
        let described = endpoints().iter().filter(|endpoint| !endpoint.about.is_empty()).count();
        assert_eq!(operations.len(), described);
        assert!(described > 30, "{described}");
    }

    #[test]
    fn bodies_and_queries_are_described() {
        let document = document();
        let create = &document["paths"]["/api/v1/sessions"]["post"];
        let body = &create["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(body["required"], json!(["command"]));
        assert_eq!(body["additionalProperties"], false);
        let kill = &document["paths"]["/api/v1/sessions/{session}/kill"]["post"]["requestBody"];
        assert_eq!((&create["requestBody"]["required"], &kill["required"]), (&json!(true), &json!(false)));
        let output =
            document["paths"]["/api/v1/sessions/{session}/output"]["get"]["parameters"].as_array().unwrap();
        let names: BTreeSet<_> = output.iter().map(|parameter| parameter["name"].as_str().unwrap()).collect();
        assert_eq!(names, BTreeSet::from(["from", "limit", "raw", "session"]));
    }
}
