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
CREATE OR REPLACE FUNCTION advance(which text, content text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    number bigint;
BEGIN
    INSERT INTO register AS r VALUES (which, 1)
        ON CONFLICT (name) DO UPDATE SET version = r.version + 1
        RETURNING version INTO number;
    INSERT INTO journal (attempt, register, version, value)
        VALUES (current_setting('bench.attempt'), which, number, content);
    RETURN number;
END $$;

CREATE OR REPLACE FUNCTION item_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM advance('item:' || OLD.id, NULL);
        RETURN OLD;
    END IF;
    NEW.version := advance('item:' || NEW.id, NEW.nonce);
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION tags_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM advance('tags:' || OLD.item_id, NULL);
        RETURN OLD;
    END IF;
    PERFORM advance('tags:' || NEW.item_id, NEW.tag_id::text);
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER item_written BEFORE INSERT OR UPDATE OR DELETE ON ledger_item
    FOR EACH ROW EXECUTE FUNCTION item_written();
CREATE OR REPLACE TRIGGER tags_written BEFORE INSERT OR DELETE ON ledger_item_tags
    FOR EACH ROW EXECUTE FUNCTION tags_written();
