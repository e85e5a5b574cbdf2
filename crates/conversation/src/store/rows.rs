//! Values out of rows, and contents put together again.

use protocol::{Entry, Offset, Place, Time, Usage};
use rusqlite::Row;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub(super) fn count(row: &Row, column: usize) -> rusqlite::Result<u64> {
    Ok(row.get::<_, i64>(column)? as u64)
}

/// What a request took, in five columns from this one on.
pub(super) fn usage(row: &Row, column: usize) -> rusqlite::Result<Usage> {
    Ok(Usage {
        input: count(row, column)?,
        output: count(row, column + 1)?,
        cache_read: count(row, column + 2)?,
        cache_write: count(row, column + 3)?,
        cache_write_hour: count(row, column + 4)?,
    })
}

pub(super) fn time(row: &Row, column: usize) -> rusqlite::Result<Option<Time>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(|time| Time(time as u64)))
}

pub(super) fn place(row: &Row, column: usize) -> rusqlite::Result<Option<Place>> {
    let session: Option<String> = row.get(column)?;
    let Some(session) = session.and_then(|session| session.parse().ok()) else { return Ok(None) };
    let offset = Offset(row.get::<_, i64>(column + 1)? as u64);
    Ok(Some(Place { session, offset }))
}

pub(super) fn entry(row: &Row) -> rusqlite::Result<Entry> {
    let kind: String = row.get(5)?;
    let text: String = row.get(6)?;
    let rest: String = row.get(7)?;
    Ok(Entry {
        id: row.get(0)?,
        conversation: row.get(1)?,
        agent: row.get(2)?,
        time: Time(row.get::<_, i64>(3)? as u64),
        role: of_word(row.get(4)?, 4)?,
        content: join(kind, text, &rest)?,
        model: row.get(8)?,
        request: row.get(9)?,
        source: of_word(row.get(10)?, 10)?,
        place: place(row, 11)?,
    })
}

/// Puts a content together again, as it was before it was stored.
fn join(kind: String, text: String, rest: &str) -> rusqlite::Result<protocol::Content> {
    let mut fields: Map<String, Value> = serde_json::from_str(rest).unwrap_or_default();
    fields.insert("kind".to_owned(), kind.into());
    fields.entry("text").or_insert(text.into());
    for (name, empty) in
        [("call", Value::from("")), ("name", "".into()), ("input", Value::Null), ("record", Value::Null)]
    {
        // Where what is beside the text was too much to be stored.
        fields.entry(name).or_insert(empty);
    }
    of_value(Value::Object(fields), 7)
}

fn of_word<T: DeserializeOwned>(word: String, column: usize) -> rusqlite::Result<T> {
    of_value(Value::String(word), column)
}

fn of_value<T: DeserializeOwned>(value: Value, column: usize) -> rusqlite::Result<T> {
    serde_json::from_value(value).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
    })
}
