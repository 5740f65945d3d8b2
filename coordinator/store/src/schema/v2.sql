-- Events know their node, and are found by node and by kind without reading
-- years of others. The name is text and not an id: events also tell of names
-- that nobody was ever enrolled under.
ALTER TABLE event ADD COLUMN node TEXT;

UPDATE event SET node = payload ->> '$.node' WHERE json_type(payload, '$.node') = 'text';

CREATE INDEX event_node ON event (node, id) WHERE node IS NOT NULL;
CREATE INDEX event_kind ON event (kind, id);
