-- The database itself is the witness: triggers count versions and note who wrote what, so the journal
-- holds exactly what was committed, however it was written and whatever became of the writer.
--
-- A register is one thing that has versions: item:<id> is a row, tags:<id> its many-to-many rows.
-- bench.attempt names the transaction; its writer sets it first.
CREATE TABLE IF NOT EXISTS register (
    name text PRIMARY KEY,
    version bigint NOT NULL
) WITH (fillfactor = 30);

CREATE TABLE IF NOT EXISTS journal (
    id bigserial PRIMARY KEY,
    attempt text NOT NULL,
    register text NOT NULL,
    version bigint NOT NULL,
    value text                       -- null: the row is gone, or no tag is set
);

-- The register's row stays locked until the transaction ends: versions are in the order of commits.
CREATE OR REPLACE FUNCTION next_version(which text) RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO register AS r VALUES (which, 1)
        ON CONFLICT (name) DO UPDATE SET version = r.version + 1
        RETURNING version
$$;

CREATE OR REPLACE FUNCTION note(which text, number bigint, content text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO journal (attempt, register, version, value)
        VALUES (current_setting('bench.attempt'), which, number, content)
$$;

CREATE OR REPLACE FUNCTION item_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM note('item:' || OLD.id, next_version('item:' || OLD.id), NULL);
        RETURN OLD;
    END IF;
    NEW.version := next_version('item:' || NEW.id);
    PERFORM note('item:' || NEW.id, NEW.version, NEW.nonce);
    RETURN NEW;
END $$;

-- Two writers may each add a tag: the value is what is there once the register is ours.
CREATE OR REPLACE FUNCTION tags_written() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    item bigint := CASE TG_OP WHEN 'DELETE' THEN OLD.item_id ELSE NEW.item_id END;
    number bigint := next_version('tags:' || item);
BEGIN
    PERFORM note('tags:' || item, number, (
        SELECT string_agg(tag_id::text, ',' ORDER BY tag_id) FROM ledger_item_tags WHERE item_id = item
    ));
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER item_written BEFORE INSERT OR UPDATE OR DELETE ON ledger_item
    FOR EACH ROW EXECUTE FUNCTION item_written();
CREATE OR REPLACE TRIGGER tags_written AFTER INSERT OR DELETE ON ledger_item_tags
    FOR EACH ROW EXECUTE FUNCTION tags_written();
