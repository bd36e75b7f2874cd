-- Triggers count versions and record each write with its attempt. So the journal contains exactly what was
-- committed, in whatever way it was written, even if the writer was killed.
--
-- A register is a part of the database that has versions: item:<id> and owner:<id> are rows, tags:<id> are
-- the item's many-to-many rows, members:<id> are the items of the owner in their order.
-- bench.attempt identifies the transaction; its writer sets it first.
CREATE TABLE IF NOT EXISTS register (
    name text PRIMARY KEY,
    version bigint NOT NULL
) WITH (fillfactor = 30);

CREATE TABLE IF NOT EXISTS journal (
    id bigserial PRIMARY KEY,
    attempt text NOT NULL,
    register text NOT NULL,
    version bigint NOT NULL,
    value text                       -- null: the row is deleted, or the item has no tag
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

-- Two writers may each add a tag, so the value is read after the register is locked.
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

CREATE OR REPLACE FUNCTION owner_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM note('owner:' || NEW.id, next_version('owner:' || NEW.id), NEW.nonce);
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION note_members(owner bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    number bigint := next_version('members:' || owner);
BEGIN
    PERFORM note('members:' || owner, number, (
        SELECT string_agg(id::text, ',' ORDER BY position, id) FROM ledger_item WHERE owner_id = owner
    ));
END $$;

CREATE OR REPLACE FUNCTION members_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM note_members(OLD.owner_id);
    END IF;
    IF TG_OP <> 'DELETE' AND (TG_OP = 'INSERT' OR NEW.owner_id <> OLD.owner_id) THEN
        PERFORM note_members(NEW.owner_id);
    END IF;
    RETURN NULL;
END $$;

-- Two ways in which the database of an application writes by itself.
CREATE OR REPLACE FUNCTION write_item(which bigint, who text) RETURNS integer LANGUAGE sql AS $$
    UPDATE ledger_item SET nonce = who WHERE id = which RETURNING 1
$$;

CREATE OR REPLACE FUNCTION carry_out() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_sleep(0.01 * random());
    UPDATE ledger_item SET nonce = NEW.nonce WHERE id = NEW.item_id;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER owner_written AFTER INSERT OR UPDATE ON ledger_owner
    FOR EACH ROW EXECUTE FUNCTION owner_written();
CREATE OR REPLACE TRIGGER members_changed AFTER INSERT OR DELETE OR UPDATE OF owner_id, position ON ledger_item
    FOR EACH ROW EXECUTE FUNCTION members_changed();
CREATE CONSTRAINT TRIGGER carried_out AFTER INSERT ON ledger_order DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION carry_out();
CREATE OR REPLACE TRIGGER item_written BEFORE INSERT OR UPDATE OR DELETE ON ledger_item
    FOR EACH ROW EXECUTE FUNCTION item_written();
CREATE OR REPLACE TRIGGER tags_written AFTER INSERT OR DELETE ON ledger_item_tags
    FOR EACH ROW EXECUTE FUNCTION tags_written();
