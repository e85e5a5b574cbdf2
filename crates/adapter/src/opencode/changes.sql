-- Sessions, messages and parts that were written since a moment, in milliseconds: each with what is needed to read it alone.
-- A sub-agent is a session below another, at most two deep. What is no JSON becomes a text, for the reader to tell of.
WITH
  thread AS (
    SELECT session.id, coalesce(above.parent_id, session.parent_id) AS root
    FROM session LEFT JOIN session AS above ON above.id = session.parent_id
  ),
  change AS (
    SELECT time_updated, 0 AS rank, id, json_object(
        'table', 'session', 'id', id, 'parent', parent_id, 'directory', directory, 'title', title, 'version', version
      ) AS record
    FROM session WHERE time_updated >= ?1
    UNION ALL
    SELECT message.time_updated, 1, message.id, json_object(
        'table', 'message', 'id', message.id, 'session', session_id, 'root', root, 'created', message.time_created,
        'updated', message.time_updated,
        'data', CASE WHEN json_valid(data) THEN json(data) ELSE json_quote(data) END
      )
    FROM message JOIN thread ON thread.id = session_id WHERE message.time_updated >= ?1
    UNION ALL
    SELECT part.time_updated, 2, part.id, json_object(
        'table', 'part', 'id', part.id, 'message', message_id, 'session', part.session_id, 'root', root,
        'created', part.time_created, 'updated', part.time_updated,
        'role', CASE WHEN json_valid(message.data) THEN json_extract(message.data, '$.role') END,
        'mode', CASE WHEN json_valid(message.data) THEN json_extract(message.data, '$.mode') END,
        'model', CASE WHEN json_valid(message.data) THEN json_extract(message.data, '$.modelID') END,
        'data', CASE WHEN json_valid(part.data) THEN json(part.data) ELSE json_quote(part.data) END
      )
    FROM part JOIN message ON message.id = message_id JOIN thread ON thread.id = part.session_id
    WHERE part.time_updated >= ?1
  )
SELECT time_updated, record FROM change ORDER BY time_updated, rank, id
