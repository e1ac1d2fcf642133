-- The queue of the shop's changes, and what the guards share.

CREATE TABLE IF NOT EXISTS shop_change (
  shop_change_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  changed_at timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
  source_table varchar NOT NULL,
  operation varchar NOT NULL,
  row_uuid uuid NOT NULL,
  customer_id integer,
  "before" jsonb,
  "after" jsonb,
  new_password boolean NOT NULL DEFAULT false,
  ended_sessions bigint NOT NULL DEFAULT 0,
  failed_at timestamptz
);

CREATE INDEX IF NOT EXISTS shop_change_customer_id_idx ON shop_change (customer_id);

-- The key of an e-mail address of plain ASCII letters, digits and punctuation whose domain has no A-label. NULL for any
-- other text: the program computes its key. For the addresses with a key, the program computes the same.
CREATE OR REPLACE FUNCTION patron_plain_email_key(email text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $guard$
  SELECT CASE WHEN octet_length(email) <= 254
    AND (email COLLATE "C") ~ '^[A-Za-z0-9!#$%&''*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&''*+/=?^_`{|}~-]+)*@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?$'
    AND (email COLLATE "C") !~ '[@.]..--'
    AND (email COLLATE "C") !~ '[^@]{65}@|@.*[^.]{64}'
    THEN lower(email COLLATE "C")
  END
$guard$;

-- Whether a new address is another spelling of the same mailbox. An address without a plain key is taken for another one.
CREATE OR REPLACE FUNCTION patron_guard_same_mailbox(old_email text, old_key text, new_email text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $guard$
  SELECT old_email COLLATE "C" = new_email COLLATE "C" OR coalesce(
    patron_plain_email_key(new_email) COLLATE "C" = coalesce(old_key, patron_plain_email_key(old_email)) COLLATE "C", false)
$guard$;

-- The current time in milliseconds, which is the precision of the program.
CREATE OR REPLACE FUNCTION patron_guard_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS $guard$
  SELECT date_trunc('milliseconds', clock_timestamp())
$guard$;

-- The current time, or a millisecond after an earlier change. A time that a fast clock wrote is ignored.
CREATE OR REPLACE FUNCTION patron_guard_after(earlier timestamptz) RETURNS timestamptz LANGUAGE sql VOLATILE AS $guard$
  SELECT CASE
    WHEN earlier > clock_timestamp() + interval '5 minutes' THEN patron_guard_now()
    ELSE greatest(patron_guard_now(), earlier + interval '1 millisecond')
  END
$guard$;

-- The current time, rounded up to a second: tokens of the shop state when they were issued in seconds.
CREATE OR REPLACE FUNCTION patron_guard_next_second(earlier timestamptz) RETURNS timestamptz
LANGUAGE sql VOLATILE AS $guard$
  SELECT greatest(to_timestamp(ceil(extract(epoch FROM clock_timestamp()))), earlier)
$guard$;

-- A time that the program can read: not infinite, in the years 1 to 9999.
CREATE OR REPLACE FUNCTION patron_guard_time(given timestamptz, otherwise timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE AS $guard$
  SELECT CASE WHEN given >= '0001-01-01 00:00:00+00' AND given < '10000-01-01 00:00:00+00' THEN given ELSE otherwise END
$guard$;
